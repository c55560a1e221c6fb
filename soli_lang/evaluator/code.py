"""Functions of a program: written and compiled when they are first called, then made and called.

`Code` is what all functions made from one piece of text share. Its Python function is made by
`make(*captured)`, whose arguments are what nested functions see of the variables around them:
values that do not change any more, and cells of those that may.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..base.collecting import Paused
from ..base.errors import SoliNameError, SoliTypeError
from ..machine.machine import arity_error
from ..meaning.methods import without_skip
from ..tree import nodes
from ..values.values import SKIP, UNSET, Function, FunctionCode, Value
from .facts import Study
from .scopes import HIDDEN, THIS, Block, Variable, declare_parameters
from .summaries import Summary

if TYPE_CHECKING:
    from .unit import Unit

Captured = tuple[Any, ...]


class Code(FunctionCode):
    """A function of a program, not necessarily written yet."""

    __slots__ = (
        "_loops",
        "block",
        "block_name",
        "captured",
        "has_block",
        "has_this",
        "is_method",
        "make",
        "names",
        "study",
        "summary",
        "unit",
    )

    def __init__(
        self,
        unit: Unit,
        node: nodes.FunctionNode,
        around: Block,
        captured: list[Variable],
        *,
        is_method: bool = False,
        has_this: bool = True,
    ) -> None:
        self.unit = unit
        self.node = node
        self.name = node.name
        self.captured = captured
        """Variables of the functions around, in the order in which `make` takes them."""
        self.is_method = is_method
        """Whether the Python function takes `this`, not `make`."""
        self.pending = True
        self.study: Study | None = None
        self._loops: dict[str, Any] = {}
        self.summary: Summary = unit.summaries.of(node)
        self.skips = self.summary.skips
        self.has_this = is_method or self.summary.uses_this
        self.block = Block(around, file=unit.scopes.file, is_function=True)
        self.block.is_method = is_method and has_this
        if self.has_this:
            self.block.declare(HIDDEN if is_method and not has_this else THIS)
        self._parameters()

    def _parameters(self) -> None:
        self.names: list[str] = []
        self.has_block, self.block_name = False, ""
        self.required = 0
        has_defaults = False
        declare_parameters(self.block, self.node.params)
        for param in self.node.params:
            if param.is_block:
                self.has_block, self.block_name = True, param.name
                continue
            self.names.append(param.name)
            self.required += param.default is None
            has_defaults = has_defaults or param.default is not None
        if not self.node.params and self.name == "<lambda>" and self.summary.uses_it:
            self.block.declare("it")
            self.names.append("it")
        self.auto = self.required == 0
        self.arity = -1 if has_defaults or self.has_block else len(self.names)
        self.is_leaf = False

    def loop(self, kind: str, captured: Captured, this: Value) -> Any:
        """A loop over many items, paid for (see `iteration`). None where the body is no such."""
        if self.arity not in (1, 2) or self.skips or self.unit.watcher is not None:
            return None
        self.ready()
        if kind not in self._loops:
            from .item_loops import looping

            self._loops[kind] = looping(self, kind)
        make = self._loops[kind]
        if make is None:
            return None
        return make(*captured, this) if self.has_this else make(*captured)

    def ready(self) -> None:
        """Write and compile it, once."""
        if self.pending:
            from .functions import written

            with Paused():
                self.make: Callable[..., Any] = written(self)
            self.pending = False

    # --- making ---

    def bind(self, captured: Captured, this: Value) -> Function:
        """A function of that code; `this` is UNSET where there is none."""
        if self.pending and self.name == "<lambda>":
            self.ready()
        made = Function(self, captured, this)
        if self.pending:
            made.invoke = _first_call(made)
        else:
            self._fill(made)
        return made

    def prepare(self, function: Function) -> None:
        """Have *function* written, so that its `raw` and `invoke` are what they will be."""
        if self.pending:
            self.ready()
            self._fill(function)

    def _fill(self, function: Function) -> None:
        raw = self._raw(function.captured, function.receiver)
        if self.skips:
            function.invoke, function.raw = without_skip(raw), raw
        else:
            function.invoke = raw

    def _raw(self, captured: Captured, this: Value) -> Callable[..., Value]:
        if self.is_method:
            return partial(self.make(*captured), this)
        return self.make(*captured, this) if self.has_this else self.make(*captured)  # type: ignore[no-any-return]

    def call(
        self,
        captured: Captured,
        this: Value,
        arguments: list[Value],
        named: dict[str, Value] | None,
        block: Value,
    ) -> Value:
        """Bind any arguments, and run it."""
        given = self.filled(arguments, named, block)
        self.ready()
        value = self._raw(captured, this)(*given)
        return None if value is SKIP else value

    def as_method(self, captured: Captured) -> Callable[..., Value]:
        """(this, *arguments) -> value"""
        self.ready()
        if self.is_method:
            return self.make(*captured)  # type: ignore[no-any-return]
        if not self.has_this:
            invoke = self.make(*captured)
            return lambda this, *arguments: invoke(*arguments)
        make = self.make
        return lambda this, *arguments: make(*captured, this)(*arguments)

    # --- arguments (docs/spec §6.3) ---

    def filled(
        self, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> list[Value]:
        """One value for each parameter; UNSET where the default is to be computed.

        Raises the arity error, `Undefined variable 'label'` or the duplicate label error.
        """
        names = self.names
        count, most = len(arguments), len(names)
        if count > most:
            if not (self.has_block and block is None and count == most + 1):
                total = most + (self.has_block and block is None)
                raise arity_error(total, count, self.shown())
            block = arguments[-1]  # a `&block` parameter also takes a plain function
            arguments = arguments[:-1]
            count = most
        given = [*arguments, *[UNSET] * (most - count)]
        if named:
            block = self._fill_named(given, named, count, block)
        if count < most:
            params = [param for param in self.node.params if not param.is_block]
            for index in range(count, most):
                if given[index] is UNSET:
                    if index >= len(params):
                        given[index] = None  # the implicit `it`
                    elif params[index].default is None:
                        raise arity_error(self.required, count + len(named or ()), self.shown())
        if self.has_block:
            given.append(block)
        return given

    def _fill_named(
        self, given: list[Value], named: dict[str, Value], count: int, block: Value
    ) -> Value:
        """Put arguments with a label into their places; the block, which may have one, too."""
        for label, value in named.items():
            if self.has_block and label == self.block_name:
                if block is not None:
                    raise SoliTypeError(f"duplicate named argument '{label}'")
                block = value
                continue
            try:
                index = self.names.index(label)
            except ValueError:
                raise SoliNameError(f"Undefined variable '{label}'") from None
            if index < count:
                raise SoliTypeError(f"duplicate named argument '{label}'")
            given[index] = value
        return block

    def shown(self) -> str:
        """The function as it was written, for hints: `greet(name, greeting = …)`."""
        params = [param for param in self.node.params if not param.is_block]
        names = [
            param.name if param.default is None else f"{param.name} = …" for param in params
        ] or self.names
        listed = ", ".join(names)
        return (
            f"a lambda with |{listed}|" if self.name == "<lambda>" else f"`{self.name}({listed})`"
        )


def _first_call(function: Function) -> Callable[..., Value]:
    """What stands for `invoke` until the function is called."""

    def first(*arguments: Value) -> Value:
        code = function.code
        code.prepare(function)
        if function.invoke is first:
            code._fill(function)  # type: ignore[attr-defined]
        return function.invoke(*arguments)

    return first
