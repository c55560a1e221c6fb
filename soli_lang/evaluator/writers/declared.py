"""Checks of declared types, where the host asks for them (docs/spec §7.3)."""

from __future__ import annotations

from typing import Any

from ...meaning.declared import Check, checks_types, names_of, type_check
from ...tree import nodes
from .. import python as py
from ..scopes import Variable
from ..unit import Unit
from ..writer import Writer


def declared_check(writer: Writer, ref: nodes.TypeRef | None, what: str) -> Check | None:
    """What checks a value that is declared as *ref*; None: nothing does."""
    if ref is None or not checks_types(writer.machine):
        return None
    return type_check(ref, f"{what} {ref.text}", names_of(_Around(writer.unit), writer.machine))


def checked_value(writer: Writer, variable: Variable, value: Any, node: nodes.Node) -> Any:
    """*value*, which *variable* is given by *node*, checked if the variable has a type."""
    check = writer.unit.checks.get(variable)
    if check is None:
        return value
    return py.call(writer.bind(check), value, at=writer.at(node))


class _Around:
    """What `names_of` asks a piece of code for."""

    __slots__ = ("unit",)

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
