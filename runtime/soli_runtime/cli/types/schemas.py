"""Declared fields as JSON Schema (draft 7): what a client sends, before validators convert it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soli_stdlib.validation.validators import NO_DEFAULT, Validator

from soli_lang.values.values import Symbol, Value

from ...builtins.messages import Validated
from ...routing.messages import Fields, Items, Kind, Shape

Schema = dict[str, Any]

_TYPES = {
    "String": "string",
    "Int": "integer",
    "Float": "number",
    "Bool": "boolean",
    "Array": "array",
    "Hash": "object",
    "Null": "null",
}
_VALIDATED = {
    "string": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "array": "array",
    "hash": "object",
}
_LENGTHS = {"string": "Length", "array": "Items", "hash": "Properties"}


def schema_of(shape: Shape) -> Schema:
    """What fits *shape*."""
    if isinstance(shape, Kind):
        return {"type": _TYPES[shape.name]}
    if isinstance(shape, Items):
        return {"type": "array", "items": schema_of(shape.item)}
    if isinstance(shape, Fields):
        optional = {name for name, one in shape.fields.items() if not _is_required(one)}
        return _object({name: schema_of(one) for name, one in shape.fields.items()}, optional)
    assert isinstance(shape, Validated)
    return _of_validator(shape.validator)


def _is_required(shape: Shape) -> bool:
    if not isinstance(shape, Validated):
        return True
    return shape.validator.is_required and shape.validator.default is NO_DEFAULT


def _object(properties: Mapping[str, Schema], optional: set[str]) -> Schema:
    required = [name for name in properties if name not in optional]
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return {**schema, "required": required} if required else schema


def _of_validator(validator: Validator) -> Schema:
    schema: Schema = {"type": _VALIDATED[validator.kind]}
    if validator.element is not None:
        schema["items"] = _of_validator(validator.element)
    if validator.schema is not None:
        schema = _of_fields(validator.schema)
    for rule, parameter in validator.rules:
        schema.update(_of_rule(rule, parameter, validator.kind))
    if validator.is_nullable:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if validator.default is not NO_DEFAULT:
        schema["default"] = validator.default
    return schema


def _of_fields(fields: Mapping[Any, Value]) -> Schema:
    named = {
        key.name if isinstance(key, Symbol) else key: one
        for key, one in fields.items()
        if isinstance(one, Validator)
    }
    optional = {name for name, one in named.items() if not _is_required(Validated(one))}
    return _object({name: _of_validator(one) for name, one in named.items()}, optional)


def _of_rule(rule: str, parameter: Value, kind: str) -> Schema:
    """What JSON Schema can say of a rule; nothing of others."""
    if rule in ("min", "max"):
        return {f"{rule}imum": parameter}
    if rule in ("min_length", "max_length") and kind in _LENGTHS:
        return {rule[:3] + _LENGTHS[kind]: parameter}
    if rule == "one_of" and all(isinstance(one, str | int | float | None) for one in parameter):
        return {"enum": list(parameter)}
    if rule == "pattern":
        return {"pattern": parameter}
    return {"format": {"email": "email", "url": "uri"}[rule]} if rule in ("email", "url") else {}
