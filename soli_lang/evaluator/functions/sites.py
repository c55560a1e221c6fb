"""Places in a program that calls go out from: they add themselves to errors that pass."""

from __future__ import annotations

from ...base.errors import SoliError
from ...native.native import NativeFunction, NativeMethod
from ...tree import nodes
from ...values.objects import Instance, SoliClass
from ...values.values import Value
from ..compiler import Compiler


class Site:
    """A place in the program that calls: adds its position to errors that pass."""

    __slots__ = ("source", "span")

    def __init__(self, compiler: Compiler, node: nodes.Node) -> None:
        self.span = node.span
        self.source = compiler.source

    def passed(self, error: SoliError, callee: Value) -> None:
        """Note that *error* came out of *callee*, called here."""
        error.locate(self.span, self.source)
        name = getattr(callee, "name", None)
        if callee.__class__ is not NativeFunction and callee.__class__ is not NativeMethod and name:
            error.leave(name, self.source, self.span)


class MethodSite(Site):
    """A method call; its line of a backtrace names the class too."""

    __slots__ = ("name",)

    def __init__(self, compiler: Compiler, node: nodes.Node, name: str) -> None:
        super().__init__(compiler, node)
        self.name = name

    def passed(self, error: SoliError, receiver: Value) -> None:
        error.locate(self.span, self.source)
        if isinstance(receiver, Instance) and receiver.soli_class.find_method(self.name):
            error.leave(f"{receiver.soli_class.name}#{self.name}", self.source, self.span)
        elif receiver.__class__ is SoliClass:
            error.leave(f"{receiver.name}.{self.name}", self.source, self.span)
