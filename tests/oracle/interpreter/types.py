"""Return types, the only ones that are checked (docs/spec §7.2)."""

from __future__ import annotations

from soli_lang.base.errors import SoliPlainTypeError
from soli_lang.base.source import Source
from soli_lang.tree import nodes
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import Instance
from soli_lang.values.values import Value

BUILTIN = (
    "int", "float", "decimal", "string", "symbol", "bool", "array", "hash", "bytes", "function"
)  # fmt: skip


def fits(wanted: nodes.TypeRef, value: Value) -> bool:
    """Whether *value* is of the type that was written."""
    name = wanted.name.lower()
    if wanted.is_nullable and value is None:
        return True
    if wanted.is_array:
        return type(value) is list
    if name == "any":
        return True
    if name in ("null", "void"):
        return value is None
    if name == "fn":
        name = "function"
    if name in BUILTIN:
        return type_name(value).lower() == name and not isinstance(value, Instance)
    return isinstance(value, Instance) and value.soli_class.name == wanted.name


def check_result(node: nodes.FunctionNode, value: Value, source: Source) -> Value:
    """*value*, which a call of *node* yields, unless its type is not as declared."""
    wanted = node.return_type
    if wanted is None:
        return value
    if wanted.name.lower() == "void" and not wanted.is_array:
        return None
    if not fits(wanted, value):
        message = f"function '{node.name}' expected to return {wanted.text}, got {type_name(value)}"
        raise SoliPlainTypeError(message, node.span, source)
    return value
