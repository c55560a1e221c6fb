"""Methods: functions that belong to a class and take their receiver as `this`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..values.objects import SoliClass
from ..values.values import SKIP, Function, FunctionCode, Value


def without_skip(invoke: Callable[..., Value]) -> Callable[..., Value]:
    """*invoke* for who wants a value: a body that ended in `next` or `break` yields null."""

    def invoke_without_skip(*arguments: Value) -> Value:
        value = invoke(*arguments)
        return None if value is SKIP else value

    return invoke_without_skip


class Method:
    """A function of a class. `invoke(this, *arguments)` takes exactly `arity` arguments."""

    __slots__ = ("arity", "auto", "captured", "code", "invoke", "owner")

    def __init__(self, code: FunctionCode, captured: Any, owner: SoliClass) -> None:
        self.code = code
        self.captured = captured
        self.owner = owner
        self.arity = code.arity
        self.auto = code.auto
        self.invoke: Callable[..., Value] = self._first if code.pending else self._invoke()

    def _invoke(self) -> Callable[..., Value]:
        invoke = self.code.as_method(self.captured)
        return without_skip(invoke) if self.code.skips else invoke

    def _first(self, *arguments: Value) -> Value:
        """What stands for `invoke` until the method is called: then it is compiled."""
        self.invoke = self._invoke()
        return self.invoke(*arguments)

    @property
    def name(self) -> str:
        return self.code.name

    def call(
        self,
        this: Value,
        arguments: list[Value],
        named: dict[str, Value] | None,
        block: Value,
    ) -> Value:
        """Call with any arguments (docs/spec §6.3)."""
        return self.code.call(self.captured, this, arguments, named, block)

    def bind(self, this: Value) -> Function:
        """The method as a function of its own, with `this` fixed."""
        return self.code.bind(self.captured, this)


def function_as_method(function: Function, owner: SoliClass) -> Method:
    """A lambda or function made a method (`define_method`): its `this` is then the receiver."""
    return Method(function.code, function.captured, owner)
