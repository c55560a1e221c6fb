"""What every value answers: class, nil?, blank?, present?, inspect, is_a? (docs/spec §L0.5).

Instances and classes are the evaluator's; these are the builtin types.
"""

from __future__ import annotations

from decimal import Decimal

from soli_lang.machine.machine import Machine
from soli_lang.native.native import String, method
from soli_lang.values import kinds
from soli_lang.values.values import Value

_NUMERIC = frozenset({int, float, Decimal})


@method("any", "class", bare=True)
def class_(value: Value) -> str:
    """The name of its type."""
    return kinds.type_name(value)


@method("any", "inspect", bare=True)
def inspect(machine: Machine, value: Value) -> str:
    """Its form for programmers: strings quoted, long containers over lines."""
    return machine.inspect(value)


@method("any", "nil?", bare=True, quick=lambda py, value: py.compare(value, "is", py.none()))
def is_nil(value: Value) -> bool:
    """Whether it is null."""
    return value is None


@method("any", "blank?", bare=True)
def is_blank(value: Value) -> bool:
    """Whether it is null or false; containers and strings answer for themselves."""
    return value is None or value is False


@method("any", "present?", bare=True)
def is_present(value: Value) -> bool:
    """The opposite of `blank?`."""
    return not is_blank(value)


@method("int", "is_a?", String)
@method("float", "is_a?", String)
@method("decimal", "is_a?", String)
@method("string", "is_a?", String)
@method("symbol", "is_a?", String)
@method("bool", "is_a?", String)
@method("null", "is_a?", String)
@method("array", "is_a?", String)
@method("hash", "is_a?", String)
@method("bytes", "is_a?", String)
def is_a(value: Value, name: str) -> bool:
    """Whether *name* is its type, `object`, or (of numbers) `numeric`."""
    if name == "numeric":
        return value.__class__ in _NUMERIC
    return name == "object" or name == kinds.type_name(value)
