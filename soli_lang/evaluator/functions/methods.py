"""Methods: functions that belong to a class and take their receiver as `this`."""

from __future__ import annotations

from collections.abc import Callable

from ...values.objects import SoliClass
from ...values.values import SKIP, Function, FunctionCode, Value
from ..compiler import Frame


def without_skip(invoke: Callable[..., Value]) -> Callable[..., Value]:
    """*invoke* for who wants a value: a body that ended in `next` or `break` yields null."""

    def invoke_without_skip(*arguments: Value) -> Value:
        value = invoke(*arguments)
        return None if value is SKIP else value

    return invoke_without_skip


class Method:
    """A function of a class. `invoke(this, *arguments)` takes exactly `arity` arguments."""

    __slots__ = ("arity", "auto", "call", "code", "frame", "invoke", "owner")

    def __init__(self, code: FunctionCode, frame: Frame, owner: SoliClass) -> None:
        self.code = code
        self.frame = frame
        self.owner = owner
        self.arity = code.arity
        self.auto = code.auto
        self.call: Callable[..., Value] = code.as_method[1](frame)
        self.invoke: Callable[..., Value] = self._first if code.pending else self._invoke()

    def _invoke(self) -> Callable[..., Value]:
        invoke = self.code.as_method[0](self.frame)
        return without_skip(invoke) if self.code.skips else invoke

    def _first(self, *arguments: Value) -> Value:
        """What stands for `invoke` until the method is called: then it is compiled."""
        self.invoke = self._invoke()
        return self.invoke(*arguments)

    @property
    def name(self) -> str:
        return self.code.name

    def bind(self, this: Value) -> Function:
        """The method as a function of its own, with `this` fixed."""
        return self.code.bind(self.frame, this)


def function_as_method(function: Function, owner: SoliClass) -> Method:
    """A lambda or function made a method (`define_method`): its `this` is then the receiver."""
    return Method(function.code, function.frame, owner)
