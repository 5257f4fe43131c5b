"""What a notebook does to the machine beside computing, said before it is run."""

import re

from fluvial.replication.read import RecordedNotebook

__all__ = ["announcements"]

_INSTALLS = re.compile(
    r"^\s*[!%]\s*(?:sudo\s+)?(?:python\S*\s+-m\s+)?(?:(?:pip|pip3|conda|mamba|uv|apt|apt-get|brew|npm|"
    r"poetry|easy_install)\b.*\b(?:install|add|update|remove|uninstall)\b.*)$"
    r"|\bpip\.main\(|[\"']pip3?[\"'],\s*[\"']install[\"']|^.*\bpip3?\s+install\b.*$|Pkg\.add",
    re.MULTILINE,
)
_NETWORK = re.compile(
    r"(?:read_\w+|urlopen|urlretrieve|get|post|open|Image|HTML|IFrame|download\w*)\(\s*[rf]?[\"']\s*(?:https?|ftp)://"
    r"|\brequests\.(?:get|post|put|Session)|\burllib\d?\.request|\burlopen\(|\burlretrieve\("
    r"|^\s*[!%].*\b(?:wget|curl|git\s+clone|kaggle|gsutil|aws)\b|\bfetch_(?!.*=)\w+\(|\bload_dataset\("
    r"|\bnltk\.download\(|\bpandas_datareader\b|\bfrom_pretrained\(|\bsocket\.|\bhttpx?\.|\bftplib\b|\bboto3\b",
    re.MULTILINE,
)


def announcements(recorded: RecordedNotebook) -> tuple[str, ...]:
    """Say which cells install packages, and which use the network, a sentence each.

    Args:
        recorded: the notebook.
    """
    sources = [cell.source for cell in recorded.cells]
    installing = [n for n, source in enumerate(sources, 1) if _INSTALLS.search(source)]
    online = [
        n for n, source in enumerate(sources, 1) if n not in installing and _NETWORK.search(source)
    ]
    said = []
    if installing:
        said.append(
            f"{_cells(installing)} installs packages, which changes the environment of the kernel."
            if len(installing) == 1
            else f"{_cells(installing)} install packages, which changes the environment of the "
            "kernel."
        )
    if online:
        verb = "uses" if len(online) == 1 else "use"
        said.append(f"{_cells(online)} {verb} the network.")
    return tuple(said)


def _cells(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Cell {numbers[0]}"
    return f"Cells {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
