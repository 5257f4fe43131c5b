"""What a notebook does to the machine beside computing, said before it is run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fluvial.replication.names import plain_source
from fluvial.replication.read import RecordedNotebook

__all__ = ["announcements"]

_MANAGERS = r"(?:pip3?|conda|mamba|micromamba|uv|apt|apt-get|yum|dnf|brew|npm|poetry|easy_install)"
_CHANGES = r"(?:install|add|update|upgrade|remove|uninstall)"
_INSTALLS = re.compile(
    rf"\b{_MANAGERS}\b(?:\s+-\S+|\s+(?:pip|env)\b)*\s+{_CHANGES}\b"
    r"|\bsetup\.py\s+(?:install|develop)\b|\beasy_install\b|\|\s*(?:sudo\s+)?(?:ba)?sh\b"
)
_ADDRESS = re.compile(r"\s*(?:https?|ftp|s3|gs)://\S+\s*$")
_SHELL_NETWORK = re.compile(
    r"\b(?:wget|curl|kaggle|gsutil|aws|gcloud|scp|ssh|rsync|ping)\b|\bgit\s+(?:clone|pull|fetch|push)\b"
    r"|(?:https?|ftp)://"
)
_CLIENTS = {
    *("requests", "urllib2", "httpx", "aiohttp", "websocket", "websockets", "socket", "webbrowser"),
    *("ftplib", "smtplib", "imaplib", "poplib", "telnetlib", "paramiko", "boto3", "tweepy"),
    *("selenium", "wget", "gdown", "kaggle", "yfinance", "pandas_datareader", "quandl", "openai"),
    *("wikipedia", "praw", "urllib.request", "urllib.urlopen", "http.client", "google.cloud"),
}
_FETCHES = re.compile(
    r"(?:urlopen|urlretrieve|load_dataset|from_pretrained|read_html|load_data|download)$|fetch_"
)
_SHELL_MAGIC = re.compile(r"^\s*%%(?:bash|sh|script|system|!)\b.*\n([\s\S]*)")
_SHELL_LINE = re.compile(r"^\s*(?:\w[\w, ]*=\s*)?[!%](.*)$", re.MULTILINE)
# IPython lets these stand without their sign.
_BARE_LINE = re.compile(r"^\s*((?:pip|conda|mamba)\s.*)$", re.MULTILINE)


@dataclass(frozen=True)
class _Acts:
    """What a cell does: the lines that it gives to a shell, and what it imports and calls."""

    shell: str
    words: tuple[str, ...] = ()
    modules: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()

    @property
    def installs(self) -> bool:
        texts = (self.shell, *self.words)
        return "pip.main" in self.calls or any(_INSTALLS.search(text) for text in texts)

    @property
    def online(self) -> bool:
        parts = (module.split(".") for module in self.modules)
        packages = {".".join(own[:size]) for own in parts for size in (1, 2)}
        return bool(
            packages & _CLIENTS
            or any(_FETCHES.match(call.rsplit(".", 1)[-1]) for call in self.calls)
            or any(_ADDRESS.match(word) for word in self.words)
            or _SHELL_NETWORK.search(self.shell)
        )


def announcements(recorded: RecordedNotebook) -> tuple[str, ...]:
    """Say which cells install packages, and which use the network, a sentence each.

    Args:
        recorded: the notebook.
    """
    acts = [_acts(cell.source) for cell in recorded.cells]
    installing = [number for number, own in enumerate(acts, 1) if own.installs]
    online = [number for number, own in enumerate(acts, 1) if own.online]
    said = []
    if installing:
        verb = "installs" if len(installing) == 1 else "install"
        said.append(
            f"{_cells(installing)} {verb} packages, which changes the environment of the kernel."
        )
    if online:
        verb = "uses" if len(online) == 1 else "use"
        said.append(f"{_cells(online)} {verb} the network.")
    return tuple(said)


def _acts(source: str) -> _Acts:
    if script := _SHELL_MAGIC.match(source):
        return _Acts(script[1])
    shell = "\n".join([*_SHELL_LINE.findall(source), *_BARE_LINE.findall(source)])
    try:
        tree = ast.parse(plain_source(source))
    except (SyntaxError, ValueError, RecursionError):  # Python 2, say
        code = re.sub(r"#.*", "", source)
        words = re.findall(r"[\"']([^\"'\n]*)[\"']", code)
        modules = re.findall(r"^\s*(?:from|import)\s+([\w.]+)", code, re.MULTILINE)
        calls = re.findall(r"([\w.]+)\(", code)
        return _Acts(shell, tuple(words), frozenset(modules), frozenset(calls))
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    said = {word for call in calls if _name(call) == "print" for word in ast.walk(call)}
    words = [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in said
    ]
    words += [_joined(call) for call in calls if _name(call) != "print"]
    names = {_name(call) for call in calls} | {
        "download" for call in calls for keyword in call.keywords if _downloads(keyword)
    }
    return _Acts(shell, tuple(words), frozenset(_modules(nodes)), frozenset(names))


def _modules(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func) if isinstance(call.func, ast.Name | ast.Attribute) else ""


def _joined(call: ast.Call) -> str:
    """Return the words of a command that a call gives as a list, or one by one."""
    words = (
        node.value
        for part in call.args
        for node in ast.walk(part)
        if isinstance(node, ast.Constant)
    )
    return " ".join(word for word in words if isinstance(word, str))


def _downloads(keyword: ast.keyword) -> bool:
    value = keyword.value
    return keyword.arg == "download" and isinstance(value, ast.Constant) and value.value is True


def _cells(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Cell {numbers[0]}"
    return f"Cells {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
