"""Which calls in class bodies can be right: the checker's view of docs/decisions/0030."""

from __future__ import annotations

from collections.abc import Iterator

from ...tree import nodes
from ...tree.class_macros import CLASS_FUNCTIONS, FRAMEWORK_MACROS, own_statics


class ClassStatics:
    """The static methods of the classes of a file, as far as the file shows them."""

    def __init__(self, program: nodes.Program) -> None:
        self._classes: dict[str, nodes.ClassDecl] = {}
        self._ambiguous: set[str] = set()
        for node in nodes.every(program, (nodes.ClassDecl,)):
            if node.name in self._classes:
                self._ambiguous.add(node.name)
            self._classes[node.name] = node

    def of(self, declaration: nodes.ClassDecl) -> frozenset[str] | None:
        """Names of all static methods, or None when something inherited is not in this file."""
        found: set[str] = set()
        for one, as_static in self._contributors(declaration):
            if one is None:
                return None
            found |= own_statics(one.members)
            if as_static:
                found |= {
                    member.function.name
                    for member in one.members
                    if isinstance(member, nodes.MethodDecl)
                }
        return frozenset(found)

    def _contributors(
        self, declaration: nodes.ClassDecl
    ) -> Iterator[tuple[nodes.ClassDecl | None, bool]]:
        """*declaration*, its ancestors and their mixins; whether methods become static there."""
        pending: list[tuple[nodes.ClassDecl | None, bool]] = [(declaration, False)]
        seen: set[tuple[str, bool]] = set()
        while pending:
            one, as_static = pending.pop()
            yield one, as_static
            if one is None or (one.name, as_static) in seen:
                continue
            seen.add((one.name, as_static))
            if one.superclass is not None:
                pending.append((self._named(one.superclass), as_static))
            for member in one.members:
                if isinstance(member, nodes.Mixin):
                    extends = as_static or member.kind == "extend"
                    pending.extend((self._named(name), extends) for name in member.names)
                elif isinstance(member, nodes.HookBlock | nodes.StaticBlock):
                    pending.append((None, False))  # it may define what it likes

    def _named(self, name: str) -> nodes.ClassDecl | None:
        return None if name in self._ambiguous else self._classes.get(name)


def is_unknown(call: nodes.MacroCall, statics: frozenset[str] | None) -> bool:
    """Whether *call* fails as soon as the class is made."""
    if statics is None or call.name in statics:
        return False
    return call.name not in FRAMEWORK_MACROS and call.name not in CLASS_FUNCTIONS


def is_ignored(call: nodes.MacroCall, statics: frozenset[str] | None) -> bool:
    """Whether nothing of *call* is evaluated, for certain or in all likelihood."""
    return call.name in FRAMEWORK_MACROS and call.name not in (statics or ())
