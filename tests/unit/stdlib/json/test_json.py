"""JSON text (docs/spec §L1.3-L1.4)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_stdlib.json.plain import MAX_DEPTH, NotEncodable
from soli_stdlib.json.scanner import JsonScanner
from soli_stdlib.json.text import decode, encode

from soli_lang.base.errors import LimitError, SoliError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.values.kinds import to_key
from soli_lang.values.objects import EnumValue, ErrorValue, Instance, SoliClass
from soli_lang.values.values import Symbol

from ..conftest import Call


class Moment:
    """A native object with a JSON form."""

    soli_type = "Moment"

    def soli_json(self) -> Any:
        return {"at": Decimal("1.5")}


ENUM = SoliClass("Color")

ENCODED: list[tuple[Any, str]] = [
    (None, "null"),
    (True, "true"),
    (5, "5"),
    ("é/\x7f\u2028", '"é/\x7f\u2028"'),
    ('"\\\b\f\n\r\t\x01\x1f', '"\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f"'),
    (3.0, "3.0"),
    (-0.0, "-0.0"),
    (0.1, "0.1"),
    (1e15, "1000000000000000.0"),
    (9007199254740993.0, "9007199254740992.0"),
    (1e16, "1e16"),
    (-1.5e16, "-1.5e16"),
    (1e21, "1e21"),
    (1.5e300, "1.5e300"),
    (0.00001, "0.00001"),
    (1e-6, "1e-6"),
    (1e-7, "1e-7"),
    (5e-324, "5e-324"),
    (math.nan, "null"),
    ([math.inf, -math.inf], "[null,null]"),
    (Decimal("1.50"), '"1.50"'),
    (Symbol("ok"), '"ok"'),
    ([], "[]"),
    ({}, "{}"),
    ({"b": 1, "a": [1, {"c": None}]}, '{"b":1,"a":[1,{"c":null}]}'),
    ({Symbol("a"): 1, 2: 3}, '{"a":1,"2":3}'),
    ({1: "x", "1": "y"}, '{"1":"y"}'),
    ({None: 1, to_key(True): 2, to_key(Decimal(1)): 3, "a": 4}, '{"a":4}'),
    ({"x": 1e16, "y": "e+"}, '{"x":1e16,"y":"e+"}'),
    (EnumValue(ENUM, "Red", {}), '"Red"'),
    (EnumValue(ENUM, "Rgb", {"r": 1}), '{"variant":"Rgb","r":1}'),
    (Moment(), '{"at":"1.5"}'),
    ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "[1,2,3,4,5,6,7,8,9,10]"),
    ([True] * 10, "[" + ",".join(["true"] * 10) + "]"),
]


@pytest.mark.parametrize(("value", "text"), ENCODED)
def test_a_value_is_encoded_as(value: Any, text: str) -> None:
    """To the character."""
    assert encode(value) == text


def test_hidden_fields_of_an_instance_stay_hidden() -> None:
    """Secrets and underscored names, with the exceptions of section 1.3."""
    names = (
        "name _id _key _rev _created_at _updated_at _x password_hint Password api_token "
        "pw_digest a_secret b_hash hash"
    )
    user = Instance(SoliClass("User"), dict.fromkeys(names.split(), 1))

    assert list(json.loads(encode(user))) == [
        "name",
        "_id",
        "_key",
        "_rev",
        "_created_at",
        "_updated_at",
        "hash",
    ]


def test_an_error_of_the_language_is_encoded_as_its_text() -> None:
    """docs/spec §9.1: where a program uses it as text it is `MESSAGE at LINE:COL`."""
    error = ErrorValue(SoliClass("Error"), {"message": "m", "file": "/secret"})
    error.raised = ("m", 0, 0)

    assert encode({"error": error}) == '{"error":"m at 0:0"}'


@pytest.mark.parametrize(
    ("value", "kind"),
    [(len, "Function"), (SoliClass("A"), "Class"), ([{"f": SoliClass("A")}], "Class")],
)
def test_what_has_no_json_form_is_an_error(value: Any, kind: str) -> None:
    """Functions, classes and the like."""
    with pytest.raises(NotEncodable, match=f"^Cannot convert {kind} to JSON$"):
        encode(value)


def test_stringify_says_that_serializing_failed(run: Call) -> None:
    """The text of section 1.3."""
    with pytest.raises(SoliError) as failure:
        run("JSON.stringify", SoliClass("A"))

    assert failure.value.message == "JSON serialization error: Cannot convert Class to JSON"


def test_to_json_fails_with_the_reason_alone(send: Call) -> None:
    """As a method, it is a type error."""
    with pytest.raises(SoliError) as failure:
        send([SoliClass("A")], "to_json")

    assert failure.value.message == "Type error: Cannot convert Class to JSON"


# --- depth, cycles, size ---


def nested(levels: int, innermost: Any = 1) -> Any:
    value = innermost
    for _ in range(levels):
        value = [value]
    return value


def nested_hash(levels: int, innermost: Any = 1) -> Any:
    value = innermost
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize("make", [nested, nested_hash])
def test_512_levels_are_encoded(make: Callable[[int], Any]) -> None:
    """The deepest that goes."""
    assert encode(make(MAX_DEPTH)) == json.dumps(make(MAX_DEPTH), separators=(",", ":"))


@pytest.mark.parametrize("innermost", [1, Symbol("s")])
def test_513_levels_are_too_deep(innermost: Any) -> None:
    """Whether orjson could write the rest or not."""
    with pytest.raises(NotEncodable, match="structure nested too deeply to serialize"):
        encode(nested(MAX_DEPTH + 1, innermost))


def test_512_levels_around_a_symbol_are_encoded() -> None:
    """The exact way goes as deep as the quick one."""
    assert encode(nested(MAX_DEPTH, Symbol("s"))).count("[") == MAX_DEPTH


def test_what_is_shared_counts_with_all_levels_above_it() -> None:
    """Seen first near the surface, then at the bottom."""
    shared = nested(300)

    with pytest.raises(NotEncodable, match="too deeply"):
        encode([shared, nested(300, shared)])


def cyclic_array() -> Any:
    items: list[Any] = [1]
    items.append({"a": items})
    return items


def cyclic_instance() -> Any:
    item = Instance(SoliClass("Node"))
    item.fields["next"] = [item]
    return item


@pytest.mark.parametrize("make", [cyclic_array, cyclic_instance])
def test_a_cycle_is_an_error(make: Callable[[], Any]) -> None:
    """docs/spec §L1.1."""
    with pytest.raises(NotEncodable, match="structure nested too deeply to serialize"):
        encode(make())


@pytest.mark.parametrize("innermost", [1, Symbol("s")])
def test_shared_arrays_are_refused_before_their_text_explodes(innermost: Any) -> None:
    """Sixty levels of two: more text than there is memory in the world."""
    value: Any = [innermost]
    for _ in range(60):
        value = [value, value]

    with pytest.raises(LimitError):
        encode(value)


def test_text_up_to_the_limit_is_encoded() -> None:
    """The limit is inclusive."""
    assert len(encode("x" * 98, limit=100)) == 100


def test_text_beyond_the_limit_is_refused() -> None:
    """One more byte."""
    with pytest.raises(LimitError):
        encode("x" * 99, limit=100)


def test_stringify_obeys_the_size_limit_of_values(run: Call) -> None:
    """The limit is the machine's."""
    with pytest.raises(LimitError):
        run("JSON.stringify", ["x" * 100_000] * 20)


# --- decoding ---

DECODED: list[tuple[str, Any]] = [
    ("99999999999999999999", 1e20),
    ("9223372036854775807", 2**63 - 1),
    ("9223372036854775808", 9223372036854775808.0),
    ("-9223372036854775808", -(2**63)),
    ("18446744073709551615", 1.8446744073709552e19),
    ("[1, 10000000000000000000]", [1, 1e19]),
    ("-0", 0),
    ("-0.0", -0.0),
    ("1e400", math.inf),
    ("1E2", 100.0),
    (' \t\r\n{"a" : [ ] , "b":{ } }', {"a": [], "b": {}}),
    ('"a\nb\x00c"', "a\nb\x00c"),
    ('"\\ud83d\\ude00\\/\\u00e9"', "😀/é"),
    ('{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
    ('{"a":1,"b":12345678901234567890,"a":3}', {"a": 3, "b": 1.2345678901234567e19}),
    ("[" * 512 + "]" * 512, json.loads("[" * 512 + "]" * 512)),
]


@pytest.mark.parametrize(("text", "value"), DECODED, ids=[text[:30] for text, _ in DECODED])
def test_a_text_is_decoded_as(text: str, value: Any) -> None:
    """Value and type."""
    assert repr(decode(text)) == repr(value)


PROBLEMS: list[tuple[str, str]] = [
    ("", "Unexpected end of JSON"),
    ("  ", "Unexpected end of JSON"),
    ("[1", "Unexpected end of JSON"),
    ('{"a"', "Unexpected end of JSON"),
    ('{"a":', "Unexpected end of JSON"),
    ('{"a":1', "Unexpected end of JSON"),
    ("[1,]", "Unexpected character ']' at position 3"),
    ("é", "Unexpected character 'é' at position 0"),
    ("'a'", "Unexpected character ''' at position 0"),
    ("tru", "Invalid literal at position 0"),
    ("[nul]", "Invalid literal at position 1"),
    ("01", "Invalid number at position 0"),
    ("-", "Invalid number at position 0"),
    ("[1.]", "Invalid number at position 1"),
    ("1e", "Invalid number at position 0"),
    ("-01", "Invalid number at position 0"),
    ("NaN", "Unexpected character 'N' at position 0"),
    ('"a', "Unterminated string"),
    ('"a\\', "Unterminated string escape"),
    ('"\\x"', "Invalid escape \\x"),
    ('"\\u12', "Invalid \\u escape"),
    ('"\\u12g4"', "Invalid hex in \\u escape"),
    ('"\\ud800"', "Missing low surrogate"),
    ('"\\ud800\\u0041"', "Invalid surrogate pair"),
    ('"\\udc00"', "Invalid Unicode codepoint"),
    ("[1 2]", "Expected ',' or ']' at position 3"),
    ('{"a":1 "b"}', "Expected ',' or '}' at position 7"),
    ("{1:2}", "Expected string key at position 1"),
    ('{"a":1,}', "Expected string key at position 7"),
    ('{"a" 1}', "Expected ':' at position 5"),
    ("1 2", "Trailing content at position 2"),
    ('"é" x', "Trailing content at position 4"),
    ("\ufeff1", "Unexpected character '\ufeff' at position 0"),
    ("[" * 513 + "]" * 513, "JSON structure nested too deeply"),
    ("[" * 100_000, "JSON structure nested too deeply"),
    ('{"a":' * 513 + "1" + "}" * 513, "JSON structure nested too deeply"),
]


@pytest.mark.parametrize(("text", "message"), PROBLEMS, ids=[text[:20] for text, _ in PROBLEMS])
def test_a_text_that_is_no_json_is_reported(text: str, message: str) -> None:
    """In the words of section 1.4; positions are characters (docs/spec §3.8)."""
    with pytest.raises(SoliValueError) as failure:
        decode(text)

    assert failure.value.message == message


def test_many_brackets_side_by_side_are_not_deep() -> None:
    """Only nesting counts."""
    assert len(decode("[" + "[],[[]]," * 1000 + "1]")) == 2001


def test_brackets_in_a_text_are_not_deep() -> None:
    """They are characters like others."""
    assert decode('"' + "[" * 2000 + '"') == "[" * 2000


def test_a_text_beyond_the_limit_is_refused() -> None:
    """Its value would take many times its size."""
    with pytest.raises(LimitError):
        decode("[1,2]", limit=4)


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"a":1}', {"a": 1}), ("[1]", {}), ("hello", {}), ("{oops", {}), ("", {}), (" {} ", {})],
)
def test_to_h_is_always_a_hash(send: Call, text: str, value: Any) -> None:
    """docs/spec §L1.4."""
    assert send(text, "to_h") == value


@pytest.mark.parametrize(("text", "value"), [("[1]", [1]), ("5", 5), ("nope", {}), ("null", None)])
def test_parse_json_gives_any_value(send: Call, text: str, value: Any) -> None:
    """And an empty hash for what is no JSON."""
    assert send(text, "parse_json") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "not a JSONP response: no '(' found"),
        ("x(1", "not a JSONP response: no ')' found"),
        (")x(", "malformed JSONP response: ')' before '('"),
    ],
)
def test_what_is_no_jsonp_is_reported(run: Call, text: str, message: str) -> None:
    """Before anything is parsed."""
    with pytest.raises(SoliError) as failure:
        run("JSON.parse_jsonp", text)

    assert failure.value.message == message


def test_jsonp_is_parsed(run: Call) -> None:
    """With the comment that some servers put first."""
    assert run("JSON.parse_jsonp", '/**/cb({"a":[1]});') == {"a": [1]}


def test_the_old_name_is_in_the_error(run: Call) -> None:
    """`json_parse()` instead of `JSON.parse()`."""
    with pytest.raises(SoliError) as failure:
        run("json_parse", 5)

    assert failure.value.message == "json_parse() expects string, got int"


# --- properties ---

TEXT = st.text(st.characters(codec="utf-8"))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20
)


def finite(value: Any) -> Any:
    """*value* with null for infinities, as JSON has none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [finite(item) for item in value]
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return value


@given(VALUES)
def test_what_is_encoded_decodes_to_itself(value: Any) -> None:
    """Types included: `1.0` stays a Float."""
    assert repr(decode(encode(value))) == repr(finite(value))


@given(VALUES)
def test_the_scanner_agrees_with_the_quick_way(value: Any) -> None:
    """Both readers give the same value."""
    text = encode(value)

    assert repr(JsonScanner(text, MAX_DEPTH).run()) == repr(decode(text))


def accepts(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except (SoliValueError, ValueError):
        return False
    return True


@given(st.text(alphabet='[]{}",:01-.eE+truefalsn\\u dx \t'))
def test_any_text_is_read_or_refused_as_json_is(text: str) -> None:
    """No text hurts, and orjson's verdict on it is ours."""
    assert accepts(decode, text) == (
        accepts(orjson.loads, text) or accepts(lambda one: json.loads(one, strict=False), text)
    )


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_reads_back_from_its_json_text(number: float) -> None:
    """And the text has a point or an exponent without plus sign."""
    text = encode(number)

    assert (float(text), "+" in text) == (number, False)
    assert "." in text or "e" in text


def test_encoding_charges_steps(machine: Machine, run: Call) -> None:
    """A long text is not one step."""
    before = machine.fuel = 1_000_000

    run("JSON.stringify", "x" * 40_000)

    assert machine.fuel < before - 2000
