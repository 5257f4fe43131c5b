"""Every field of a JSON content, replaced by what does not belong there."""

import copy
import json

from fluvial.storage import sealed

DEEP = json.loads("[" * 40 + "]" * 40)
GONE = object()
VALUES = {
    "deleted": GONE,
    "null": None,
    "list": [],
    "object": {},
    "text": "../../etc/passwd",
    "true": True,
    "huge": 10**400,
    "negative": -7,
    "half": 0.5,
    "infinite": "Infinity",
    "NaN": "NaN",
    "deep": DEEP,
}


def places(content, path=()):
    """Yield the path of every field; of a list, of its first entry only."""
    if path:
        yield path
    if isinstance(content, dict):
        for name in content:
            yield from places(content[name], (*path, name))
    elif isinstance(content, list) and content:
        yield from places(content[0], (*path, 0))


def mutated(content):
    """Yield what was done, and the content with that done to it."""
    for path in places(content):
        for what, value in VALUES.items():
            changed = copy.deepcopy(content)
            inner = changed
            for step in path[:-1]:
                inner = inner[step]
            if value is GONE:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
            yield f"{'.'.join(map(str, path))} {what}", changed
    for what in ("null", "list", "object", "text", "huge", "deep"):
        yield f"all {what}", VALUES[what]


def reseal(path, content, **changes):
    """Write other content to a sealed file, with the right seal."""
    fields = json.loads(path.read_text()) | changes
    fields.pop("sha256")
    if not isinstance(content, dict | list):
        unsealed = fields | {"content": content}
        text = json.dumps(unsealed, sort_keys=True).encode()
        path.write_text(json.dumps(unsealed | {"sha256": sealed.sha256(text)}))
        return
    kind, version, _ = (fields.pop(name) for name in ("kind", "format", "content"))
    path.write_bytes(sealed.encode(kind, version, content, **fields))
