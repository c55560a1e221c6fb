"""Regular expressions on google-re2: compiling under limits, matching, replacing.

Strangers write the patterns, so they never reach a backtracking engine (docs/spec §L14).
The dialect is Soli's (Rust's `regex`); `pattern_syntax` rewrites what RE2 spells otherwise.
`\\b` knows ASCII words only, as RE2 has no other.

Matching works on UTF-8 bytes with the extension's own `RE2.Match`: the Python layer of `re2`
counts characters for every match and is five times slower.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial

from soli_lang.base.errors import SoliError, SoliTypeError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine

from ..ground.costs import BIG_TEXT, ITEM_BYTES

MAX_PATTERN_LENGTH = 10_000
"""Characters of one pattern."""
MAX_PATTERN_MEMORY = 2 * 1024 * 1024
"""Bytes that RE2 may spend on one compiled pattern."""
MAX_CACHED_PATTERNS = 64
"""Compiled patterns kept per interpreter."""

MATCHES_PER_CHARGE = 64
"""Matches between two charges for the steps that they take."""
STEPS_PER_MATCH = 8

SMALL_PATTERN = 64
"""Instructions up to which a pattern is matched as fast as any."""
CLASS_STEPS = 1000
"""What compiling a class of Unicode (`\\p{L}`) is worth: it is some hundred ranges."""
REFUSED_STEPS = 100_000
"""What it is worth to find out that a pattern gets too large."""
STEPS_PER_INSTRUCTION = 4

_CACHE: MachineKey[OrderedDict[str, Pattern]] = MachineKey("patterns")

_SPECIAL = frozenset("\\.+*?()|[]{}^$")
"""Characters that do not stand for themselves in a pattern, where no flag is on."""

Failure = Callable[[str], SoliError]
Spans = list[tuple[int, int]]
"""Byte offsets of the match and of its groups; (-1, -1) for a group that took no part."""
Expand = Callable[[bytes, Spans], bytes]
"""Writes a replacement for a match in UTF-8 data."""


def invalid_regex(detail: str) -> SoliError:
    """The error of string methods for a pattern that does not compile."""
    return SoliTypeError(f"invalid regex: {detail}")


class Match:
    """One match in a text. Offsets are characters (docs/spec §3.8)."""

    __slots__ = ("_data", "_spans")

    def __init__(self, data: bytes, spans: Spans) -> None:
        self._data = data
        self._spans = spans

    def group(self, number: int = 0) -> str | None:
        """The text of a group (0: the whole match), None when it took no part."""
        return _slice(self._data, self._spans[number])

    def groups(self) -> list[str | None]:
        """The whole match and then every group."""
        return [_slice(self._data, span) for span in self._spans]

    def start(self, number: int = 0) -> int:
        """The character offset at which a group begins."""
        return self._characters(self._spans[number][0])

    def end(self, number: int = 0) -> int:
        """The character offset after the last character of a group."""
        return self._characters(self._spans[number][1])

    def _characters(self, offset: int) -> int:
        return len(self._data[:offset].decode())


def _slice(data: bytes, span: tuple[int, int]) -> str | None:
    return None if span[0] < 0 else data[span[0] : span[1]].decode()


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_match", "group_count", "group_names", "literal", "size")

    def __init__(self, source: str) -> None:
        """Compile *source*. Raises PatternError."""
        # Imported with the first pattern: most programs start without any.
        import re2  # type: ignore[import-untyped]

        from .pattern_syntax import PatternError, translate

        if len(source) > MAX_PATTERN_LENGTH:
            raise PatternError(f"pattern is longer than {MAX_PATTERN_LENGTH} characters")
        options = re2.Options()
        options.log_errors = False
        options.max_mem = MAX_PATTERN_MEMORY
        compiled = re2._re2.RE2(translate(source).encode(), options)
        if not compiled.ok():
            raise PatternError(_text(compiled.error()))
        self._match: Callable[[bytes, int, int], Spans] = partial(
            compiled.Match, re2._re2.RE2.Anchor.UNANCHORED
        )
        self.literal = None if not source or _SPECIAL.intersection(source) else source.encode()
        """UTF-8 of the only text that it matches, if it is one that stands for itself."""
        self.size: int = compiled.ProgramSize()
        """Instructions: each character of a text may have to be held against all of them."""
        self.group_count: int = compiled.NumberOfCapturingGroups()
        self.group_names: dict[str, int] = {
            _text(name): number for name, number in compiled.NamedCapturingGroups()
        }

    def search(self, text: str) -> Match | None:
        """The first match, or None."""
        data = text.encode()
        spans = self._match(data, 0, len(data))
        return Match(data, spans) if spans[0][0] >= 0 else None

    def is_match(self, text: str) -> bool:
        """Whether the pattern matches anywhere in *text*."""
        return self.search(text) is not None

    def matches(self, text: str) -> Iterator[Match]:
        """All matches that do not overlap, from left to right."""
        data = text.encode()
        return (Match(data, spans) for spans in self.spans(data))

    def spans(self, data: bytes) -> Iterator[Spans]:
        """Where the matches in UTF-8 *data* are; no empty match touches the end of another."""
        match, length = self._match, len(data)
        at, last = 0, -1
        while at <= length:
            spans = match(data, at, length)
            start, end = spans[0]
            if start < 0:
                return
            if start == end == last:
                at += _character_bytes(data, at)
                continue
            yield spans
            last = end
            at = end if end > start else end + _character_bytes(data, end)


def _character_bytes(data: bytes, at: int) -> int:
    """Bytes of the character that begins at *at*; 1 at the end."""
    lead = data[at] if at < len(data) else 0
    if lead < 0xC0:
        return 1
    if lead < 0xE0:
        return 2
    return 3 if lead < 0xF0 else 4


def _text(data: bytes | str) -> str:
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else data


def compiled(machine: Machine, source: str, failure: Failure = invalid_regex) -> Pattern:
    """The compiled pattern *source*, from this interpreter's cache when it is there.

    Raises what *failure* makes of the reason when the pattern is wrong or too large.
    """
    cache = machine.library.get(_CACHE)
    if cache is None:
        cache = machine.library[_CACHE] = OrderedDict()
    pattern = cache.get(source)
    if pattern is not None:
        cache.move_to_end(source)
        return pattern
    from .pattern_syntax import PatternError

    classes = source.count("\\p") + source.count("\\P")
    machine.spend(1 + len(source) + CLASS_STEPS * classes)
    try:
        pattern = Pattern(source)
    except PatternError as error:
        machine.spend(REFUSED_STEPS if len(source) <= MAX_PATTERN_LENGTH else 1)
        raise failure(str(error)) from None
    machine.spend(STEPS_PER_INSTRUCTION * pattern.size)
    cache[source] = pattern
    if len(cache) > MAX_CACHED_PATTERNS:
        cache.popitem(last=False)
    return pattern


def charge(machine: Machine, pattern: Pattern, text: str) -> None:
    """Charge the steps of running *pattern* over *text* once, to its end at worst.

    RE2 is linear in the text, and in the pattern: it holds each character against all that may
    come next. A pattern of the usual size becomes a table, where a character is one look.
    """
    if pattern.size > SMALL_PATTERN:
        machine.spend(len(text) * pattern.size >> 5)
    elif len(text) > BIG_TEXT:
        machine.spend(len(text) >> 3)


def each(machine: Machine, pattern: Pattern, data: bytes) -> Iterator[Spans]:
    """`Pattern.spans`, with a look at the clock before each search.

    `[ab]*c|a` reads to the end of a text for each `a` that it finds in it.
    """
    for spans in pattern.spans(data):
        machine.check_time()
        yield spans


def pay_for_matches(machine: Machine, found: int) -> None:
    """Charge the last `MATCHES_PER_CHARGE` of *found* matches."""
    machine.spend(MATCHES_PER_CHARGE * STEPS_PER_MATCH)
    machine.check_growth(found * ITEM_BYTES)


def replace(machine: Machine, pattern: Pattern, text: str, replacement: str, limit: int = 0) -> str:
    """*text* with matches replaced, at most *limit* of them (0: all).

    *replacement* knows `$1`, `${1}`, `$name`, `${name}` and `$$`; a group that does not exist or
    took no part gives nothing. Raises LimitError before the result outgrows a value's bound.
    """
    charge(machine, pattern, text)
    data = text.encode()
    expand = template(pattern, replacement)
    if pattern.literal is not None and limit == 0:
        literal = pattern.literal
        replaced = _replace_literally(machine, data, literal, expand(literal, [(0, len(literal))]))
        if replaced is not None:
            return replaced.decode()
    return _replace_one_by_one(machine, pattern, data, expand, limit)


def _replace_literally(machine: Machine, data: bytes, old: bytes, new: bytes) -> bytes | None:
    """*data* with each *old* replaced, paid for as if they were found one by one.

    None where that fails, so that it fails at the match that is one too many.
    """
    count = data.count(old)
    if not count:
        return data
    size = len(data) + count * (len(new) - len(old))
    if max(size, count * ITEM_BYTES) > machine.max_length:
        return None
    machine.spend(count // MATCHES_PER_CHARGE * MATCHES_PER_CHARGE * STEPS_PER_MATCH)
    if size > BIG_TEXT:
        machine.check_length(size)
    return data.replace(old, new)


def _replace_one_by_one(
    machine: Machine, pattern: Pattern, data: bytes, expand: Expand, limit: int
) -> str:
    pieces: list[bytes] = []
    at = size = 0
    for count, spans in enumerate(each(machine, pattern, data), 1):
        start, end = spans[0]
        new = expand(data, spans)
        size += start - at + len(new)
        if size > machine.max_length:
            machine.check_growth(size)
        pieces += (data[at:start], new)
        at = end
        if not count % MATCHES_PER_CHARGE:
            pay_for_matches(machine, count)
        if count == limit:
            break
    if not pieces:
        return data.decode()
    size += len(data) - at
    if size > BIG_TEXT:
        machine.check_length(size)
    pieces.append(data[at:])
    return b"".join(pieces).decode()


# --- replacement templates ---


def template(pattern: Pattern, replacement: str) -> Expand:
    """What writes *replacement* for a match in UTF-8 data."""
    if "$" not in replacement:
        constant = replacement.encode()
        return lambda data, spans: constant
    parts = _template_parts(pattern, replacement)

    def expand(data: bytes, spans: Spans) -> bytes:
        return b"".join(
            [part if isinstance(part, bytes) else data[slice(*spans[part])] for part in parts]
        )

    return expand


def _template_parts(pattern: Pattern, replacement: str) -> list[bytes | int]:
    """Literal texts and group numbers, in order."""
    parts: list[bytes | int] = []
    at = 0
    while (dollar := replacement.find("$", at)) >= 0:
        parts.append(replacement[at:dollar].encode())
        name, at = _reference(replacement, dollar + 1)
        if name is None:
            # Not a reference: `$$` is one dollar, any other `$` stands for itself.
            parts.append(b"$")
            continue
        group = _group_number(pattern, name)
        if 0 <= group <= pattern.group_count:
            parts.append(group)
    parts.append(replacement[at:].encode())
    return parts


def _group_number(pattern: Pattern, name: str) -> int:
    if name.isascii() and name.isdigit():
        return int(name) if len(name) <= 4 else -1
    return pattern.group_names.get(name, -1)


def _reference(text: str, at: int) -> tuple[str | None, int]:
    """The group named after a `$` that ends at *at*, and where the text goes on."""
    if text.startswith("$", at):
        return None, at + 1
    if text.startswith("{", at):
        close = text.find("}", at)
        return (None, at) if close < 0 else (text[at + 1 : close], close + 1)
    end = at
    while end < len(text) and (text[end] == "_" or (text[end].isascii() and text[end].isalnum())):
        end += 1
    return (None, at) if end == at else (text[at:end], end)
