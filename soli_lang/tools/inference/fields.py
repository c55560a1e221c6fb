"""What a class without a constructor is given for its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.near_names import did_you_mean
from ...tree import nodes
from .classes import ClassInfo
from .types import Type

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk


def judge_fields(walk: Walk, info: ClassInfo, given: Type) -> None:
    """Report values that are not of the type of their field, and names that are misspelt."""
    shape = given[0].shape if given and len(given) == 1 else None
    if shape is None or shape.contract:
        return
    declared = [name for one in info.line() for name in one.fields]
    for name, type_ in shape.fields.items():
        field, at = info.field(name), shape.keys[name]
        if isinstance(field, nodes.FieldDecl) and field.type is not None:
            what = f"'{name}' is declared {field.type.text}"
            walk.judge_value(type_, walk.annotated(field.type), at, what)
        elif field is None and name not in walk.member_names:
            hint = did_you_mean(name, declared)
            if hint is not None:
                message = f"{info.name} has no field '{name}'"
                walk.warning("unknown-member", message, at.span, hint)
