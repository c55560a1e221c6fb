"""Methods of String: asking, searching, cutting, changing case (docs/spec §L3).

Lengths and offsets are characters (docs/spec §3.8). Shaping (padding, slugs, `succ`) is in
`string_shapes`, regular expressions are in `string_patterns`.
"""

from __future__ import annotations

from operator import not_
from string import ascii_letters

from soli_lang.base.errors import SoliTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Int, String, method
from soli_lang.values.values import Symbol, Value, symbol

from ..ground.costs import (
    BIG_COLLECTION,
    BIG_TEXT,
    copy_items,
    copy_text,
    given_short_text,
    given_text_in_a_short_one,
    make_items,
    read_text,
    short_text,
)
from ..ground.number_text import (
    WHITE_SPACE,
    int_in_base,
    lenient_float,
    lenient_int,
    strict_int_in_base,
)
from ..json.text import hash_from_text, value_from_text

# --- asking ---


@method(
    "string",
    ("length", "len", "size"),
    bare=True,
    quick=lambda py, text: py.call("len", text),
    direct=len,
)
def length(text: str) -> int:
    """How many characters."""
    return len(text)


@method("string", "bytesize", bare=True)
def bytesize(machine: Machine, text: str) -> int:
    """How many bytes of UTF-8."""
    if text.isascii():
        return len(text)
    read_text(machine, text)
    return len(text.encode())


@method("string", "empty?", bare=True, quick=lambda py, text: py.negation(text), direct=not_)
def is_empty(text: str) -> bool:
    """Whether it has no characters."""
    return not text


@method(
    "string",
    ("contains", "includes?", "include?", "includes"),
    String,
    when=given_text_in_a_short_one,
    quick=lambda py, text, part: py.compare(part, "in", text),
)
def contains(machine: Machine, text: str, part: str) -> bool:
    """Whether *part* is somewhere in it."""
    if len(text) > BIG_TEXT:
        read_text(machine, text)
    return part in text


@method(
    "string",
    ("starts_with", "starts_with?"),
    String,
    when=given_short_text,
    quick=lambda py, text, part: py.method(text, "startswith", part),
)
def starts_with(machine: Machine, text: str, prefix: str) -> bool:
    """Whether it begins with *prefix*."""
    read_text(machine, prefix)
    return text.startswith(prefix)


@method(
    "string",
    ("ends_with", "ends_with?"),
    String,
    when=given_short_text,
    quick=lambda py, text, part: py.method(text, "endswith", part),
)
def ends_with(machine: Machine, text: str, suffix: str) -> bool:
    """Whether it ends with *suffix*."""
    read_text(machine, suffix)
    return text.endswith(suffix)


@method("string", "index_of", String)
def index_of(machine: Machine, text: str, part: str) -> int:
    """Character offset of the first *part*, -1 if there is none."""
    if len(text) > BIG_TEXT:
        read_text(machine, text)
    return text.find(part)


@method("string", "count", String)
def count(machine: Machine, text: str, part: str) -> int:
    """How many times *part* occurs without overlap; `""` occurs around every character."""
    if len(text) > BIG_TEXT:
        read_text(machine, text)
    return text.count(part)


@method("string", "ascii_only?", bare=True)
def is_ascii(text: str) -> bool:
    """Whether every character is below U+0080."""
    return text.isascii()


@method("string", "casecmp", String)
def casecmp(machine: Machine, text: str, other: str) -> int:
    """-1, 0 or 1: the order of the lower-cased forms."""
    read_text(machine, text)
    read_text(machine, other)
    left, right = text.lower(), other.lower()
    return (left > right) - (left < right)


@method("string", "casecmp?", String)
def casecmp_equal(machine: Machine, text: str, other: str) -> bool:
    """Whether the lower-cased forms are equal."""
    return casecmp(machine, text, other) == 0


@method("string", "ord", bare=True)
def ord_(text: str) -> int:
    """Code point of the first character."""
    if not text:
        raise SoliTypeError("ord on empty string")
    return ord(text[0])


# --- case and white space ---


@method(
    "string",
    ("upcase", "uppercase"),
    bare=True,
    when=short_text,
    quick=lambda py, text: py.method(text, "upper"),
)
def upcase(machine: Machine, text: str) -> str:
    """Upper case, with Unicode's full mapping (`ß` gives `SS`)."""
    if len(text) > BIG_TEXT:
        copy_text(machine, text)
    return text.upper()


@method(
    "string",
    ("downcase", "lowercase"),
    bare=True,
    when=short_text,
    quick=lambda py, text: py.method(text, "lower"),
)
def downcase(machine: Machine, text: str) -> str:
    """Lower case."""
    if len(text) > BIG_TEXT:
        copy_text(machine, text)
    return text.lower()


@method("string", "capitalize", bare=True)
def capitalize(machine: Machine, text: str) -> str:
    """First character in upper case, all others in lower case."""
    copy_text(machine, text)
    # Not str.capitalize: that uses title case for digraphs such as `ǆ`.
    return text[:1].upper() + text[1:].lower()


_SWAPPED = str.maketrans(ascii_letters, ascii_letters.swapcase())


@method("string", "swapcase", bare=True)
def swapcase(machine: Machine, text: str) -> str:
    """Upper case where it was lower, and the other way round."""
    copy_text(machine, text)
    if len(text) > BIG_TEXT and text.isascii():
        return text.translate(_SWAPPED)  # str.swapcase takes twelve bytes for each character
    return text.swapcase()


@method(
    "string",
    ("trim", "strip"),
    bare=True,
    when=short_text,
    quick=lambda py, text: py.method(text, "strip", py.constant(WHITE_SPACE)),
)
def trim(machine: Machine, text: str) -> str:
    """Without white space at both ends."""
    if len(text) > BIG_TEXT:
        copy_text(machine, text)
    return text.strip(WHITE_SPACE)


@method("string", "lstrip", bare=True)
def lstrip(machine: Machine, text: str) -> str:
    """Without white space at its start."""
    if len(text) > BIG_TEXT:
        copy_text(machine, text)
    return text.lstrip(WHITE_SPACE)


@method("string", "rstrip", bare=True)
def rstrip(machine: Machine, text: str) -> str:
    """Without white space at its end."""
    if len(text) > BIG_TEXT:
        copy_text(machine, text)
    return text.rstrip(WHITE_SPACE)


@method("string", "chomp", bare=True)
def chomp(machine: Machine, text: str) -> str:
    """Without one `\\n` at its end; if it has none, without one `\\r`."""
    copy_text(machine, text)
    if text.endswith("\n"):
        return text[:-1]
    return text.removesuffix("\r")


@method("string", "chop", bare=True)
def chop(machine: Machine, text: str) -> str:
    """Without its last character."""
    copy_text(machine, text)
    return text[:-1]


# --- cutting and joining ---


@method("string", "split", String(phrase="a string delimiter").optional(" "), bare=True)
def split(machine: Machine, text: str, separator: str) -> list[str]:
    """The parts between *separator*, empty ones included; without one, split at each space."""
    if len(text) > BIG_COLLECTION:
        read_text(machine, text)
        make_items(machine, text.count(separator) + 1)
    if separator:
        return text.split(separator)
    return ["", *text, ""]


@method("string", "substring", Int(phrase="integer start"), Int(phrase="integer end"))
def substring(machine: Machine, text: str, start: int, end: int) -> str:
    """Characters from *start* up to *end* (excluded), both clamped to the text."""
    if end - start > BIG_TEXT:
        copy_text(machine, text)
    return text[max(start, 0) : max(end, 0)]


@method("string", "chars", bare=True)
def chars(machine: Machine, text: str) -> list[str]:
    """Its characters as strings."""
    if text.isascii():
        copy_items(machine, text)  # Python keeps one String for each of these characters
    else:
        make_items(machine, len(text))
    return list(text)


@method("string", "bytes", bare=True)
def bytes_(machine: Machine, text: str) -> list[int]:
    """Its UTF-8 bytes as Ints."""
    data = text.encode()
    copy_items(machine, data)
    return list(data)


@method("string", "lines", bare=True)
def lines(machine: Machine, text: str) -> list[str]:
    """Its lines without `\\n` or `\\r\\n`; no empty line after the last line end."""
    parts = split(machine, text, "\n")
    last = parts.pop()
    result = [part.removesuffix("\r") for part in parts]
    if last:
        result.append(last)
    return result


@method("string", "chr", bare=True)
def chr_(text: str) -> str:
    """First character, or `""`."""
    return text[:1]


@method("string", "reverse", bare=True)
def reverse(machine: Machine, text: str) -> str:
    """Its characters in reverse order."""
    copy_text(machine, text)
    return text[::-1]


@method("string", "partition", String)
def partition(machine: Machine, text: str, separator: str) -> list[str]:
    """What is before the first *separator*, the separator, and what is after it."""
    copy_text(machine, text)
    return list(text.partition(separator)) if separator else ["", "", text]


@method("string", "rpartition", String)
def rpartition(machine: Machine, text: str, separator: str) -> list[str]:
    """What is before the last *separator*, the separator, and what is after it."""
    copy_text(machine, text)
    return list(text.rpartition(separator)) if separator else [text, "", ""]


@method("string", "join")
def join(text: str) -> str:
    """Itself."""
    return text


# --- replacing ---


@method("string", "replace", String, String)
def replace(machine: Machine, text: str, old: str, new: str) -> str:
    """Every *old* replaced by *new*, taken literally."""
    grown = len(new) - len(old)
    if len(text) > BIG_TEXT:
        read_text(machine, text)
    if grown > 0 and len(text) * len(new) > BIG_TEXT:
        machine.check_length(len(text) + text.count(old) * grown)
    return text.replace(old, new)


@method("string", "delete", String)
def delete(machine: Machine, text: str, part: str) -> str:
    """Without any occurrence of *part*."""
    copy_text(machine, text)
    return text.replace(part, "")


@method("string", "delete_prefix", String)
def delete_prefix(machine: Machine, text: str, prefix: str) -> str:
    """Without *prefix*, if it begins with it."""
    copy_text(machine, text)
    return text.removeprefix(prefix)


@method("string", "delete_suffix", String)
def delete_suffix(machine: Machine, text: str, suffix: str) -> str:
    """Without *suffix*, if it ends with it."""
    copy_text(machine, text)
    return text.removesuffix(suffix)


@method("string", "insert", Int(phrase="a non-negative integer index"), String)
def insert(machine: Machine, text: str, index: int, part: str) -> str:
    """With *part* put before the character at *index*."""
    if index < 0:
        raise SoliTypeError("insert expects a non-negative integer index")
    if index > len(text):
        raise SoliTypeError("insert index out of bounds")
    machine.check_length(len(text) + len(part))
    machine.spend((len(text) + len(part)) >> 6)
    return text[:index] + part + text[index:]


@method("string", "prepend", String)
def prepend(machine: Machine, text: str, part: str) -> str:
    """With *part* before it."""
    machine.check_length(len(text) + len(part))
    machine.spend((len(text) + len(part)) >> 6)
    return part + text


# --- conversion ---


@method("string", ("to_s", "to_string"), bare=True, quick=lambda py, text: text)
def to_s(text: str) -> str:
    """Itself."""
    return text


@method("string", "to_sym", bare=True)
def to_sym(text: str) -> Symbol:
    """The symbol of that name."""
    return symbol(text)


@method("string", ("to_i", "to_int"), Any_.optional(10), bare=True)
def to_i(machine: Machine, text: str, base: Value) -> int:
    """The number it begins as: integer or float text, cut; 0 when it is no number."""
    if base.__class__ is not int:
        raise SoliTypeError("to_i base must be an Int")
    if not 2 <= base <= 36:
        raise SoliTypeError(f"to_i base must be between 2 and 36, got {base}")
    read_text(machine, text)
    return lenient_int(text) if base == 10 else int_in_base(text, base)


@method("string", ("to_f", "to_float"), bare=True)
def to_f(machine: Machine, text: str) -> float:
    """The float written in it (a decimal comma will do), 0 when it is no number."""
    read_text(machine, text)
    return lenient_float(text) or 0.0


@method("string", "hex", bare=True, linear=True)
def hex_(text: str) -> int:
    """The Int written in hexadecimal digits."""
    return _strict(text, 16, "hex")


@method("string", "oct", bare=True, linear=True)
def oct_(text: str) -> int:
    """The Int written in octal digits."""
    return _strict(text, 8, "octal")


def _strict(text: str, base: int, kind: str) -> int:
    number = strict_int_in_base(text, base)
    if isinstance(number, str):
        raise SoliTypeError(f"invalid {kind}: {number}")
    return number


@method("string", "to_h", bare=True)
def to_h(machine: Machine, text: str) -> dict[object, Value]:
    """The hash of a JSON object; `{}` for every other text."""
    return hash_from_text(machine, text)


@method("string", "parse_json", bare=True)
def parse_json(machine: Machine, text: str) -> Value:
    """The value of a JSON text; `{}` when it is no JSON."""
    return value_from_text(machine, text)


@method("string", "blank?", bare=True)
def is_blank(machine: Machine, text: str) -> bool:
    """Whether it is nothing but white space."""
    if len(text) > BIG_TEXT:
        copy_text(machine, text)
    return not text.strip(WHITE_SPACE)


@method("string", "present?", bare=True)
def is_present(machine: Machine, text: str) -> bool:
    """Whether it has something else than white space."""
    return not is_blank(machine, text)
