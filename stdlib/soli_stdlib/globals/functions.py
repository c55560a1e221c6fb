"""Global functions (docs/spec §L2)."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, Number, String, function
from soli_lang.values import kinds
from soli_lang.values.display import error_text
from soli_lang.values.kinds import is_key, to_key, type_name
from soli_lang.values.objects import ErrorValue
from soli_lang.values.values import Value

from ..ground import clock, sleeping
from ..ground.arguments import truncated
from ..ground.costs import BIG_TEXT, make_items
from ..ground.number_text import WHITE_SPACE, parse_float, parse_int
from ..types import strings

MAX_PRINTED_CHARACTERS = 16 * 1024 * 1024
"""Characters of one `print`."""


# --- output and input ---


@function(("print", "println", "puts"), Any_.rest())
def print_(machine: Machine, *values: Value) -> None:
    """Write the display forms with spaces between them, then a newline."""
    write = machine.capabilities.require("output", "print")
    size = 0
    texts = []
    for value in values:
        text = machine.text(value)
        size += len(text) + 1
        if size > MAX_PRINTED_CHARACTERS:
            machine.check_growth(size)
        texts.append(text)
    if size > BIG_TEXT:
        machine.spend(size >> 4)
    write(" ".join(texts) + "\n")


@function("input", String.optional(""))
def input_(machine: Machine, prompt: str) -> str:
    """Write *prompt* and read a line, without white space at its end; `""` at the end of input."""
    read = machine.capabilities.require("input", "input")
    saved = machine.save()
    try:
        line = read(prompt)
    finally:
        machine.restore(saved)
    return "" if line is None else line.rstrip(WHITE_SPACE)


@function("debug")
def debug() -> None:
    """A breakpoint for hosts with a debugger; without one, nothing."""


# --- conversion ---


def _shown(py: Any, number: Any) -> Any:
    """An Int as text, for `NativeFunction.quick`."""
    return py.shown(number)


def _length(py: Any, value: Any) -> Any:
    """For `NativeFunction.quick`, as well."""
    return py.call("len", value)


@function("str", Any_, quick={int: _shown, str: lambda py, text: text}, gives=str)
def str_(machine: Machine, value: Value) -> str:
    """The display form."""
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[no-any-return]
    return int.__repr__(value) if kind is int else machine.text(value)


@function("int", Any_)
def int_(value: Value) -> int:
    """The Int that a number, a Bool or a text of digits is; Floats are cut toward zero."""
    kind = value.__class__
    if kind is int:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return truncated(value)
    if kind is bool:
        return 1 if value else 0
    if kind is not str:
        raise SoliPlainTypeError(f"cannot convert {type_name(value)} to int")
    number = parse_int(value)
    if number is None:
        raise SoliValueError(f"cannot convert '{_shortened(value)}' to int")
    return number


@function("float", Any_)
def float_(value: Value) -> float:
    """The Float that a number or a text in decimal or exponent form is."""
    kind = value.__class__
    if kind is int or kind is float:
        return float(value)
    if kind is not str:
        raise SoliPlainTypeError(f"cannot convert {type_name(value)} to float")
    number = parse_float(value)
    if number is None:
        raise SoliValueError(f"cannot convert '{_shortened(value)}' to float")
    return number


def _shortened(text: str) -> str:
    return text if len(text) <= 1000 else f"{text[:1000]}..."


@function("type", Any_)
def type_(value: Value) -> str:
    """The name of the value's type."""
    return kinds.type_name(value)


@function("await", Any_)
def await_(value: Value) -> Value:
    """The result of a Future; any other value as it is."""
    resolve = getattr(value, "soli_await", None)
    return value if resolve is None else resolve()


# --- collections ---

_SIZED = frozenset({str, list, dict, bytes})


@function("len", Any_, quick=dict.fromkeys((list, str, dict), _length), gives=int)
def len_(value: Value) -> int:
    """How many characters, items, entries or bytes."""
    if value.__class__ in _SIZED:
        return len(value)
    if isinstance(value, ErrorValue):
        return len(error_text(value))
    raise SoliPlainTypeError(f"len() expects array, string, or hash, got {type_name(value)}")


@function("range", Any_.rest())
def range_(machine: Machine, *bounds: Value) -> list[int]:
    """The Ints from start up to end (excluded), in steps."""
    if not 2 <= len(bounds) <= 3:
        hint = "it has a beginning: `range(0, 3)`, or `0..3`, is 0, 1, 2"
        raise SoliValueError(f"range() expects 2 or 3 arguments, got {len(bounds)}", hint=hint)
    for name, bound in zip(("start", "end", "step"), bounds, strict=False):
        if bound.__class__ is not int:
            raise SoliPlainTypeError(f"range() expects integer {name}, got {type_name(bound)}")
    if len(bounds) == 3 and bounds[2] == 0:
        raise SoliValueError("range() step cannot be zero")
    start, end, step = (*bounds, 1)[:3]
    count = max(0, -((start - end) // step))
    make_items(machine, count)
    return list(range(start, end, step))


@function("hash")
def hash_() -> dict[Any, Value]:
    """A new empty hash."""
    return {}


@function("has_key", Hash(message="{name}() expects hash as first argument, got {got}"), Any_)
def has_key(entries: dict[Any, Value], key: Value) -> bool:
    """Whether the hash has an entry under *key*."""
    if not is_key(key):
        raise SoliPlainTypeError(
            f"has_key() key must be string, int, or bool, got {type_name(key)}"
        )
    return to_key(key) in entries


# --- text ---


@function("contains", String, String)
def contains(machine: Machine, text: str, part: str) -> bool:
    """Whether *part* is somewhere in *text*."""
    return strings.contains(machine, text, part)


@function("starts_with", String, String)
def starts_with(text: str, prefix: str) -> bool:
    """Whether *text* begins with *prefix*."""
    return text.startswith(prefix)


@function("ends_with", String, String)
def ends_with(text: str, suffix: str) -> bool:
    """Whether *text* ends with *suffix*."""
    return text.endswith(suffix)


@function("replace", String, String, String)
def replace(machine: Machine, text: str, old: str, new: str) -> str:
    """Every *old* in *text* replaced by *new*."""
    return strings.replace(machine, text, old, new)


# --- time ---


@function("clock")
def clock_(machine: Machine) -> float:
    """Unix seconds with fraction."""
    return clock.now(machine)


@function("sleep", Number(message="sleep() expects number"))
def sleep(machine: Machine, seconds: int | float) -> None:
    """Wait so many seconds. Only this handler waits."""
    sleeping.sleep(machine, seconds, "sleep")
