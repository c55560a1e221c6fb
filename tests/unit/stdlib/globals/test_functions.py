"""Global functions, universal members, scalars and error classes (docs/spec §L0-L2, §L9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import soli_stdlib

from soli_lang.base.errors import CapabilityError, LimitError, SoliError
from soli_lang.base.limits import Capabilities, Limits
from soli_lang.machine.machine import Machine
from soli_lang.values.objects import ErrorValue
from soli_lang.values.values import Symbol

from ..conftest import Call

CASES: list[tuple[str, tuple[Any, ...], Any]] = [
    ("str", (None,), "null"),
    ("int", ("+5",), 5),
    ("int", (-3.99,), -3),
    ("int", (1e300,), 2**63 - 1),
    ("int", (float("nan"),), 0),
    ("int", (True,), 1),
    ("float", ("5.",), 5.0),
    ("len", ("héllo",), 5),
    ("len", ({"a": 1},), 1),
    ("type", (True,), "bool"),
    ("range", (0, 10, 4), [0, 4, 8]),
    ("range", (3, 0, -2), [3, 1]),
    ("range", (3, 0), []),
    ("hash", (), {}),
    ("has_key", ({1: 2}, 1), True),
    ("has_key", ({1: 2}, True), False),
    ("contains", ("abc", "b"), True),
    ("replace", ("aba", "a", "x"), "xbx"),
    ("await", (5,), 5),
    ("debug", (), None),
    ("clock", (), 1.5),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), CASES)
def test_a_global_function_gives(
    run: Call, name: str, arguments: tuple[Any, ...], expected: Any
) -> None:
    """The result is the one of the specification, of the right type."""
    result = run(name, *arguments)

    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("int", ("4.5",), "cannot convert '4.5' to int"),
        ("int", ("9223372036854775808",), "cannot convert '9223372036854775808' to int"),
        ("int", (Decimal(1),), "cannot convert decimal to int"),
        ("float", (True,), "cannot convert bool to float"),
        ("float", ("1_0",), "cannot convert '1_0' to float"),
        ("len", (5,), "len() expects array, string, or hash, got int"),
        ("range", (1,), "range() expects 2 or 3 arguments, got 1"),
        ("range", (1, 2, 0), "range() step cannot be zero"),
        ("range", (1.0, 2), "range() expects integer start, got float"),
        ("range", (1, "2"), "range() expects integer end, got string"),
        ("range", (1, 2, True), "range() expects integer step, got bool"),
        ("has_key", ([], 1), "has_key() expects hash as first argument, got array"),
        ("has_key", ({}, []), "has_key() key must be string, int, or bool, got array"),
        ("contains", (1, "a"), "contains() expects string, got int"),
        ("sleep", ("1",), "sleep() expects number"),
        ("sleep", (True,), "sleep() expects number"),
        ("len", (), "Wrong number of arguments: expected 1, got 0"),
        ("hash", (1,), "Wrong number of arguments: expected 0, got 1"),
    ],
)
def test_a_wrong_argument_is_reported_in_the_words_of_the_specification(
    run: Call, name: str, arguments: tuple[Any, ...], message: str
) -> None:
    """Functions put nothing before the message."""
    with pytest.raises(SoliError) as failure:
        run(name, *arguments)

    assert failure.value.message == message


def test_print_writes_display_forms_with_spaces(run: Call, printed: list[str]) -> None:
    """And a newline."""
    run("print", 1, "a", None, [1.0])

    assert printed == ["1 a null [1]\n"]


def test_puts_without_arguments_writes_an_empty_line(run: Call, printed: list[str]) -> None:
    """`puts` and `println` are `print`."""
    run("puts")

    assert printed == ["\n"]


def test_a_range_up_to_the_limit_is_made(machine: Machine, run: Call) -> None:
    """Eight bytes per item."""
    assert len(run("range", 0, machine.max_length // 8)) == machine.max_length // 8


def test_a_range_beyond_the_limit_is_refused(machine: Machine, run: Call) -> None:
    """Before it is built."""
    with pytest.raises(LimitError):
        run("range", 0, machine.max_length // 8 + 1)


def test_a_range_of_everything_is_refused(run: Call) -> None:
    """More items than Python could count."""
    with pytest.raises(LimitError):
        run("range", -(2**63), 2**63 - 1)


@pytest.mark.parametrize("name", ["print", "input"])
def test_what_the_host_did_not_grant_is_denied_by_name(name: str) -> None:
    """The error names the capability."""
    machine = Machine(Limits(), Capabilities())
    soli_stdlib.install(machine)

    with pytest.raises(CapabilityError, match=name):
        machine.globals[name].soli_call([], None, None)


def test_input_strips_the_end_of_the_line() -> None:
    """The host gets the prompt."""
    asked: list[str] = []

    def read(prompt: str) -> str:
        asked.append(prompt)
        return " Ada \r\n"

    machine = Machine(Limits(), Capabilities(input=read))
    soli_stdlib.install(machine)

    assert (machine.globals["input"].soli_call(["name? "], None, None), asked) == (
        " Ada",
        ["name? "],
    )


def test_input_at_the_end_is_empty() -> None:
    """Not null."""
    machine = Machine(Limits(), Capabilities(input=lambda prompt: None))
    soli_stdlib.install(machine)

    assert machine.globals["input"].soli_call([], None, None) == ""


# --- members of all values ---


@pytest.mark.parametrize(
    ("value", "name", "arguments", "expected"),
    [
        (0, "blank?", (), False),
        (False, "blank?", (), True),
        (None, "present?", (), False),
        ([], "blank?", (), True),
        ({}, "present?", (), False),
        (Symbol("a"), "class", (), "symbol"),
        (None, "nil?", (), True),
        (1.5, "is_a?", ("numeric",), True),
        (True, "is_a?", ("numeric",), False),
        (True, "is_a?", ("object",), True),
        (5, "is_a?", ("Int",), False),
        (Decimal("1.50"), "inspect", (), "Decimal(1.50)"),
        (None, "to_s", (), ""),
        (None, "to_f", (), 0.0),
        (True, "to_i", (), 1),
        (Symbol("a"), "to_string", (), "a"),
        (b"ab", "length", (), 2),
    ],
)
def test_every_value_answers(
    send: Call, value: Any, name: str, arguments: tuple[Any, ...], expected: Any
) -> None:
    """As sections 0.1 and 9 say."""
    result = send(value, name, *arguments)

    assert (result, type(result)) == (expected, type(expected))


BARE = {
    5: "abs chr even? odd? zero? positive? negative? succ next pred sqrt to_f to_float to_s "
    "to_string sleep class nil? blank? present? inspect",
    1.5: "abs ceil floor round truncate sqrt finite? infinite? nan? zero? positive? negative? "
    "to_i to_int to_s to_string sleep",
    True: "to_i to_int to_s to_string",
    None: "to_a to_array to_f to_float to_i to_int to_s to_string",
    "s": "ascii_only? bytes bytesize camelize capitalize chars chomp chop chr downcase empty? hex "
    "html_entities len length lines lowercase lstrip next oct ord parse_json reverse rstrip size "
    "slugify split squeeze strip succ swapcase to_f to_float to_h to_i to_int to_s to_string "
    "to_sym trim upcase uppercase",
}
BARE_ARRAY = (
    "clear compact compact_blank count empty? first flatten last len length max min pop "
    "reverse rotate sample shift shuffle size sort sum to_json to_string uniq"
)
BARE_HASH = (
    "clear compact empty? entries flatten invert keys length shift size to_h to_json to_string "
    "values"
)


@pytest.mark.parametrize(
    ("value", "name"),
    [(value, name) for value, names in BARE.items() for name in names.split()]
    + [([], name) for name in BARE_ARRAY.split()]
    + [({}, name) for name in BARE_HASH.split()],
)
def test_a_method_runs_without_parentheses(machine: Machine, value: Any, name: str) -> None:
    """The complete list of section 0.5."""
    assert machine.find_method(value, name).bare


@pytest.mark.parametrize(
    ("value", "name"),
    [("s", "contains"), ("s", "join"), ([], "avg"), ([], "tally"), ([], "map"), ({}, "get")],
)
def test_a_method_that_needs_parentheses(machine: Machine, value: Any, name: str) -> None:
    """Bare access gives a Method value."""
    assert not machine.find_method(value, name).bare


# --- classes ---


def test_an_error_object_keeps_its_message(machine: Machine) -> None:
    """docs/spec §9.1: `new ValueError("m").message`."""
    klass = machine.globals["ValueError"]

    error = klass.instantiate(klass, ["m"], {"code": 5})

    assert isinstance(error, ErrorValue)
    assert error.fields == {"message": "m", "code": 5}


def test_every_kind_of_error_has_a_class(machine: Machine) -> None:
    """What the language raises can be caught by class."""
    raised = [one for one in SoliError.__subclasses__() if one.__module__ == "soli_lang.errors"]
    kinds = {one.kind for one in raised} - {"Thrown", "Cancelled"}

    assert kinds <= set(machine.error_classes)


def test_all_error_classes_descend_from_error(machine: Machine) -> None:
    """`catch Error e` catches them all."""
    assert all(klass.is_a("Error") for klass in machine.error_classes.values())


def test_the_classes_of_builtin_types_say_whose_methods_they_hold(machine: Machine) -> None:
    """`String.class_eval` must find `str`."""
    assert machine.type_classes["String"] == (str,)


def test_array_new_makes_an_array(machine: Machine) -> None:
    """The value itself, no wrapper."""
    klass = machine.globals["Array"]

    assert klass.instantiate(klass, []) == []


def test_two_machines_do_not_share_builtins(machine: Machine) -> None:
    """What one program adds to a type stays with it."""
    other = Machine(Limits(), Capabilities())
    soli_stdlib.install(other)
    machine.methods["upcase"].clear()

    assert other.find_method("a", "upcase").call("a", [], None, None) == "A"
