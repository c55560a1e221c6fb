"""What the language does with values, against a model of a few lines and against laws."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from soli_lang import Interpreter, SoliError
from soli_lang.values.display import inspect, to_text
from soli_lang.values.kinds import from_key, is_key, to_key
from soli_lang.values.semantics import MAX_INT, MIN_INT, equals
from soli_lang.values.values import Symbol

from ..support.examples import examples

INTEGERS = st.one_of(
    st.integers(-20, 20),
    st.integers(MIN_INT, MAX_INT),
    st.sampled_from([MIN_INT, MAX_INT, 0, 1, -1]),
)
NUMBERS = st.one_of(INTEGERS, st.floats(allow_nan=False, allow_infinity=False, width=32))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\\\"#'\n\r"), max_size=8)
SCALARS = st.one_of(
    NUMBERS,
    TEXTS,
    st.booleans(),
    st.none(),
    st.builds(Symbol, st.sampled_from("abc")),
    st.decimals(-1000, 1000, places=2, allow_nan=False, allow_infinity=False),
    st.binary(max_size=4),
)
KEYS = SCALARS.filter(is_key)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(KEYS.map(to_key), inner, max_size=4),
    ),
    max_leaves=12,
)

OVERFLOW, ZERO, TYPE, LIMIT = "OverflowError", "ZeroDivisionError", "TypeError", "LimitError"
LARGEST = 64 * 1024 * 1024


def model(operator: str, a: Any, b: Any) -> Any:
    """What `a operator b` is: a value, or the class of its error."""
    if operator in ("==", "!="):
        same = a == b and isinstance(a, bool) == isinstance(b, bool)
        return same == (operator == "==")
    numbers = all(type(x) in (int, float) for x in (a, b))
    if operator in ("<", "<=", ">", ">="):
        if not numbers and not (type(a) is str and type(b) is str):
            return TYPE
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
    if operator == "+" and str in (type(a), type(b)):
        return to_text(a) + to_text(b)
    if operator == "*" and {type(a), type(b)} == {str, int}:
        text, times = (a, b) if type(a) is str else (b, a)
        return LIMIT if len(text) * times > LARGEST else text * times
    if not numbers:
        return TYPE
    if operator in "/%" and b == 0 and (operator == "/" or type(a) is type(b) is int):
        return ZERO
    if type(a) is type(b) is int:
        exact = {
            "+": lambda: a + b,
            "-": lambda: a - b,
            "*": lambda: a * b,
            "/": lambda: (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1),
            "%": lambda: (abs(a) % abs(b)) * (-1 if a < 0 else 1),
        }[operator]()
        return exact if MIN_INT <= exact <= MAX_INT else OVERFLOW
    if operator == "%":
        return math.nan if b == 0 else math.fmod(a, b)
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[
        operator
    ]()


PROGRAM = """
def variables(a, b)
  a {op} b
end
def fields(h)
  h["a"] {op} h["b"]
end
def calls(h)
  h.get("a") {op} h.get("b")
end
class Pair
  new(a, b)
    @a = a
    @b = b
  end
  def members
    @a {op} @b
  end
end
def members(a, b)
  Pair(a, b).members
end
"""


@given(
    st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">="]),
    st.one_of(NUMBERS, TEXTS, st.booleans(), st.none()),
    st.one_of(NUMBERS, TEXTS, st.booleans(), st.none()),
)
@settings(max_examples=examples(150), deadline=None)
def test_operators_agree_with_the_model_wherever_their_operands_come_from(
    operator: str, a: Any, b: Any
) -> None:
    """Variables, hash entries, fields and calls give the same result, and it is the model's."""
    expected = model(operator, a, b)
    program = PROGRAMS[operator]

    for name, arguments in (
        ("variables", (a, b)),
        ("fields", ({"a": a, "b": b},)),
        ("calls", ({"a": a, "b": b},)),
        ("members", (a, b)),
    ):
        try:
            found: Any = program.call(name, *arguments)
        except SoliError as error:
            found = error.kind
        assert type(found) is type(expected), name
        assert found == expected or (found != found and expected != expected), name


def _program(operator: str) -> Any:
    from soli_stdlib import install

    return Interpreter(install).load(PROGRAM.replace("{op}", operator))


PROGRAMS = {
    operator: _program(operator)
    for operator in ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">="]
}


@given(VALUES, VALUES, VALUES)
def test_equality_is_an_equivalence(a: Any, b: Any, c: Any) -> None:
    """It is reflexive, symmetric and transitive."""
    assert equals(a, a)
    assert equals(a, b) == equals(b, a)
    if equals(a, b) and equals(b, c):
        assert equals(a, c)


@given(KEYS, KEYS)
def test_hash_keys_are_one_key_exactly_when_type_and_value_are_the_same(a: Any, b: Any) -> None:
    """`1`, `1.0`, `true` and `1.00D` never meet in a hash (docs/spec §3.9)."""
    one_key = len({to_key(a): 1, to_key(b): 2}) == 1

    assert one_key == (type(a) is type(b) and equals(a, b))


@given(KEYS)
def test_a_key_comes_back_as_the_value_that_was_stored(key: Any) -> None:
    """Reading keys out gives what was put in, with its type."""
    found = from_key(to_key(key))

    assert type(found) is type(key)
    assert found == key


@given(VALUES)
def test_every_value_has_a_text(value: Any) -> None:
    """Display and inspect forms exist for whatever a program can build."""
    assert isinstance(to_text(value), str)
    assert isinstance(inspect(value), str)


@given(st.recursive(
    st.one_of(NUMBERS, TEXTS, st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
))  # fmt: skip
def test_host_values_pass_through_a_program_unchanged(value: Any) -> None:
    """What a host hands in and gets back is the very same value: nothing is converted."""
    assert PROGRAMS["+"].interpreter.call(IDENTITY, value) is value


IDENTITY = PROGRAMS["+"].interpreter.run("fn(x) { x }")


def test_decimals_of_different_scale_are_different_keys() -> None:
    """A decimal key remembers its places, as `==` does."""
    assert len({to_key(Decimal("1.5")): 1, to_key(Decimal("1.50")): 2}) == 2
