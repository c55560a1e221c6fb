"""Where variables live: dicts, each inside another; and what leaves a body early."""

from __future__ import annotations

from typing import Any

from soli_lang.base.errors import SoliNameError, SoliTypeError
from soli_lang.base.source import Source
from soli_lang.values.values import UNSET, Value


class Signal(BaseException):
    """Leaves a body early; no error of the program."""


class NextSignal(Signal):
    pass


class BreakSignal(Signal):
    pass


class ReturnSignal(Signal):
    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class Environment:
    """The variables of one block, function or file; `outer` is what it stands in.

    `function` is the environment that a bare assignment to an unknown name makes its variable
    in: the innermost function's or the file's own.
    """

    def __init__(self, outer: Environment | None, source: Source, *, owns: bool = False) -> None:
        self.names: dict[str, Value] = {}
        self.constants: set[str] = set()
        self.outer = outer
        self.source = source
        self.function: Environment = self if owns or outer is None else outer.function
        self.this: Value = UNSET
        self.home: Any = None
        """The class in which the method stands that runs here."""
        self.static = False
        """Whether that is a static method."""

    def inner(self) -> Environment:
        """The scope of a block in this one."""
        return Environment(self, self.source)

    def holder(self, name: str) -> Environment | None:
        """The nearest environment that has *name*; the outermost has the builtins."""
        environment: Environment | None = self
        while environment is not None and name not in environment.names:
            environment = environment.outer
        return environment

    def get(self, name: str) -> Value:
        holder = self.holder(name)
        if holder is None:
            raise SoliNameError(f"Undefined variable '{name}'")
        return holder.names[name]

    def define(self, name: str, value: Value, *, constant: bool = False) -> None:
        """`let`, `const` and all declarations: a variable of this very scope."""
        self.names[name] = value
        self.constants.discard(name)
        if constant:
            self.constants.add(name)

    def assign(self, name: str, value: Value) -> None:
        """`name = value` (docs/spec §4.6): builtins are shadowed, never overwritten."""
        holder = self.holder(name)
        if holder is None or holder.outer is None:
            self.function.names[name] = value
        elif name in holder.constants:
            raise SoliTypeError(f"cannot reassign constant '{name}'")
        else:
            holder.names[name] = value

    def receiver(self) -> Value:
        """`this`"""
        environment: Environment | None = self
        while environment is not None:
            if environment.this is not UNSET:
                return environment.this
            environment = environment.outer
        raise SoliTypeError("'this' outside of class")

    def has_receiver(self) -> bool:
        try:
            self.receiver()
        except SoliTypeError:
            return False
        return True

    def is_static(self) -> bool:
        """Whether the method that runs here is a static one."""
        environment: Environment | None = self
        while environment is not None and environment.home is None:
            environment = environment.outer
        return environment is not None and environment.static

    def home_class(self) -> Any:
        """The class whose superclass `super` means."""
        environment: Environment | None = self
        while environment is not None:
            if environment.home is not None:
                return environment.home
            environment = environment.outer
        raise SoliTypeError("'super' outside of class")
