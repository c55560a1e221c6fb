"""How validators coerce and judge values; texts and codes as docs/spec §L18 gives them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.semantics import equals
from soli_lang.values.values import Value

from ..ground.arguments import option, truncated
from ..text.patterns import charge, compiled

# Compiled by `re` when first used: importing the library must cost little.
_INT_TEXT = r"[+-]?[0-9]{1,30}"
_FLOAT_TEXT = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_EMAIL = r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}"
_URL = r"(?i)https?://[^\s/?#]+(?:[/?#]\S*)?"
MAX_NUMBER_TEXT = 400
"""Characters; longer text is no number."""
TRUE_WORDS = frozenset(("true", "1", "yes", "on"))
FALSE_WORDS = frozenset(("false", "0", "no", "off", ""))


class Failed(Exception):
    """A value that does not pass, with its code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


# --- coercion -------------------------------------------------------------------------------------


def coerce(value: Value, kind: str) -> Value:
    """*value* as a value of *kind*. Raises Failed `type_error`."""
    return _COERCIONS[kind](value)


def _cannot(value: Value, kind: str) -> Failed:
    shown = f"'{value}'" if isinstance(value, str) else type_name(value)
    return Failed("type_error", f"cannot convert {shown} to {kind}")


def _to_string(value: Value) -> Value:
    if isinstance(value, str):
        return value
    if value.__class__ in (int, float, bool):
        return to_text(value)
    raise _cannot(value, "string")


def _to_int(value: Value) -> Value:
    if value.__class__ is bool:
        return int(value)
    if value.__class__ in (int, float):
        return truncated(value)
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(_INT_TEXT, text) and (number := int(text)) == truncated(number):
            return number
        parsed = _parsed(text)
        if parsed is not None:
            return truncated(parsed)
    raise _cannot(value, "int")


def _to_float(value: Value) -> Value:
    if value.__class__ in (int, float, bool):
        return float(value)
    if isinstance(value, str) and (parsed := _parsed(value.strip())) is not None:
        return parsed
    raise _cannot(value, "float")


def _parsed(text: str) -> float | None:
    if len(text) > MAX_NUMBER_TEXT or not re.fullmatch(_FLOAT_TEXT, text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _to_bool(value: Value) -> Value:
    if value.__class__ in (int, float, bool):
        return value != 0
    if isinstance(value, str):
        word = value.strip().lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
    raise _cannot(value, "bool")


def _same(kind: type, name: str) -> Callable[[Value], Value]:
    def same(value: Value) -> Value:
        if value.__class__ is not kind:
            raise _cannot(value, name)
        return value

    return same


_COERCIONS: dict[str, Callable[[Value], Value]] = {
    "string": _to_string,
    "int": _to_int,
    "float": _to_float,
    "bool": _to_bool,
    "array": _same(list, "array"),
    "hash": _same(dict, "hash"),
}


# --- rules ----------------------------------------------------------------------------------------


def check(
    machine: Machine, rule: str, parameter: Value, value: Value, data: dict[Any, Value]
) -> None:
    """Judge the coerced *value* of a field of *data* by one rule. Raises Failed."""
    if isinstance(value, str):
        machine.spend(len(value) >> 3)
    _RULES[rule](machine, parameter, value, data)


Rule = Callable[[Machine, Value, Value, dict[Any, Value]], None]


def _check_min(_: Machine, limit: Value, value: Value, __: Any) -> None:
    if value.__class__ in (int, float) and not value >= limit:
        raise Failed("min", f"must be at least {to_text(limit)}")


def _check_max(_: Machine, limit: Value, value: Value, __: Any) -> None:
    if value.__class__ in (int, float) and not value <= limit:
        raise Failed("max", f"must be at most {to_text(limit)}")


def _check_min_length(_: Machine, limit: Value, value: Value, __: Any) -> None:
    if isinstance(value, str | list | dict) and len(value) < limit:
        raise Failed("min_length", f"must be at least {limit} characters")


def _check_max_length(_: Machine, limit: Value, value: Value, __: Any) -> None:
    if isinstance(value, str | list | dict) and len(value) > limit:
        raise Failed("max_length", f"must be at most {limit} characters")


def _text(value: Value, purpose: str) -> str:
    if not isinstance(value, str):
        raise Failed("type_error", f"must be a string for {purpose} validation")
    return value


def _check_pattern(machine: Machine, source: Value, value: Value, __: Any) -> None:
    text = _text(value, "pattern")
    try:
        pattern = compiled(machine, source, _bad_pattern)
    except _BadPattern:
        raise Failed("invalid_pattern", f"invalid pattern: {source}") from None
    charge(machine, pattern, text)
    if not pattern.is_match(text):
        raise Failed("pattern", f"must match pattern {source}")


class _BadPattern(SoliValueError):
    pass


def _bad_pattern(detail: str) -> SoliError:
    return _BadPattern(detail)


def _check_email(_: Machine, __: Value, value: Value, ___: Any) -> None:
    if not re.fullmatch(_EMAIL, _text(value, "email")):
        raise Failed("invalid_email", "must be a valid email")


def _check_url(_: Machine, __: Value, value: Value, ___: Any) -> None:
    if not re.fullmatch(_URL, _text(value, "URL")):
        raise Failed("invalid_url", "must be a valid URL")


def _check_one_of(_: Machine, choices: Value, value: Value, __: Any) -> None:
    if not any(equals(value, choice) for choice in choices):
        raise Failed("one_of", f"must be one of: {', '.join(map(to_text, choices))}")


def _contains(code: str, message: str, wanted: Callable[[str], bool]) -> Rule:
    def rule(_: Machine, __: Value, value: Value, ___: Any) -> None:
        if not any(map(wanted, _text(value, code))):
            raise Failed(code, message)

    return rule


def _check_mixed_case(_: Machine, __: Value, value: Value, ___: Any) -> None:
    text = _text(value, "mixed_case")
    if not (any(map(str.isupper, text)) and any(map(str.islower, text))):
        raise Failed("mixed_case", "must contain both uppercase and lowercase characters")


def _is_symbol(character: str) -> bool:
    return not character.isalnum() and not character.isspace()


def _check_confirmation(_: Machine, field: Value, value: Value, data: dict[Any, Value]) -> None:
    other = option(data, field)
    if not equals(value, other) and to_text(value) != to_text(other):
        raise Failed("confirmation", "does not match")


_RULES: dict[str, Rule] = {
    "min": _check_min,
    "max": _check_max,
    "min_length": _check_min_length,
    "max_length": _check_max_length,
    "pattern": _check_pattern,
    "email": _check_email,
    "url": _check_url,
    "one_of": _check_one_of,
    "letters": _contains("letters", "must contain at least one letter", str.isalpha),
    "mixed_case": _check_mixed_case,
    "numbers": _contains("numbers", "must contain at least one number", str.isdigit),
    "symbols": _contains("symbols", "must contain at least one symbol", _is_symbol),
    "confirmation": _check_confirmation,
}
