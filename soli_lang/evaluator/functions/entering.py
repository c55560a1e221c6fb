"""Entering functions: frames, the budget of a call, the binding of arguments (spec §6.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ...base.errors import SoliNameError, SoliTypeError
from ...machine.machine import Machine, arity_error
from ...values.values import SKIP, UNSET, Value
from ..compiler import Closure, Frame
from ..statements.bodies import BodyWriter
from ..written_out.templates import CLOSURE, entry_text, maker


class Signature:
    """How arguments fill a frame: what `bind_arguments` needs to know of a function."""

    __slots__ = ("base", "block_index", "defaults", "function", "names", "required", "size")

    def __init__(self, base: int, function: str = "") -> None:
        self.function = function
        """Its name, for hints."""
        self.base = base
        """Slot of the first parameter."""
        self.names: list[str] = []
        self.defaults: list[Closure | None] = []
        self.required = 0
        self.block_index = 0
        """Slot of the `&block` parameter; 0 without one."""
        self.size = 0

    def shown(self) -> str:
        """The function as it was written, for hints: `greet(name, greeting = …)`."""
        pairs = zip(self.names, self.defaults, strict=False)
        names = [name if default is None else f"{name} = …" for name, default in pairs]
        names += self.names[len(names) :]
        listed = ", ".join(names)
        if self.function == "<lambda>":
            return f"a lambda with |{listed}|"
        return f"`{self.function}({listed})`"


class FunctionBody:
    """The written body of a function. `closure` runs it in a finished frame."""

    __slots__ = ("_closure", "_writer")

    def __init__(self, writer: BodyWriter) -> None:
        self._writer: BodyWriter | None = writer
        self._closure: Closure | None = None

    def wrap(self, wrapper: Callable[[Closure], Closure]) -> None:
        """Put *wrapper* around the body; it is then no longer written into entries."""
        self._closure = wrapper(self.closure)
        self._writer = None

    @property
    def closure(self) -> Closure:
        if self._closure is None:
            assert self._writer is not None
            self._closure = self._writer.closure()
        return self._closure

    def lines(self) -> tuple[list[str], dict[str, Any]]:
        """The body as lines that end in `return`, and what their names stand for."""
        if self._writer is None:
            return ["return body(frame)"], {"body": self._closure}
        lines = self._writer.lines
        return lines, self._writer.inliner.bindings_for("\n".join(lines))

    @property
    def calls(self) -> bool:
        """Whether the body may call anything (fallbacks aside)."""
        if self._writer is None:
            return True
        return any(name.startswith(CLOSURE) for name in self._writer.inliner.bindings)

    @property
    def assigns(self) -> bool:
        """Whether the body assigns a variable."""
        return self._writer is None or any(map(_ASSIGNS.match, self._writer.lines))

    @property
    def ends_in_test(self) -> bool:
        """Whether a body that is `straight` gives a Bool of Python's."""
        return self._writer is not None and self._writer.ends_in_test

    @property
    def straight(self) -> tuple[list[str], str] | None:
        """The lines of a body that calls nothing and leaves only at its end, and what it gives."""
        if self._writer is None or self.calls:
            return None
        *lines, last = self._writer.lines
        keyword, _, text = last.partition(" ")
        if keyword != "return" or any("return " in line for line in lines):
            return None
        return lines, text


_ASSIGNS = re.compile(r"\s*(frame|slots)\[\d+\] =")


def invoker(
    machine: Machine, name: str, body: FunctionBody, pad: int, count: int, *, with_this: bool
) -> Callable[[Any], Callable[..., Value]]:
    """A maker: frame around the definition -> callable of *count* arguments (after `this`)."""
    parameters = ["this"] if with_this else []
    parameters += [f"a{index}" for index in range(count)]
    lines, bindings = body.lines()
    bindings.pop("UNSET", None)  # every template knows it
    text = entry_text(
        parameters, pad, lines, list(bindings), calls=body.calls, assigns=body.assigns
    )
    always: dict[str, Any] = {"machine": machine}
    if body.calls:
        always.update(name=name, max_depth=machine.max_depth)
    made: Callable[[Any], Callable[..., Value]] = maker(text)(**always, **bindings)
    return made


def _enter(machine: Machine, name: str, body: FunctionBody) -> Closure:
    """Run *body* in a finished frame, charged and counted as a call."""

    def enter(frame: Frame) -> Value:
        machine.fuel -= 1
        if machine.fuel <= 0:
            machine.refuel()
        depth = machine.depth
        if depth >= machine.max_depth:
            raise machine.too_deep(name)
        machine.depth = depth + 1
        try:
            return body.closure(frame)
        finally:
            machine.depth = depth

    return enter


def caller(machine: Machine, name: str, body: FunctionBody, signature: Signature) -> Any:
    enter = _enter(machine, name, body)

    def make(parent: Frame) -> Callable[..., Value]:
        def call(arguments: list[Value], named: dict[str, Value] | None, block: Value) -> Value:
            frame: Frame = [UNSET] * signature.size
            frame[0] = parent
            bind_arguments(signature, frame, arguments, named, block)
            return enter(frame)

        return call

    return make


def method_caller(machine: Machine, name: str, body: FunctionBody, signature: Signature) -> Any:
    enter = _enter(machine, name, body)

    def make(parent: Frame) -> Callable[..., Value]:
        def call(
            this: Value, arguments: list[Value], named: dict[str, Value] | None, block: Value
        ) -> Value:
            frame: Frame = [UNSET] * signature.size
            frame[0] = parent
            frame[1] = this
            bind_arguments(signature, frame, arguments, named, block)
            value = enter(frame)
            return None if value is SKIP else value

        return call

    return make


def bind_arguments(
    signature: Signature,
    frame: Frame,
    arguments: list[Value],
    named: dict[str, Value] | None,
    block: Value,
) -> None:
    """Fill a frame from the arguments of a call (spec/language.md §6.3).

    Raises the arity error, `Undefined variable 'label'` or the duplicate label error.
    """
    names, base = signature.names, signature.base
    count, most = len(arguments), len(names)
    if count > most:
        if not (signature.block_index and block is None and count == most + 1):
            raise arity_error(most, count, signature.shown())
        block = arguments[-1]  # a `&block` parameter also takes a plain function
        arguments = arguments[:-1]
        count = most
    frame[base : base + count] = arguments
    if named:
        _bind_named(signature, frame, named, count)
    if count < most:
        for index in range(count, most):
            if frame[base + index] is UNSET:
                default = signature.defaults[index]
                if default is None:
                    given = count + len(named or ())
                    raise arity_error(signature.required, given, signature.shown())
                frame[base + index] = default(frame)
    if signature.block_index:
        frame[signature.block_index] = block


def _bind_named(signature: Signature, frame: Frame, named: dict[str, Value], count: int) -> None:
    for label, value in named.items():
        try:
            index = signature.names.index(label)
        except ValueError:
            raise SoliNameError(f"Undefined variable '{label}'") from None
        if index < count:
            raise SoliTypeError(f"duplicate named argument '{label}'")
        frame[signature.base + index] = value
