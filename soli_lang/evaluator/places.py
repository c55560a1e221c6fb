"""Places in the program that Python's lines are numbers of: who says where an error happened.

A Python function that was made of a Soli function keeps its `Places` among its globals, so that
`SoliError.settle` finds them from the traceback alone (`base.errors`).
"""

from __future__ import annotations

from typing import Any

from ..base.errors import PlacesOfFunction, SoliError
from ..base.source import Source, Span
from ..native.native import NativeFunction, NativeMethod
from ..values.objects import Instance, SoliClass
from ..values.values import Sentinel, Symbol

PLAIN, CALLED, METHOD, NEW = range(4)
"""Kinds of places: nothing leaves here; a call of what a variable of the Python function holds; a
call of a method on it; `new` of it."""


class Places(PlacesOfFunction):
    """The places of one Python function, by line."""

    __slots__ = ("_entries", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self._entries: list[Any] = [None, None]

    def add(self, kind: int, span: Span, local: str = "", name: str = "") -> int:
        """The line for a place. *local* is the Python variable with what is called there."""
        self._entries.append(span if kind == PLAIN else (kind, span, local, name))
        return len(self._entries) - 1

    def span(self, line: int) -> Span | None:
        """The place in the program that *line* stands for."""
        entry = self._entries[line] if line < len(self._entries) else None
        return entry[1] if entry.__class__ is tuple else entry

    def passed(self, error: SoliError, line: int, frame: Any) -> None:
        """Note that *error* came through *line* of *frame*."""
        entry = self._entries[line]
        if entry is None:
            return
        if entry.__class__ is not tuple:
            error.locate(entry, self.source)
            return
        kind, span, local, name = entry
        error.locate(span, self.source)
        value = frame.f_locals.get(local) or frame.f_globals.get(local)
        left = _left(kind, value, name)
        if left:
            error.leave(left, self.source, span)


_NAMELESS = frozenset({NativeFunction, NativeMethod, Sentinel, Symbol})
"""Classes of what a backtrace has no line for: builtins, no value, and names that are values."""


def _left(kind: int, value: Any, name: str) -> str | None:
    """The function that an error left, as a backtrace names it."""
    if kind == METHOD:
        if isinstance(value, Instance):
            has_it = value.soli_class.find_method(name)
            return f"{value.soli_class.name}#{name}" if has_it else None
        return f"{value.name}.{name}" if value.__class__ is SoliClass else None
    if kind == NEW:
        is_written = value.__class__ is SoliClass and value.constructor is not None
        return f"{value.name}.new" if is_written else None
    if value.__class__ in _NAMELESS:
        return None
    return getattr(value, "name", None) or None
