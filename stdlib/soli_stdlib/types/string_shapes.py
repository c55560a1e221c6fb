"""Methods of String that give it a shape: padding, truncation, slugs, `succ` (docs/spec §L3)."""

from __future__ import annotations

import re

from soli_lang.base.errors import SoliTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Bool, Int, String, method
from soli_lang.values.values import Value

from ..ground.costs import BIG_TEXT, copy_text, make_items

MAX_PADDED_WIDTH = 1_048_576
"""Characters up to which text can be padded."""

_Width = Int(phrase="non-negative integer width")
_PositiveWidth = Int(phrase="a positive integer width")
_Pad = Any_.optional(" ")


def _filler(machine: Machine, text: str, width: int, pad: Value, name: str) -> str:
    """What has to be added to *text* for *width*; only the first character of *pad* counts.

    The padded text is paid for.
    """
    if width > MAX_PADDED_WIDTH:
        raise SoliTypeError(f"{name} width {width} exceeds the maximum of {MAX_PADDED_WIDTH}")
    size = max(width, len(text))
    if size > BIG_TEXT:
        machine.check_length(size)
        machine.spend(size >> 6)
    character = pad[0] if pad.__class__ is str and pad else " "
    return character * (width - len(text))


def _non_negative(width: int, name: str) -> None:
    if width < 0:
        raise SoliTypeError(f"{name} expects non-negative integer width")


def _positive(width: int, name: str) -> None:
    if width <= 0:
        raise SoliTypeError(f"{name} expects a positive integer width")


@method("string", "lpad", _Width, _Pad, arity_text=2)
def lpad(machine: Machine, text: str, width: int, pad: Value) -> str:
    """Filled up on the left to *width* characters."""
    _non_negative(width, "lpad")
    return _filler(machine, text, width, pad, "lpad") + text


@method("string", "rpad", _Width, _Pad, arity_text=2)
def rpad(machine: Machine, text: str, width: int, pad: Value) -> str:
    """Filled up on the right to *width* characters."""
    _non_negative(width, "rpad")
    return text + _filler(machine, text, width, pad, "rpad")


@method("string", "rjust", _PositiveWidth, _Pad, arity_text=2)
def rjust(machine: Machine, text: str, width: int, pad: Value) -> str:
    """Filled up on the left to *width* characters."""
    _positive(width, "rjust")
    return _filler(machine, text, width, pad, "rjust") + text


@method("string", "ljust", _PositiveWidth, _Pad, arity_text=2)
def ljust(machine: Machine, text: str, width: int, pad: Value) -> str:
    """Filled up on the right to *width* characters."""
    _positive(width, "ljust")
    return text + _filler(machine, text, width, pad, "ljust")


@method("string", "center", _PositiveWidth, _Pad, arity_text=2)
def center(machine: Machine, text: str, width: int, pad: Value) -> str:
    """Filled up on both sides; what cannot be halved goes right."""
    _positive(width, "center")
    filler = _filler(machine, text, width, pad, "center")
    left = len(filler) // 2
    return filler[:left] + text + filler[left:]


@method(
    "string",
    "truncate",
    Int(phrase="a positive integer length"),
    String(phrase="a string suffix").optional("..."),
    arity_text=2,
)
def truncate(machine: Machine, text: str, limit: int, suffix: str) -> str:
    """At most *limit* characters; a longer text ends in *suffix*, or in what fits of it."""
    if limit <= 0:
        raise SoliTypeError("truncate expects a positive integer length")
    if len(text) <= limit:
        return text
    copy_text(machine, suffix)
    if limit > BIG_TEXT:
        machine.check_length(limit)
        machine.spend(limit >> 6)
    return text[: max(0, limit - len(suffix))] + suffix[:limit]


_RUN = re.compile(r"(.)\1+", re.DOTALL)


@method("string", "squeeze", String.optional(None), bare=True)
def squeeze(machine: Machine, text: str, characters: str | None) -> str:
    """Runs of equal characters made one; with *characters*, only runs of these."""
    machine.spend(len(text) >> 3)
    if characters is None:
        return _RUN.sub(r"\1", text)
    chosen = set(characters)
    return _RUN.sub(lambda run: run[1] if run[1] in chosen else run[0], text)


@method("string", "tr", String, String)
def tr(machine: Machine, text: str, old: str, new: str) -> str:
    """Characters of *old* replaced by those at the same place of *new*, or deleted beyond it."""
    machine.spend((len(text) >> 3) + (len(old) >> 3))
    table: dict[int, str] = {}
    for index, character in enumerate(old):
        table.setdefault(ord(character), new[index : index + 1])
    return text.translate(table)


_FOLDED = {
    "a": "àáâäãåāą",
    "e": "èéêëēę",
    "i": "ìíîïī",
    "o": "òóôöõøō",
    "u": "ùúûüū",
    "y": "ýÿ",
    "c": "çćč",
    "n": "ñń",
    "s": "š",
    "z": "žźż",
    "l": "ł",
    "oe": "œ",
    "ae": "æ",
    "ss": "ß",
}
_ACCENTS = {ord(accent): plain for plain, accents in _FOLDED.items() for accent in accents}
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@method("string", "slugify", bare=True)
def slugify(machine: Machine, text: str) -> str:
    """Lower case, Latin accents folded, everything else one `-`: fit for an address."""
    machine.spend(len(text) >> 3)
    return _NOT_SLUG.sub("-", text.lower().translate(_ACCENTS)).strip("-")


@method(
    "string",
    "camelize",
    Bool(phrase="a boolean argument (true for PascalCase)").optional(False),
    bare=True,
)
def camelize(machine: Machine, text: str, upper: bool) -> str:
    """`foo_bar` as `fooBar`, or `FooBar` with *upper*; capitals inside are kept."""
    copy_text(machine, text)
    make_items(machine, text.count("_") + text.count("-"))
    first, *others = text.replace("-", "_").split("_")
    joined = first + "".join([part[:1].upper() + part[1:] for part in others])
    head = joined[:1].upper() if upper else joined[:1].lower()
    return head + joined[1:]


@method("string", "html_entities", bare=True)
def html_entities(machine: Machine, text: str) -> str:
    """Every character above U+007F as `&#N;`; markup is left alone."""
    if text.isascii():
        return text
    machine.spend(len(text) >> 3)
    machine.check_length(len("&#1114111;") * len(text))
    return text.encode("ascii", "xmlcharrefreplace").decode()


# --- succ ---

_ALPHANUMERIC = re.compile(r"[0-9A-Za-z]+")
_RESTARTS = {"9": ("0", "1"), "z": ("a", "a"), "Z": ("A", "A")}
"""Last of its kind -> what it becomes, and what is put before when the run is used up."""


@method("string", ("succ", "next"), bare=True)
def succ(machine: Machine, text: str) -> str:
    """The text after it: the last run of letters and digits counted up, with carry."""
    copy_text(machine, text)
    runs = list(_ALPHANUMERIC.finditer(text))
    if not runs:
        return text
    start, end = runs[-1].span()
    return text[:start] + _counted_up(text[start:end]) + text[end:]


def _counted_up(run: str) -> str:
    characters = list(run)
    for index in range(len(characters) - 1, -1, -1):
        restart = _RESTARTS.get(characters[index])
        if restart is None:
            characters[index] = chr(ord(characters[index]) + 1)
            return "".join(characters)
        characters[index] = restart[0]
    return _RESTARTS[run[0]][1] + "".join(characters)
