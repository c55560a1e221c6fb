"""The class `Regex` (docs/spec §L14), on the linear-time engine of `patterns`.

Offsets count characters (docs/spec §3.8).
"""

from __future__ import annotations

from collections.abc import Iterator

from soli_lang.base.errors import SoliError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import String, static
from soli_lang.values.values import Value

from .patterns import (
    MATCHES_PER_CHARGE,
    Match,
    Pattern,
    Spans,
    charge,
    compiled,
    each,
    pay_for_matches,
    replace,
)

_METACHARACTERS = ".+*?()|[]{}^$#&-~\\"
_ESCAPES = str.maketrans({character: "\\" + character for character in _METACHARACTERS})
_Pair = String(message="Regex.{name} requires (string, string)")
_Triple = String(message="Regex.{name} requires (string, string, string)")
MATCH_STEPS = 8
"""What one match costs of the step budget."""
MATCH_BYTES = 64
"""What one match counts for when the size of a result is bounded."""


def _invalid(detail: str) -> SoliError:
    return SoliValueError(f"Invalid regex pattern: {detail}")


def _ready(machine: Machine, source: str, text: str) -> Pattern:
    """The compiled pattern, with the work on *text* charged."""
    pattern = compiled(machine, source, _invalid)
    charge(machine, pattern, text)
    return pattern


def _found(match: Match) -> dict[str, Value]:
    return {"match": match.group(), "start": match.start(), "end": match.end()}


@static("Regex", "matches", _Pair, _Pair)
def matches(machine: Machine, source: str, text: str) -> bool:
    """Whether the pattern matches anywhere in *text*."""
    return _ready(machine, source, text).is_match(text)


@static("Regex", "find", _Pair, _Pair)
def find(machine: Machine, source: str, text: str) -> dict[str, Value] | None:
    """`{"match", "start", "end"}` of the first match, or null."""
    match = _ready(machine, source, text).search(text)
    return None if match is None else _found(match)


@static("Regex", "find_all", _Pair, _Pair)
def find_all(machine: Machine, source: str, text: str) -> list[Value]:
    """`{"match", "start", "end"}` of every match, from left to right."""
    pattern = _ready(machine, source, text)
    data = text.encode()
    results: list[Value] = []
    for start, end, first in _in_characters(data, each(machine, pattern, data)):
        machine.spend(MATCH_STEPS)
        machine.check_growth(MATCH_BYTES * (len(results) + 1))
        if not len(results) % MATCHES_PER_CHARGE:
            pay_for_matches(machine, len(results))
        results.append({"match": first.decode(), "start": start, "end": end})
    return results


def _in_characters(data: bytes, found: Iterator[Spans]) -> Iterator[tuple[int, int, bytes]]:
    """Character offsets and bytes of the matches, counting every byte once."""
    at = characters = 0
    for spans in found:
        start, end = spans[0]
        first = characters + len(data[at:start].decode())
        at, characters = end, first + len(data[start:end].decode())
        yield first, characters, data[start:end]


@static("Regex", "replace", _Triple, _Triple, _Triple)
def replace_first(machine: Machine, source: str, text: str, replacement: str) -> str:
    """*text* with the first match replaced; `$1`, `${1}`, `$name` and `$$` are known."""
    pattern = compiled(machine, source, _invalid)
    return replace(machine, pattern, text, replacement, limit=1)


@static("Regex", "replace_all", _Triple, _Triple, _Triple)
def replace_all(machine: Machine, source: str, text: str, replacement: str) -> str:
    """*text* with all matches replaced."""
    return replace(machine, compiled(machine, source, _invalid), text, replacement)


@static("Regex", "split", _Pair, _Pair)
def split(machine: Machine, source: str, text: str) -> list[str]:
    """The parts of *text* between matches, empty ones included."""
    pattern = _ready(machine, source, text)
    data = text.encode()
    parts: list[str] = []
    at = 0
    for spans in each(machine, pattern, data):
        machine.spend(MATCH_STEPS)
        machine.check_growth(MATCH_BYTES * (len(parts) + 1))
        if not len(parts) % MATCHES_PER_CHARGE:
            pay_for_matches(machine, len(parts))
        start, end = spans[0]
        parts.append(data[at:start].decode())
        at = end
    parts.append(data[at:].decode())
    return parts


@static("Regex", "capture", _Pair, _Pair)
def capture(machine: Machine, source: str, text: str) -> dict[str, Value] | None:
    """Like `find`, with one entry more for every named group that took part."""
    pattern = _ready(machine, source, text)
    match = pattern.search(text)
    if match is None:
        return None
    result = _found(match)
    for name, number in sorted(pattern.group_names.items(), key=lambda entry: entry[1]):
        part = match.group(number)
        if part is not None:
            result[name] = part
    return result


@static("Regex", "escape", String(message="Regex.{name} requires (string)"), linear=True)
def escape(machine: Machine, text: str) -> str:
    """*text* as a pattern that matches exactly it."""
    machine.check_length(2 * len(text))
    return text.translate(_ESCAPES)
