"""What operators give for each pair of kinds: by doing it, once, with a value of each.

So the checker knows no rule of its own, and its messages are those of running.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from ...base.errors import SoliError
from ...meaning.arithmetic import OPERATIONS
from ...meaning.elements import index_value
from ...native.native import NativeFunction
from ...values.kinds import TYPE_NAMES
from ...values.objects import Instance, SoliClass
from ...values.values import Symbol
from .types import ANY, CLASS, ENUM_VALUE, FUNCTION, INSTANCE, INT, Atom, Type, array_of, type_word


class _Meter:
    """Stands for the machine where nothing is charged."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


METER: Final[Any] = _Meter()
_SAMPLES: Final[dict[str, Any]] = {
    "int": 7, "float": 2.5, "decimal": Decimal("2.5"), "string": "a", "bool": True, "null": None,
    "array": [], "hash": {}, "symbol": Symbol("a"), "bytes": b"a",
    FUNCTION: NativeFunction("f", 0, 0, lambda: None), CLASS: SoliClass("C"),
}  # fmt: skip
_NUMBERS: Final = frozenset({"int", "float", "decimal"})


def sample(atom: Atom) -> Any:
    """A value of *atom*, as operators and type errors take it. KeyError: none is known."""
    if atom.kind in (INSTANCE, ENUM_VALUE):
        return Instance(SoliClass(type_word(atom)))
    if atom.has_literal and atom.kind in _NUMBERS:
        return atom.literal
    return _SAMPLES[atom.kind]


def _key(atom: Atom) -> tuple[str, Any]:
    if atom.kind in (INSTANCE, ENUM_VALUE):
        return (atom.kind, type_word(atom))
    return (atom.kind, atom.literal if atom.has_literal and atom.kind in _NUMBERS else None)


Outcome = tuple[Type, SoliError | None]
"""The type of what it gives, and what is raised instead."""


def binary(operator: str, left: Atom, right: Atom) -> Outcome:
    """What `left operator right` gives."""
    if not _is_bounded(operator, left, right):
        left, right = Atom(left.kind, of=left.of), Atom(right.kind, of=right.of)
    try:
        kind, error = _tried(operator, left, right)
    except KeyError:
        return ANY, None
    return (_result(operator, kind), error)


def _is_bounded(operator: str, left: Atom, right: Atom) -> bool:
    """Whether what it gives is small, whatever the numbers are: no text so many times, no range."""
    if operator == "*":
        return left.kind in _NUMBERS and right.kind in _NUMBERS
    return operator != ".."


_cache: dict[Any, tuple[str, SoliError | None]] = {}
_MOST_CACHED: Final = 5000


def _tried(operator: str, left: Atom, right: Atom) -> tuple[str, SoliError | None]:
    key = (operator, _key(left), _key(right))
    if key in _cache:
        return _cache[key]
    try:
        value = OPERATIONS[operator](METER, sample(left), sample(right))
        found: tuple[str, SoliError | None] = (TYPE_NAMES.get(type(value), ""), None)
    except SoliError as error:
        found = ("", error.with_traceback(None))
    if len(_cache) > _MOST_CACHED:
        _cache.clear()
    _cache[key] = found
    return found


def _result(operator: str, kind: str) -> Type:
    if operator == "..":
        return array_of(INT)
    if kind in ("", "array", "hash"):
        return (Atom(kind),) if kind else ANY
    return (Atom(kind),)


@lru_cache(maxsize=200)
def _indexed(kind: str, index: str) -> SoliError | None:
    receiver = {"string": "a" * 8, "array": [0] * 8, "bytes": b"a" * 8}.get(kind, _SAMPLES[kind])
    try:
        index_value(receiver, _SAMPLES[index])
    except SoliError as error:
        return error.with_traceback(None)
    return None


def index_error(receiver: Atom, index: Atom) -> SoliError | None:
    """What `receiver[index]` raises whatever is in it."""
    try:
        return _indexed(receiver.kind, index.kind if index.kind in _SAMPLES else FUNCTION)
    except KeyError:
        return None
