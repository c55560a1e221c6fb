"""validate, V.* and permit (docs/spec §L18, §L12.5)."""

from __future__ import annotations

from typing import Any

import pytest

from soli_lang.values.values import Symbol

from ..installed import Library


@pytest.fixture
def soli() -> Library:
    return Library()


def validator(soli: Library, kind: str, *rules: Any) -> Any:
    """`V.KIND()` with rules: names, or (name, argument)."""
    made = soli.call(f"V.{kind}")
    for rule in rules:
        name, *arguments = (rule,) if isinstance(rule, str) else rule
        made = soli.send(made, name, *arguments)
    return made


def outcome(soli: Library, value: Any, kind: str, *rules: Any) -> Any:
    """The accepted value, or the code and message of the failure."""
    result = soli.call("validate", {"x": value}, {"x": validator(soli, kind, *rules)})
    if result["valid"]:
        return result["data"]["x"]
    return (result["errors"][0]["code"], result["errors"][0]["message"])


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", 5, "5"),
        ("string", 1.0, "1"),
        ("string", True, "true"),
        ("int", 3.9, 3),
        ("int", True, 1),
        ("int", " 42 ", 42),
        ("int", "-3.9", -3),
        ("int", "9223372036854775807", 9223372036854775807),
        ("float", 1, 1.0),
        ("float", "2.5", 2.5),
        ("float", False, 0.0),
        ("bool", 0, False),
        ("bool", 0.5, True),
        ("bool", " YES ", True),
        ("bool", "", False),
        ("array", [1], [1]),
        ("hash", {"a": 1}, {"a": 1}),
    ],
)
def test_coercion(soli: Library, kind: str, value: object, expected: object) -> None:
    """Each kind takes what can be read as it."""
    result = outcome(soli, value, kind)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("string", [], "cannot convert array to string"),
        ("int", "abc", "cannot convert 'abc' to int"),
        ("int", [], "cannot convert array to int"),
        ("float", "inf", "cannot convert 'inf' to float"),
        ("bool", "maybe", "cannot convert 'maybe' to bool"),
        ("array", "a", "cannot convert 'a' to array"),
        ("hash", 1, "cannot convert int to hash"),
    ],
)
def test_failed_coercion(soli: Library, kind: str, value: object, message: str) -> None:
    """What cannot be converted is a type_error of its field."""
    result = soli.call("validate", {"x": value}, {"x": validator(soli, kind)})
    assert result["errors"] == [{"field": "x", "message": message, "code": "type_error"}]


@pytest.mark.parametrize(
    ("value", "kind", "rules", "expected"),
    [
        (5, "int", [("min", 5), ("max", 5)], 5),
        (4, "int", [("min", 5)], ("min", "must be at least 5")),
        (6.5, "float", [("max", 6)], ("max", "must be at most 6")),
        ("éé", "string", [("min_length", 2), ("max_length", 2)], "éé"),
        ("a", "string", [("min_length", 2)], ("min_length", "must be at least 2 characters")),
        ([1, 2], "array", [("max_length", 1)], ("max_length", "must be at most 1 characters")),
        ("abc", "string", [("pattern", "^a")], "abc"),
        ("b", "string", [("pattern", "^a")], ("pattern", "must match pattern ^a")),
        ("b", "string", [("pattern", "(")], ("invalid_pattern", "invalid pattern: (")),
        ("a.b+c@x-y.test", "string", ["email"], "a.b+c@x-y.test"),
        ("a@b", "string", ["email"], ("invalid_email", "must be a valid email")),
        ("a@b.test\n", "string", ["email"], ("invalid_email", "must be a valid email")),
        (5, "int", ["email"], ("type_error", "must be a string for email validation")),
        ("https://x.test/a?b#c", "string", ["url"], "https://x.test/a?b#c"),
        ("ftp://x", "string", ["url"], ("invalid_url", "must be a valid URL")),
        ("javascript:x", "string", ["url"], ("invalid_url", "must be a valid URL")),
        ("a", "string", [("one_of", ["a", "b"])], "a"),
        ("c", "string", [("one_of", ["a", "b"])], ("one_of", "must be one of: a, b")),
        ("1", "string", ["letters"], ("letters", "must contain at least one letter")),
        ("a", "string", ["numbers"], ("numbers", "must contain at least one number")),
        ("a1", "string", ["symbols"], ("symbols", "must contain at least one symbol")),
        (
            "aa",
            "string",
            ["mixed_case"],
            ("mixed_case", "must contain both uppercase and lowercase characters"),
        ),
        ("aA1!", "string", ["letters", "mixed_case", "numbers", "symbols"], "aA1!"),
    ],
)
def test_rules(soli: Library, value: object, kind: str, rules: Any, expected: object) -> None:
    """Each rule judges the coerced value; the first failure is reported."""
    assert outcome(soli, value, kind, *rules) == expected


def test_rules_run_in_the_order_written(soli: Library) -> None:
    """A field reports its first failure only."""
    assert outcome(soli, "a", "string", "numbers", ("min_length", 5))[0] == "numbers"
    assert outcome(soli, "a", "string", ("min_length", 5), "numbers")[0] == "min_length"


def test_missing_fields(soli: Library) -> None:
    """A default fills in, required complains, others are left out, nullable keeps null."""
    schema = {
        "a": validator(soli, "int", ("default", 7)),
        "b": validator(soli, "int", "required"),
        "c": validator(soli, "int"),
        "d": validator(soli, "int", "required", "nullable"),
        "e": validator(soli, "int", "required", "optional"),
    }
    result = soli.call("validate", {"d": None}, schema)
    assert result["data"] == {"a": 7, "d": None}
    assert result["errors"] == [{"field": "b", "message": "is required", "code": "required"}]
    assert result["valid"] is False


def test_null_data_is_an_empty_hash(soli: Library) -> None:
    """validate(null, …) reports what is required."""
    result = soli.call("validate", None, {"b": validator(soli, "int", "required")})
    assert [error["field"] for error in result["errors"]] == ["b"]


def test_confirmation(soli: Library) -> None:
    """Two fields must agree."""
    schema = {"p": validator(soli, "string", ("confirmation", "q"))}
    assert soli.call("validate", {"p": "a", "q": "a"}, schema)["valid"] is True
    result = soli.call("validate", {"p": "a", "q": "b"}, schema)
    assert result["errors"] == [{"field": "p", "message": "does not match", "code": "confirmation"}]


def test_nested_hashes_and_arrays(soli: Library) -> None:
    """Errors inside name the way; only fields of the schema stay."""
    inner = {"n": validator(soli, "int", ("min", 1))}
    schema = {
        "h": soli.call("V.hash", inner),
        "t": soli.call("V.array", validator(soli, "string", ("max_length", 1))),
    }
    good = soli.call("validate", {"h": {"n": "5", "other": 1}, "t": [1, "b"]}, schema)
    assert good["data"] == {"h": {"n": 5}, "t": ["1", "b"]}
    bad = soli.call("validate", {"h": {"n": 0}, "t": ["a", "bc"]}, schema)
    assert [error["field"] for error in bad["errors"]] == ["h.n", "t[1]"]


def test_validators_do_not_change(soli: Library) -> None:
    """A rule gives a new validator."""
    plain = soli.call("V.int")
    soli.send(plain, "min", 5)
    assert soli.call("validate", {"x": 1}, {"x": plain})["valid"] is True


def test_symbol_keys(soli: Library) -> None:
    """A schema may name its fields with symbols."""
    result = soli.call("validate", {"a": "1"}, {Symbol("a"): validator(soli, "int")})
    assert result["data"] == {Symbol("a"): 1}


def test_wrong_arguments(soli: Library) -> None:
    """Data and schema are hashes."""
    assert soli.failure("validate", 5, {}) == "validate() expects data to be a hash or null"
    assert soli.failure("validate", {}, 5) == "validate() expects schema to be a hash"


# --- permit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "shape", "kept"),
    [
        ({"a": 1, "b": 2}, {"a": True}, {"a": 1}),
        ({"a": None}, {"a": True}, {"a": None}),
        ({"a": [1]}, {"a": True}, {}),
        ({"a": {"x": 1}}, {"a": True}, {}),
        ({"a": [1, {"x": 1}, "b", [2]]}, {"a": []}, {"a": [1, "b"]}),
        ({"a": 1}, {"a": []}, {}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": True}}, {"a": {"x": 1}}),
        ({"a": [{"x": 1, "y": 2}, 5]}, {"a": [{"x": True}]}, {"a": [{"x": 1}]}),
        ({"a": {"0": {"x": 1, "y": 2}}}, {"a": [{"x": True}]}, {"a": {"0": {"x": 1}}}),
        ({"a": {"k": {"x": 1}}}, {"a": [{"x": True}]}, {}),
        ({"a": 1}, {"a": False}, {}),
        (None, {"a": True}, {}),
    ],
)
def test_permit_keeps_what_the_shape_allows(
    soli: Library, params: object, shape: object, kept: object
) -> None:
    """Scalars, arrays of scalars, hashes and arrays of hashes; anything else goes."""
    assert soli.call("permit", params, shape) == kept


def test_permit_needs_hashes(soli: Library) -> None:
    """Params and shape are hashes."""
    assert soli.failure("permit", 5, {}) == "permit() expects a params hash, got int"
    assert soli.failure("permit", {}, []) == "permit() expects a shape hash, got array"
