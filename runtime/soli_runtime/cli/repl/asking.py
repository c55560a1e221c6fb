"""`doc NAME`, `help NAME` and `NAME?`: what a builtin, a function, a key or a variable is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from soli_lang.evaluator.code import Code
from soli_lang.tools.comments import comment_above
from soli_lang.values.objects import Instance, SoliClass
from soli_lang.values.values import Function, Value

from ...observing.traces import written
from ...tools.editing import vocabulary
from ...tools.reference import Reference, entry_text

if TYPE_CHECKING:
    from .prompting import Tried

USAGE: Final = "doc NAME, such as doc trim, doc String.split, doc alice.send, doc broadcast_room\n"
MAX_FULL: Final = 8
"""Entries shown in full; of more there is a line each."""
MAX_VALUE: Final = 200

_ASKED: Final = re.compile(r"(?:doc|help)(?: +(\.?[\w.]+[?!]?))?|([A-Za-z_][\w.]*)\?")


def asked_for(bench: Tried, line: str) -> str | None:
    """The name that an input asks about; None for any other input, `alice.silent?` among them."""
    found = _ASKED.fullmatch(line)
    if found is None:
        return None
    word = line.split(" ")[0]
    if found[2] is None:
        is_own = word in bench.variables() or _app_value(bench, word) is not None
        return None if is_own else found[1] or ""
    return None if _is_defined(bench, line) else found[2]


def _is_defined(bench: Tried, name: str) -> bool:
    """Whether a name with a question mark is one: `has_room?`, `alice.silent?`."""
    receiver, dot, member = name.rpartition(".")
    if not dot:
        known = name in bench.machine.globals or name in bench.variables()
        return known or _app_value(bench, name) is not None
    value: Any = bench.variables().get(receiver)
    if isinstance(value, Instance):
        return any(member in one.methods for one in value.soli_class.ancestors)
    if isinstance(value, SoliClass):
        return any(member in one.statics for one in value.ancestors)
    return member in bench.machine.methods


def explained(bench: Tried, name: str) -> str | None:
    """All that is known about *name*, as text; None when that is nothing."""
    found = [*_of_commands(name), *_of_program(bench, name)]
    entries = Reference().find(_by_type(bench, name))
    found += [entry_text(entry) for entry in entries[:MAX_FULL]]
    if len(entries) > MAX_FULL:
        found.append("\n".join(entry.heading for entry in entries[MAX_FULL:]))
    return "\n\n".join([*found, *_of_keys(name)]) or None


def suggestion(name: str) -> str:
    """What else might be meant, to go behind an error."""
    close = Reference().suggestions(name)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _of_commands(name: str) -> Iterator[str]:
    from .commands import COMMANDS

    command = COMMANDS.get(name.removeprefix(".")) if name.startswith(".") else None
    if command is not None:
        yield f"{command.usage}\n  {command.help}"


def _of_program(bench: Tried, name: str) -> Iterator[str]:
    """What the session or the app calls so."""
    own = bench.variables()
    value = own[name] if name in own else _app_value(bench, name)
    if isinstance(value, Function | SoliClass):
        yield "\n".join(_head(value))
    elif name in own or value is not None:
        shown = written(value)
        text = shown if len(shown) <= MAX_VALUE else f"{shown[:MAX_VALUE]}…"
        yield f"{name}: {type_title(value)}\n  {text}"


def _head(value: Function | SoliClass) -> Iterator[str]:
    """The first line of a definition, the comment above it, and where it stands."""
    if isinstance(value, SoliClass):
        yield f"class {value.name}"
        yield from (f"  {name}" for name in value.methods if not name.startswith("_"))
        return
    assert isinstance(value.code, Code)
    source = value.code.unit.source
    line = source.position(value.node.span.start).line
    yield source.line(line).strip()
    yield from (f"  {one}" for one in comment_above(source, line))
    yield f"  at {source.name}:{line}"


def _of_keys(name: str) -> Iterator[str]:
    """Keys of events, requests and of what handlers return."""
    tables = (
        ("event", vocabulary.EVENT),
        ("request", vocabulary.REQUEST),
        ("action", vocabulary.ACTIONS),
    )
    for what, table in tables:
        if name in table:
            yield f'{what} "{name}"\n  {table[name]}'
        elif name == what:
            width = max(len(key) for key in table)
            yield "\n".join(f'  "{key}"{" " * (width - len(key))}  {table[key]}' for key in table)
    for action, parts in vocabulary.PARTS.items():
        if name == action:
            yield "  its keys: " + ", ".join(parts)


def _by_type(bench: Tried, name: str) -> str:
    """`alice.send` with the type of the variable in place of its name."""
    variable, dot, member = name.partition(".")
    own = bench.variables()
    if variable not in own or own[variable] is None:
        return name
    value = own[variable]
    if isinstance(value, Function | SoliClass):
        return name
    return f"{type_title(value)}.{member}" if dot else type_title(value)


def _app_value(bench: Tried, name: str) -> Value:
    names = bench.names
    return names.value(name) if names is not None and name in names.names else None


def type_title(value: Value) -> str:
    """The owner under which the reference lists the methods of a value's type."""
    from soli_lang.values.kinds import owner_name

    from ...tools.reference import TYPE_TITLES

    name = getattr(value, "soli_type", None) or owner_name(value)
    return TYPE_TITLES.get(name, name)
