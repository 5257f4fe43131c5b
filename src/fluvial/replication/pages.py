"""What a cell shows in the pager, such as help: some editors save it as an output of the cell."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fluvial.replication.read import RecordedNotebook

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["page_keeper"]

_DISPLAYS = ("display_data", "execute_result")


def page_keeper(recorded: RecordedNotebook) -> Callable[..., None]:
    """Return what a client calls after each cell, so that it keeps what went to the pager.

    It does so for cells that were recorded with something displayed: JupyterLab saves pages so,
    and Jupyter Notebook does not save them.

    Args:
        recorded: the notebook.
    """
    from nbformat.v4 import new_output

    shown = {
        index
        for index, cell in enumerate(recorded.notebook.cells)
        if any(output["output_type"] in _DISPLAYS for output in cell.get("outputs", ()))
    }

    def keep(cell: "NotebookNode", cell_index: int, execute_reply: Mapping[str, Any]) -> None:
        if cell_index not in shown:
            return
        for page in execute_reply["content"].get("payload") or ():
            if page.get("source") == "page":
                cell.outputs.append(new_output("display_data", data=page["data"]))

    return keep
