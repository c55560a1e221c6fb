"""`validate` and `permit`: what a stranger's hash may bring in (docs/spec §L18, §L12.5)."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import SoliPlainTypeError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, function
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Symbol, Value

from .rules import Failed, check, coerce
from .validators import NO_DEFAULT, Validator

Table = dict[Any, Value]
SCALARS = frozenset({str, int, float, bool, type(None)})


class _Rejected(Exception):
    """A field that failed, with the errors to report."""

    def __init__(self, errors: list[Value]) -> None:
        super().__init__()
        self.errors = errors


@function("validate", Any_, Any_)
def validate(machine: Machine, data: Value, schema: Value) -> Table:
    """`{"valid", "data", "errors"}`: what passed, coerced, and what failed and why."""
    if data is not None and not isinstance(data, dict):
        raise SoliPlainTypeError("validate() expects data to be a hash or null")
    if not isinstance(schema, dict):
        raise SoliPlainTypeError("validate() expects schema to be a hash")
    accepted, errors = _validated(machine, data or {}, schema)
    return {"valid": not errors, "data": accepted, "errors": errors}


def _validated(machine: Machine, data: Table, schema: Table) -> tuple[Table, list[Value]]:
    accepted: Table = {}
    errors: list[Value] = []
    machine.spend(len(schema))
    for key, validator in schema.items():
        name = key.name if isinstance(key, Symbol) else key
        if not isinstance(validator, Validator) or not isinstance(name, str):
            raise SoliPlainTypeError(
                f"validate() expects a validator for each field, got {type_name(validator)}"
            )
        try:
            _validate_field(machine, name, key, validator, data, accepted)
        except _Rejected as rejected:
            errors.extend(rejected.errors)
    return accepted, errors


def check_field(
    machine: Machine, name: str, validator: Validator, data: Table
) -> tuple[Table, list[Value]]:
    """The field *name* of *data* if it passes, and what is wrong with it."""
    return _validated(machine, data, {name: validator})


def _validate_field(
    machine: Machine, name: str, key: Value, validator: Validator, data: Table, accepted: Table
) -> None:
    found, value = _lookup(data, name)
    if value is None:
        if validator.default is not NO_DEFAULT:
            accepted[key] = validator.default
        elif found and validator.is_nullable:
            accepted[key] = None
        elif validator.is_required:
            raise _Rejected([_error(name, Failed("required", "is required"))])
        return
    accepted[key] = _judged(machine, name, validator, value, data)


def _lookup(data: Table, name: str) -> tuple[bool, Value]:
    for key in (name, Symbol(name)):
        if key in data:
            return True, data[key]
    return False, None


def _judged(machine: Machine, name: str, validator: Validator, value: Value, data: Table) -> Value:
    """The coerced value. Raises _Rejected."""
    try:
        value = coerce(value, validator.kind)
        for rule, parameter in validator.rules:
            check(machine, rule, parameter, value, data)
    except Failed as failure:
        raise _Rejected([_error(name, failure)]) from None
    if validator.schema is not None:
        return _nested(machine, name, validator.schema, value)
    if validator.element is not None:
        return _items(machine, name, validator.element, value, data)
    return value


def _nested(machine: Machine, name: str, schema: Table, value: Table) -> Table:
    accepted, errors = _validated(machine, value, schema)
    if errors:
        raise _Rejected([{**error, "field": f"{name}.{error['field']}"} for error in errors])
    return accepted


def _items(
    machine: Machine, name: str, element: Validator, values: list[Value], data: Table
) -> list[Value]:
    machine.spend(len(values))
    accepted = []
    for index, value in enumerate(values):
        place = f"{name}[{index}]"
        if value is None and not element.is_nullable:
            raise _Rejected([_error(place, Failed("required", "is required"))])
        judged = None if value is None else _judged(machine, place, element, value, data)
        accepted.append(judged)
    return accepted


def _error(field: str, failure: Failed) -> Table:
    return {"field": field, "message": failure.message, "code": failure.code}


# --- strong parameters ----------------------------------------------------------------------------


@function("permit", Any_, Any_)
def permit(machine: Machine, params: Value, shape: Value) -> Table:
    """A copy of *params* with what *shape* allows."""
    if params is not None and not isinstance(params, dict):
        raise SoliPlainTypeError(f"permit() expects a params hash, got {type_name(params)}")
    if not isinstance(shape, dict):
        raise SoliPlainTypeError(f"permit() expects a shape hash, got {type_name(shape)}")
    return _permitted(machine, params or {}, shape)


_DROPPED = object()


def _permitted(machine: Machine, params: Table, shape: Table) -> Table:
    machine.spend(len(shape))
    kept: Table = {}
    for key, allowed in shape.items():
        name = key.name if isinstance(key, Symbol) else key
        found, value = _lookup(params, name) if isinstance(name, str) else (False, None)
        if found:
            value = _kept(machine, value, allowed)
            if value is not _DROPPED:
                kept[name] = value
    return kept


def _kept(machine: Machine, value: Value, allowed: Value) -> Value:
    if allowed is True:
        return value if value.__class__ in SCALARS else _DROPPED
    if isinstance(allowed, dict):
        return _permitted(machine, value, allowed) if isinstance(value, dict) else _DROPPED
    if not isinstance(allowed, list):
        return _DROPPED
    if not allowed:
        return _scalars(machine, value)
    return _rows(machine, value, allowed[0]) if isinstance(allowed[0], dict) else _DROPPED


def _scalars(machine: Machine, value: Value) -> Value:
    if not isinstance(value, list):
        return _DROPPED
    machine.spend(len(value))
    return [item for item in value if item.__class__ in SCALARS]


def _rows(machine: Machine, value: Value, shape: Table) -> Value:
    """An array of hashes, or the hash with digits for keys that forms make of one."""
    if isinstance(value, list):
        return [_permitted(machine, row, shape) for row in value if isinstance(row, dict)]
    if isinstance(value, dict) and all(isinstance(key, str) and key.isdigit() for key in value):
        return {
            key: _permitted(machine, row, shape)
            for key, row in value.items()
            if isinstance(row, dict)
        }
    return _DROPPED
