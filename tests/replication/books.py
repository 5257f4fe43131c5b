"""Small notebooks, made cell by cell."""

import warnings

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from fluvial.replication import RecordedNotebook
from fluvial.replication.notebook_run import NotebookRun, RunCell


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(**data):
    return new_output("display_data", data={key.replace("__", "/"): v for key, v in data.items()})


def result(text, **data):
    bundle = {"text/plain": text} | {key.replace("__", "/"): v for key, v in data.items()}
    return new_output("execute_result", data=bundle, execution_count=1)


def error(name, value):
    return new_output("error", ename=name, evalue=value, traceback=[])


def book(*cells):
    """Make a notebook of (source, outputs) pairs; outputs None stands for a cell never run."""
    made = []
    for count, (source, outputs) in enumerate(cells, 1):
        cell = new_code_cell(source, outputs=outputs or [])
        cell.execution_count = None if outputs is None else count
        made.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=made, metadata={"kernelspec": kernel})


def recorded(notebook, folder=None):
    return RecordedNotebook("book.ipynb", "book.ipynb", notebook, folder, ())


def run_of(*outputs, seconds=0.1):
    """Make a run of which each cell had the given outputs."""
    cells = tuple(RunCell(tuple(made), seconds, "done") for made in outputs)
    return NotebookRun(cells, new_notebook())


def write(notebook, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbformat.write(notebook, path)
    return path
