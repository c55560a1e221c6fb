"""Methods of String that take regular expressions: match, scan, gsub, sub (docs/spec §L3)."""

from __future__ import annotations

from soli_lang.base.errors import SoliTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, method
from soli_lang.values.values import Value

from ..ground.costs import make_items
from ..text.patterns import MATCHES_PER_CHARGE, charge, compiled, each, pay_for_matches, replace

_Pattern = String(phrase="a string pattern")
_Replacement = String(phrase="a string replacement")


@method("string", "match", _Pattern)
def match(machine: Machine, text: str, regex: str) -> list[str] | None:
    """The first match and its groups, without those that took no part; null if there is none."""
    pattern = compiled(machine, regex)
    charge(machine, pattern, text)
    found = pattern.search(text)
    if found is None:
        return None
    return [group for group in found.groups() if group is not None]


@method("string", "scan", _Pattern)
def scan(machine: Machine, text: str, regex: str) -> list[str]:
    """The text of every match."""
    pattern = compiled(machine, regex)
    charge(machine, pattern, text)
    data = text.encode()
    if pattern.literal is not None:
        return _literals(machine, data.count(pattern.literal), regex)
    found: list[str] = []
    for spans in each(machine, pattern, data):
        start, end = spans[0]
        found.append(data[start:end].decode())
        if not len(found) % MATCHES_PER_CHARGE:
            pay_for_matches(machine, len(found))
    make_items(machine, len(found))
    return found


def _literals(machine: Machine, count: int, text: str) -> list[str]:
    """*count* matches of a pattern that stands for itself, paid for as others are."""
    for found in range(MATCHES_PER_CHARGE, count + 1, MATCHES_PER_CHARGE):
        pay_for_matches(machine, found)
    make_items(machine, count)
    return [text] * count


@method("string", ("gsub", "replace_all"), _Pattern, _Replacement, Any_.optional(0), arity_text=2)
def gsub(machine: Machine, text: str, regex: str, replacement: str, limit: Value) -> str:
    """Matches replaced, at most *limit* of them (0: all); `$1` and `${name}` stand for groups."""
    if limit.__class__ is not int or limit < 0:
        raise SoliTypeError("gsub limit must be a non-negative integer")
    return replace(machine, compiled(machine, regex), text, replacement, limit)


@method("string", "sub", _Pattern, _Replacement)
def sub(machine: Machine, text: str, regex: str, replacement: str) -> str:
    """The first match replaced."""
    return replace(machine, compiled(machine, regex), text, replacement, 1)
