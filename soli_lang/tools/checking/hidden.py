"""Members that mean something else than their author thinks: hidden methods, foreign constructors,
and private methods that nothing calls."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from ...tree import nodes
from ...values.values import Symbol
from .findings import Findings, Known

CONSTRUCTORS: Final = frozenset({"initialize", "__init__", "constructor"})
"""What other languages call a constructor."""


class HiddenPass:
    """Looks at each class."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self._program = program
        self._known = known
        self._findings = findings

    def run(self) -> None:
        classes = nodes.every(self._program, (nodes.ClassDecl,))
        if not classes:
            return
        mentions = _mentions(self._program.body)
        for node in classes:
            methods = [one for one in node.members if isinstance(one, nodes.MethodDecl)]
            self._fields_over_methods(node, methods)
            self._foreign_constructor(methods)
            self._unused(methods, mentions)

    def _fields_over_methods(self, node: nodes.ClassDecl, methods: list[nodes.MethodDecl]) -> None:
        """`@limit = n` where `limit(n)` is a method: who calls that gets the field from then on."""
        taking = {
            one.function.name
            for one in methods
            if not one.is_static and any(param.default is None for param in one.function.params)
        }
        for method in methods:
            if method.is_static:
                continue
            for found in nodes.walk(method.function.body):
                name = _field_given(found)
                if name in taking:
                    message = f"the field '{name}' hides the method '{name}' from then on"
                    hint = f"give one of them another name: `set_{name}`, `@{name}_value`"
                    self._findings.warning("taken-name", message, found.span, hint)

    def _foreign_constructor(self, methods: list[nodes.MethodDecl]) -> None:
        if any(one.is_constructor for one in methods):
            return
        for one in methods:
            if one.function.name in CONSTRUCTORS and not one.is_static:
                message = f"'{one.function.name}' is a method like others: it does not run"
                hint = "the constructor is `new(…)`: no `def`, no name of its own"
                self._findings.warning("foreign-constructor", message, one.span, hint)

    def _unused(self, methods: list[nodes.MethodDecl], mentions: Counter[str]) -> None:
        if self._known.names or self._known.is_test:
            return  # other files may call it, on objects of classes below
        for one in methods:
            name = one.function.name
            if one.visibility == "private" and not one.is_constructor and not mentions[name]:
                message = f"the private method '{name}' is never called"
                self._findings.warning("unused-method", message, one.span, "remove it")


def _field_given(node: Any) -> str | None:
    """The field of `this` that *node* gives a value."""
    if not isinstance(node, nodes.Assign | nodes.CompoundAssign):
        return None
    target = node.target
    if isinstance(target, nodes.Member) and isinstance(target.object, nodes.This):
        return target.name
    return None


def _mentions(body: nodes.Body) -> Counter[str]:
    """How often each name occurs where it may call a method: as a name, a member, in a text."""
    found: Counter[str] = Counter()
    for node in nodes.walk(body):
        if isinstance(node, nodes.Literal):
            value = node.value.name if isinstance(node.value, Symbol) else node.value
            if isinstance(value, str):
                found[value] += 1
        elif not isinstance(node, nodes.FunctionNode | nodes.Param):
            name = getattr(node, "name", None)
            if isinstance(name, str):
                found[name] += 1
    return found
