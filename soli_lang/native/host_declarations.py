"""What a host defines, as functions of Soli with types: from the annotations of its Python code."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

_TYPES: Final[dict[Any, str]] = {
    str: "String", int: "Int", float: "Float", bool: "Bool", Decimal: "Decimal", bytes: "Bytes",
    dict: "Hash", Mapping: "Hash", list: "Array", Sequence: "Array", type(None): "Null",
}  # fmt: skip


def declaration_of(name: str, code: Callable[..., Any]) -> str:
    """`def price_of(id: Int) -> Float` and its `end`; a comment for what takes any number."""
    try:
        hints = get_type_hints(code if inspect.isroutine(code) else type(code).__call__)
    except (NameError, TypeError):
        hints = {}  # of names that only a checker of types sees
    params: list[str] = []
    for param in inspect.signature(code).parameters.values():
        if param.kind is param.VAR_POSITIONAL:
            return f"# {name} takes any number of arguments: --define {name}/{len(params)}+\n"
        if param.kind in (param.POSITIONAL_ONLY, param.POSITIONAL_OR_KEYWORD):
            default = "" if param.default is param.empty else " = null"
            params.append(param.name + _annotation(": ", hints.get(param.name)) + default)
    result = _annotation(" -> ", hints.get("return"))
    return f"def {name}({', '.join(params)}){result}\nend\n"


def _annotation(before: str, hint: Any) -> str:
    written = _type(hint)
    return before + written if written else ""


def _type(hint: Any) -> str:
    """The type of Soli for one of Python; empty for what has none."""
    if get_origin(hint) in (Union, types.UnionType):
        others = [one for one in get_args(hint) if one is not type(None)]
        inner = _type(others[0]) if len(others) == 1 else ""
        return f"{inner}?" if inner else ""
    return _TYPES.get(get_origin(hint) or hint, "") if hint is not None else ""
