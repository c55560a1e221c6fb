"""Names without a value: what is said when they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..base.errors import SoliNameError
from ..base.source import Span

if TYPE_CHECKING:
    from .scopes import Block
    from .unit import Unit


class Missing:
    """A name in the program, and where it stands, for when it has no value."""

    __slots__ = ("block", "name", "span", "unit")

    def __init__(self, unit: Unit, name: str, span: Span, block: Block) -> None:
        self.unit = unit
        self.name = name
        self.span = span
        self.block = block

    def error(self, names: Any = None) -> SoliNameError:
        """`Undefined variable 'name'`, with the nearest known name as a hint."""
        from ..base.foreign_words import foreign_hint  # only needed for what is wrong
        from ..base.near_names import did_you_mean

        source = self.unit.source
        known = names or {*self.block.visible_names(), *self.unit.machine.globals}
        hint = foreign_hint(self.name, source.text[self.span.end : self.span.end + 1])
        hint = hint or did_you_mean(self.name, known)
        return SoliNameError(f"Undefined variable '{self.name}'", self.span, source, hint=hint)
