"""Values as the prompt shows them: nested ones over lines, long ones cut, instances with fields."""

from __future__ import annotations

from soli_lang.values.kinds import from_key
from soli_lang.values.objects import Instance
from soli_lang.values.values import Value

from ...observing.traces import written

WIDTH = 80
MAX_ITEMS = 50
"""Items of one collection that are shown."""
MAX_DEPTH = 6
MAX_TEXT = 2000
"""Characters of one value."""


def shown(value: Value, *, full: bool = False, indent: int = 0, depth: int = 0) -> str:
    """*value* for people. *full*: however long it is."""
    if isinstance(value, Instance):
        return _instance(value, full, indent, depth)
    if isinstance(value, list | dict) and value:
        return _collection(value, full, indent, depth)
    return _cut(written(value), full)


def _instance(value: Instance, full: bool, indent: int, depth: int) -> str:
    name = value.soli_class.name
    fields = dict(value.shown_fields())
    if not fields or depth >= MAX_DEPTH:
        return f"<{name}>"
    parts = [f"{key}: {shown(item, full=full, depth=depth + 1)}" for key, item in fields.items()]
    line = f"<{name} {', '.join(parts)}>"
    return line if full else _cut(line, full)


def _collection(value: Value, full: bool, indent: int, depth: int) -> str:
    line = written(value) if depth >= MAX_DEPTH or not _has_instances(value) else ""
    if depth >= MAX_DEPTH:
        return _cut(line, full)
    if line and len(line) + indent <= WIDTH:
        return line
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    inner = " " * (indent + 2)
    lines = []
    items = list(value.items()) if isinstance(value, dict) else [(None, one) for one in value]
    for key, item in items if full else items[:MAX_ITEMS]:
        before = "" if not isinstance(value, dict) else f"{written(from_key(key))}: "
        text = shown(item, full=full, indent=indent + 2, depth=depth + 1)
        lines.append(inner + before + text)
    more = len(items) - len(lines)
    if more:
        lines.append(f"{inner}… and {more} more")
    return opening + "\n" + ",\n".join(lines) + "\n" + " " * indent + closing


def _has_instances(value: Value, depth: int = 0) -> bool:
    if isinstance(value, Instance):
        return True
    if depth >= MAX_DEPTH or not isinstance(value, list | dict):
        return False
    items = value.values() if isinstance(value, dict) else value
    return any(_has_instances(item, depth + 1) for item in items)


def _cut(text: str, full: bool) -> str:
    if full or len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}… ({len(text):,} characters; `.full` shows all)"
