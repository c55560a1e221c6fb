"""Names without a value: what is said when they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..base.errors import SoliNameError
from ..base.source import Span
from ..tree import nodes
from .scopes import THIS

if TYPE_CHECKING:
    from .scopes import Block
    from .unit import Unit


def own_method_hint(name: str, block: Block) -> str | None:
    """How a method of the class around *block* is called: never by its bare name."""
    inside: Block | None = block
    while inside is not None and inside.declaration is None:
        inside = inside.parent
    if inside is None:
        return None
    declaration = inside.declaration
    for member in (*getattr(declaration, "members", ()), *getattr(declaration, "methods", ())):
        if isinstance(member, nodes.MethodDecl) and member.function.name == name:
            call = name + ("(...)" if member.function.params else "")
            if member.is_static:
                return f"a static method is called by its class: `{declaration.name}.{call}`"
            if block.find(THIS) is not None:
                return f"a method is called on its object: `this.{call}`"
    return None


def fieldless(node: nodes.This, text: str) -> str | None:
    """What to write instead of `@name` where no object is that could have the field."""
    name = text[node.span.start : node.span.end]
    if not name.startswith("@"):
        return None
    return f"only objects have fields: a variable is `{name[1:]}`, without the `@`"


class Missing:
    """A name in the program, and where it stands, for when it has no value."""

    __slots__ = ("block", "name", "span", "unit")

    def __init__(self, unit: Unit, name: str, span: Span, block: Block) -> None:
        self.unit = unit
        self.name = name
        self.span = span
        self.block = block

    def error(self, names: Any = None) -> SoliNameError:
        """`Undefined variable 'name'`, with the nearest of *names*, or of what is known here."""
        source = self.unit.source
        error = SoliNameError(f"Undefined variable '{self.name}'", self.span, source)
        error.suggest(lambda: self._hint(names))
        return error

    def _hint(self, names: Any) -> str | None:
        from ..base.foreign_words import foreign_hint, method_hint  # only needed for what is wrong
        from ..base.near_names import did_you_mean
        from ..syntax.scanner.tokens import KEYWORDS

        known = names or {*self.block.visible_names(), *self.unit.machine.globals}
        hint = own_method_hint(self.name, self.block)
        text, methods = self.unit.source.text, self.unit.machine.methods
        hint = hint or foreign_hint(self.name, text, self.span)
        hint = hint or method_hint(self.name, methods, text, self.span)
        return hint or did_you_mean(self.name, known) or did_you_mean(self.name, KEYWORDS)
