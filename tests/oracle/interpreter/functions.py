"""Functions of the program as values: binding arguments, running bodies (docs/spec §6)."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import SoliArgumentError, SoliNameError, SoliTypeError
from soli_lang.tree import nodes
from soli_lang.values.values import SKIP, UNSET, Function, FunctionCode, Value

from .scopes import BreakSignal, NextSignal, ReturnSignal, Scope
from .types import check_result


class Code(FunctionCode):
    """What all functions made from one piece of text share: its node, and the class of a method."""

    __slots__ = ("home", "label", "static", "takes_class", "takes_it")

    def __init__(
        self, node: nodes.FunctionNode, home: Any = None, label: str | None = None
    ) -> None:
        self.node = node
        self.name = node.name
        self.home = home
        self.label = label or node.name
        """What backtraces call it."""
        self.static = self.takes_class = False
        self.required = len(demanded(node))
        self.auto = self.required == 0
        self.skips = True
        self.is_leaf = False
        self.pending = False
        plain = [one for one in node.params if one.default is None and not one.is_block]
        self.arity = len(node.params) if len(plain) == len(node.params) else -1
        self.takes_it = takes_it(node)
        if self.takes_it:
            self.arity = 1

    def bind(self, captured: Any, this: Value) -> Function:
        function = Function(self, captured, this)
        function.invoke = lambda *arguments: self.run(function, list(arguments), None, None)
        function.raw = lambda *arguments: self.run(function, list(arguments), None, None, SKIP)
        return function

    def call(
        self,
        captured: Any,
        this: Value,
        arguments: list[Value],
        named: dict[str, Value] | None,
        block: Value,
    ) -> Value:
        return self.run(Function(self, captured, this), arguments, named, block)

    def loop(self, kind: str, captured: Any, this: Value) -> None:
        return None

    def run(
        self,
        function: Function,
        arguments: list[Value],
        named: dict[str, Value] | None,
        block: Value,
        skipped: Value = None,
    ) -> Value:
        """Call *function*; *skipped* when its body ends in a stray `next` or `break`."""
        inner = function.captured.call()
        inner.this = function.receiver
        inner.home = self.home
        inner.static = self.static and function.receiver is UNSET
        inner.declare_defaults(self.node)
        bind(self.node, inner, arguments, named or {}, block)
        inner.declare(self.node.body)
        try:
            value = inner.body(self.node.body)
        except ReturnSignal as signal:
            value = signal.value
        except (NextSignal, BreakSignal):
            check_result(self.node, None, inner.source)
            return skipped
        return check_result(self.node, value, inner.source)


def takes_it(node: nodes.FunctionNode) -> bool:
    """Whether it is a lambda without parameters that reads its argument as `it` (§6.5)."""
    return node.name == "<lambda>" and not node.params and reads_it(node.body)


def reads_it(node: nodes.Node) -> bool:
    """Whether *node* reads `it`; as the name of what is called that means a function."""
    if isinstance(node, nodes.Name):
        return node.name == "it"
    inside = nodes.children(node)
    if isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Name):
        inside.remove(node.callee)
    if isinstance(node, nodes.Lambda) and not node.function.params:
        return False
    return any(reads_it(one) for one in inside)


def demanded(node: nodes.FunctionNode) -> list[nodes.Param]:
    """The parameters that a call must give."""
    return [one for one in node.params if one.default is None and not one.is_block]


def bind(
    node: nodes.FunctionNode,
    inner: Scope,
    arguments: list[Value],
    named: dict[str, Value],
    block: Value,
) -> None:
    """Give the parameters of *node* their values in *inner* (docs/spec §6.3)."""
    if takes_it(node):
        if len(arguments) > 1:
            raise wrong_number(1, len(arguments))
        inner.names["it"] = arguments[0] if arguments else None
        inner.has_it = True
        return
    given = filled(node, arguments, named, block)
    for one in node.params:
        if one.name in given:
            inner.names[one.name] = given[one.name]
        elif one.default is not None:
            inner.names[one.name] = inner.evaluate(one.default)
        else:
            inner.names[one.name] = block


def filled(
    node: nodes.FunctionNode, arguments: list[Value], named: dict[str, Value], block: Value
) -> dict[str, Value]:
    """What the arguments of a call give to parameters: those by position, then those by name."""
    places = [one for one in node.params if not (one.is_block and block is not None)]
    if len(arguments) > len(places):
        raise wrong_number(len(places), len(arguments))
    given = {one.name: value for one, value in zip(places, arguments, strict=False)}
    for label, value in named.items():
        if all(one.name != label for one in node.params):
            raise SoliNameError(f"Undefined variable '{label}'")
        if label in given or all(one.name != label for one in places):
            raise SoliTypeError(f"duplicate named argument '{label}'")
        given[label] = value
    wanted = demanded(node)
    if any(one.name not in given for one in wanted):
        raise wrong_number(len(wanted), len(arguments) + len(named))
    return given


def wrong_number(expected: int, got: int) -> SoliArgumentError:
    return SoliArgumentError(f"Wrong number of arguments: expected {expected}, got {got}")


def new_function(node: nodes.FunctionNode, scope: Scope) -> Function:
    """A function closed over *scope*."""
    return Code(node).bind(scope, UNSET)
