"""Methods of String (docs/spec §L3) at their edges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_stdlib.ground.number_text import (
    int_in_base,
    int_text,
    lenient_int,
    parse_float,
    parse_int,
)

from soli_lang.base.errors import LimitError, SoliArgumentError, SoliError, SoliTypeError
from soli_lang.base.limits import Limits
from soli_lang.machine.machine import Machine

from ..conftest import Call
from ..installed import Library

CASES: list[tuple[str, str, tuple[Any, ...], Any]] = [
    ("héllo", "length", (), 5),
    ("héllo", "bytesize", (), 6),
    ("héllo", "index_of", ("l",), 2),
    ("ǆ", "capitalize", (), "Ǆ"),
    ("\x1c x \u2003", "trim", (), "\x1c x"),
    ("a\r\n", "chomp", (), "a\r"),
    ("a\r", "chomp", (), "a"),
    ("a\n\n", "chomp", (), "a\n"),
    ("", "chop", (), ""),
    ("", "lines", (), []),
    ("a\r\nb\r", "lines", (), ["a", "b\r"]),
    ("\n", "lines", (), [""]),
    ("abc", "count", ("",), 4),
    ("abc", "partition", ("",), ["", "", "abc"]),
    ("abc", "rpartition", ("-",), ["", "", "abc"]),
    ("abc", "rpartition", ("",), ["abc", "", ""]),
    ("hello", "substring", (2, -1), ""),
    ("x", "lpad", (3, ""), "  x"),
    ("x", "lpad", (3, "ab"), "aax"),
    ("x", "lpad", (3, 5), "  x"),
    ("xyz", "lpad", (0,), "xyz"),
    ("ab", "truncate", (2,), "ab"),
    ("héllo wörld", "truncate", (6,), "hél..."),
    ("abcdef", "truncate", (2, "....."), ".."),
    ("aab  b", "squeeze", (" b",), "aab b"),
    ("ééa", "squeeze", (), "éa"),
    ("hello", "tr", ("lo", "01"), "he001"),
    ("aXa", "tr", ("aa", "12"), "1X1"),
    ("a-b_c", "camelize", (), "aBC"),
    ("_foo_Bar", "camelize", (), "fooBar"),
    ("Œuvre ßtraße 日本", "slugify", (), "oeuvre-sstrasse"),
    ("Az", "succ", (), "Ba"),
    ("Zz", "succ", (), "AAa"),
    ("a99", "succ", (), "b00"),
    ("99", "succ", (), "100"),
    ("<9>", "succ", (), "<10>"),
    ("--", "succ", (), "--"),
    ("<é>", "html_entities", (), "<&#233;>"),
    ("Straße", "casecmp?", ("STRASSE",), False),
    ("B", "casecmp", ("a",), 1),
    ("", "chr", (), ""),
    ("-ff", "hex", (), -255),
    ("x", "blank?", (), False),
    ("\u3000", "blank?", (), True),
    ("\x1f", "blank?", (), False),
    ("a.b", "split", (".",), ["a", "b"]),
    ("", "split", ("",), ["", ""]),
    ("aaa", "delete", ("",), "aaa"),
    ("abc", "insert", (3, "d"), "abcd"),
    ("ab", "join", (), "ab"),
]


@pytest.mark.parametrize(("text", "name", "arguments", "expected"), CASES)
def test_a_string_method_gives(
    send: Call, text: str, name: str, arguments: tuple[Any, ...], expected: Any
) -> None:
    """The result is the one of the specification."""
    assert send(text, name, *arguments) == expected


ERRORS: list[tuple[str, str, tuple[Any, ...], str]] = [
    ("a", "contains", (1,), "Type error: contains expects a string argument"),
    ("a", "include?", (None,), "Type error: include? expects a string argument"),
    ("a", "starts_with?", (1,), "Type error: starts_with? expects a string argument"),
    ("a", "split", (1,), "Type error: split expects a string delimiter"),
    ("a", "substring", ("0", 1), "Type error: substring expects integer start"),
    ("a", "substring", (0, 1.0), "Type error: substring expects integer end"),
    ("a", "substring", (True, 1), "Type error: substring expects integer start"),
    ("a", "insert", (-1, "x"), "Type error: insert expects a non-negative integer index"),
    ("a", "insert", ("1", "x"), "Type error: insert expects a non-negative integer index"),
    ("a", "insert", (2, "x"), "Type error: insert index out of bounds"),
    ("a", "lpad", (-1,), "Type error: lpad expects non-negative integer width"),
    ("a", "rpad", ("1",), "Type error: rpad expects non-negative integer width"),
    ("a", "ljust", (0,), "Type error: ljust expects a positive integer width"),
    (
        "a",
        "center",
        (1_048_577,),
        "Type error: center width 1048577 exceeds the maximum of 1048576",
    ),
    ("a", "truncate", (0,), "Type error: truncate expects a positive integer length"),
    (
        "a",
        "camelize",
        (1,),
        "Type error: camelize expects a boolean argument (true for PascalCase)",
    ),
    ("1", "to_i", ("2",), "Type error: to_i base must be an Int"),
    ("1", "to_i", (True,), "Type error: to_i base must be an Int"),
    ("1", "to_i", (37,), "Type error: to_i base must be between 2 and 36, got 37"),
    ("xyz", "hex", (), "Type error: invalid hex: invalid digit found in string"),
    ("9", "oct", (), "Type error: invalid octal: invalid digit found in string"),
    ("a", "is_a?", (5,), "Type error: is_a? expects a string argument"),
    ("a", "gsub", (1, ""), "Type error: gsub expects a string pattern"),
    ("a", "gsub", ("a", 1), "Type error: gsub expects a string replacement"),
    ("a", "gsub", ("a", "", -1), "Type error: gsub limit must be a non-negative integer"),
    ("a", "center", (), "Wrong number of arguments: expected 2, got 0"),
    ("a", "gsub", ("a",), "Wrong number of arguments: expected 2, got 1"),
    ("a", "split", (",", 2), "Wrong number of arguments: expected 1, got 2"),
    ("a", "squeeze", ("a", "b"), "Wrong number of arguments: expected 1, got 2"),
    ("a", "upcase", (1,), "Wrong number of arguments: expected 0, got 1"),
]


@pytest.mark.parametrize(("text", "name", "arguments", "message"), ERRORS)
def test_a_wrong_argument_is_reported_in_the_words_of_the_specification(
    send: Call, text: str, name: str, arguments: tuple[Any, ...], message: str
) -> None:
    """The message names the method as it was called."""
    with pytest.raises(SoliError) as failure:
        send(text, name, *arguments)

    assert failure.value.message == message


def test_padding_reaches_its_maximum() -> None:
    """A width of 1,048,576 is the last that works."""
    soli = Library(limits=Limits(max_value_bytes=1_048_576))
    assert len(soli.send("x", "lpad", 1_048_576)) == 1_048_576


@pytest.mark.parametrize("name", ["lpad", "rpad", "ljust", "rjust", "center"])
def test_padding_counts_as_built(send: Call, name: str) -> None:
    """A value may have a million bytes here: so may a padded one."""
    with pytest.raises(LimitError, match="value too large"):
        send("x", name, 1_000_001)


def test_replacing_is_refused_before_the_result_outgrows_a_value(send: Call) -> None:
    """1,000 characters that become 2,000 each would be two million."""
    with pytest.raises(LimitError):
        send("a" * 1000, "replace", "a", "b" * 2000)


def test_gsub_is_refused_before_the_result_outgrows_a_value(send: Call) -> None:
    """The same with a pattern."""
    with pytest.raises(LimitError):
        send("a" * 1000, "gsub", "a", "b" * 2000)


def test_replacing_up_to_the_limit_works(send: Call) -> None:
    """Exactly one million characters is allowed."""
    assert len(send("a" * 1000, "replace", "a", "b" * 1000)) == 1_000_000


# --- numbers in text ---


@pytest.mark.parametrize("text", ["", "1_000", " 1", "1 ", "٣", "1.0", "+-1", "--1", "0x1", "+"])
def test_text_that_python_takes_for_an_int_is_none_in_soli(text: str) -> None:
    """Only a sign and ASCII digits are an Int."""
    assert parse_int(text) is None


@pytest.mark.parametrize("text", ["", ".", "e5", "1_0.0", " 1.0", "1e", "0x1p3", "١.٥", "infin"])
def test_text_that_is_no_float(text: str) -> None:
    """Only decimal and exponent forms and the names of infinity and NaN are Floats."""
    assert parse_float(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [(".5", 0.5), ("5.", 5.0), ("-1E3", -1000.0), ("+inf", float("inf"))]
)
def test_text_that_is_a_float(text: str, value: float) -> None:
    """A point may stand at either end."""
    assert parse_float(text) == value


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_int_reads_back_from_its_digits(number: int) -> None:
    """`str` and `int` are inverse."""
    assert parse_int(str(number)) == number


@given(st.integers(-(2**63), 2**63 - 1), st.integers(2, 36))
def test_every_int_reads_back_in_any_base(number: int, base: int) -> None:
    """`to_s(base)` and `to_i(base)` are inverse."""
    assert int_in_base(int_text(number, base), base) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2**63 - 1),
        ("-1e30", -(2**63)),
        ("nan", 0),
        ("0" * 5000 + "7", 7),
        ("9" * 5000, 2**63 - 1),
        ("1,5e1", 15),
    ],
)
def test_to_i_stops_at_the_limits_of_64_bits(text: str, value: int) -> None:
    """Text beyond 64 bits is read as a Float and held at the limit."""
    assert lenient_int(text) == value


@pytest.mark.parametrize("text", ["9" * 40, "zz", "0x", "", "-", "1 1"])
def test_to_i_in_a_base_gives_0_for_what_is_no_number(text: str) -> None:
    """Overflow counts as no number."""
    assert int_in_base(text, 16) == 0


def test_length_takes_no_argument(send: Call) -> None:
    """The arity error is an ArgumentError."""
    with pytest.raises(SoliArgumentError):
        send("a", "length", 1)


def test_big_texts_cost_steps(machine: Machine, send: Call) -> None:
    """A megabyte of upper case is not one step."""
    before = machine.fuel = 1_000_000

    send("a" * 100_000, "upcase")

    assert machine.fuel < before - 1000


def test_ord_of_nothing_is_an_error(send: Call) -> None:
    """There is no first character."""
    with pytest.raises(SoliTypeError, match="ord on empty string"):
        send("", "ord")
