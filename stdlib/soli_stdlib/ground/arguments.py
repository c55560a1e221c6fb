"""Readings of arguments that several builtins share."""

from __future__ import annotations

import math
from typing import Any

from soli_lang.base.errors import SoliPlainTypeError
from soli_lang.values.kinds import type_name
from soli_lang.values.semantics import MAX_INT, MIN_INT
from soli_lang.values.values import Symbol, Value


def truncated(number: int | float) -> int:
    """*number* cut toward zero; NaN is 0, past 64 bits it stops at the limit (docs/spec §L1.5)."""
    if number != number:
        return 0
    if number.__class__ is float and math.isinf(number):
        return MAX_INT if number > 0 else MIN_INT
    return max(MIN_INT, min(MAX_INT, int(number)))


def expect(value: Value, kind: type, name: str, noun: str) -> None:
    """Raise `NAME() expects NOUN, got TYPE` unless *value* is a *kind*."""
    if value.__class__ is not kind:
        raise SoliPlainTypeError(f"{name}() expects {noun}, got {type_name(value)}")


def option(options: dict[Any, Value], name: str, default: Value = None) -> Value:
    """The entry *name* of an options hash, written `"name": v` or `:name => v`."""
    if name in options:
        return options[name]
    return options.get(Symbol(name), default)
