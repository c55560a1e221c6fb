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
    "each": ("times", "chars"),
    "slice": ("substring",),
    "substr": ("substring",),
    "padStart": ("lpad",),
    "padEnd": ("rpad",),
    "zfill": ("lpad",),
    "title": ("capitalize",),
    "isEmpty": ("empty?",),
    "is_empty": ("empty?",),
    "some": ("any?",),
    "every": ("all?",),
    "findIndex": ("index_of",),
    "find_index": ("index_of",),
    "member?": ("includes?", "has_key"),
    "key?": ("has_key",),
    "has_key?": ("has_key",),
    "include?": ("has_key",),
    "containsKey": ("has_key",),
    "put": ("set", "push"),
    "remove": ("delete",),
    "trimStart": ("lstrip",),
    "trimEnd": ("rstrip",),
    "replaceAll": ("replace_all",),
    "unique": ("uniq",),
    "distinct": ("uniq",),
    "setdefault": ("fetch",),
    "pairs": ("entries",),
    "copy": ("merge",),
}
"""Foreign name -> names that may be known here, the best first."""


FREE_HINTS: Final[Mapping[str, tuple[str, str]]] = {
    "charAt": ("chars", "a character is `text[0]`"),
    "repeat": ("chars", "a text is repeated by `text * 3`"),
    "each_slice": ("push", "a part of an array is `items.slice(0, 2)`"),
    "flat_map": ("push", "it is `items.map(f).flatten` here"),
    "flatMap": ("push", "it is `items.map(f).flatten` here"),
    "filter_map": ("push", "it is `items.map(f).compact` here"),
    "splice": ("push", "`items.slice(0, 2)` is a part, `items.reject(f)` leaves items out"),
    "freeze": ("to_s", "a `const` is never given another value; nothing is frozen"),
    "dup": ("push", "`[...items]` is a copy"),
    "clone": ("push", "`[...items]` is a copy"),
    "copy": ("push", "`[...items]` is a copy"),
    "isdigit": ("chars", 'a pattern tells: `text.match("^[0-9]+$")`'),
    "format": ("chars", 'values are put into a text with `#{}`: `"#{name}: #{n}"`'),
}
"""Foreign name -> (a method that marks the kind of its receiver, what does the same here)."""


OTHER_ARITY: Final[Mapping[str, str]] = {
    "KV.incr": "another amount is `KV.incrby(key, amount)`",
    "KV.decr": "another amount is `KV.decrby(key, amount)`",
}
"""Builtin -> what to call with the arguments that it does not take."""


def foreign_member(name: str, known: Container[str]) -> str | None:
    """A hint with the one of *known* that does what *name* does elsewhere."""
    if name in ("to_a", "toArray") and "push" in known:
        return "an array is one already, and so is a range: leave it out"
    marker, hint = FREE_HINTS.get(name.rstrip("!"), ("", ""))
    if marker in known:
        return hint
    if name.endswith("!") and name[:-1] in known:
        return f"`{name[:-1]}` gives a new value: `x = x.{name[:-1]}`"
    for meant in FOREIGN_MEMBERS.get(name, ()):
        if meant in known:
            return f"it is `{meant}` here"
    return None
