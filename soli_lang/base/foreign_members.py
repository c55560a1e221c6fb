"""Methods of other languages, and what does the same in Soli: hints for unknown members."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

FOREIGN_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "append": ("push",),
    "add": ("push",),
    "items": ("entries", "to_a"),
    "each_pair": ("each",),
    "forEach": ("each",),
    "upper": ("upcase",),
    "lower": ("downcase",),
    "toUpperCase": ("upcase",),
    "toLowerCase": ("downcase",),
    "toString": ("to_s",),
    "toFixed": ("round",),
    "strip": ("trim",),
    "indexOf": ("index_of", "index"),
    "includes": ("include?", "includes?", "contains"),
    "startsWith": ("starts_with", "starts_with?", "start_with?"),
    "startswith": ("starts_with", "starts_with?", "start_with?"),
    "endsWith": ("ends_with", "ends_with?", "end_with?"),
    "endswith": ("ends_with", "ends_with?", "end_with?"),
    "has": ("has_key", "key?", "include?"),
    "hasOwnProperty": ("has_key", "key?"),
    "size": ("length",),
    "inject": ("reduce",),
    "collect": ("map",),
    "select": ("filter",),
    "detect": ("find",),
    "stringify": ("to_json",),
    "each_char": ("chars",),
    "strftime": ("format",),
}
"""Foreign name -> names that may be known here, the best first."""


OTHER_ARITY: Final[Mapping[str, str]] = {
    "KV.incr": "another amount is `KV.incrby(key, amount)`",
    "KV.decr": "another amount is `KV.decrby(key, amount)`",
}
"""Builtin -> what to call with the arguments that it does not take."""


def foreign_member(name: str, known: Container[str]) -> str | None:
    """A hint with the one of *known* that does what *name* does elsewhere."""
    if name in ("to_a", "toArray") and "push" in known:
        return "an array is one already, and so is a range: leave it out"
    for meant in FOREIGN_MEMBERS.get(name, ()):
        if meant in known:
            return f"it is `{meant}` here"
    return None
