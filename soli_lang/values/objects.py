"""Classes and what is made from them: instances, enum values, error objects.

The rules are those of docs/spec §8 and §9.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakSet

from ..base.errors import SoliArgumentError, SoliTypeError
from .values import Function, Value


class Statics(dict[str, Value]):
    """The static members of a class, by name."""

    __slots__ = ("_watched",)

    def __init__(self) -> None:
        super().__init__()
        self._watched: dict[str, list[str]] = {}

    def __setitem__(self, name: str, value: Value) -> None:
        super().__setitem__(name, value)
        self._watched.pop(name, []).clear()

    def as_it_is(self, name: str) -> list[str]:
        """What is empty once *name* stands for something else than now."""
        return self._watched.setdefault(name, [name])


class SoliClass:
    """A class, module or enum; also the face of a native class such as `Math`.

    `methods` are instance methods, `statics` static methods, static fields, native functions and
    nested classes. `fields` are the declared instance fields in order, each with the closure
    that computes its initial value (None: null).
    """

    __slots__ = (
        "__weakref__",
        "ancestors",
        "class_hooks",
        "constants",
        "construct",
        "constructor",
        "fields",
        "found",
        "has_constants",
        "instantiate",
        "is_enum",
        "is_module",
        "methods",
        "mixins",
        "name",
        "statics",
        "subclasses",
        "superclass",
        "variants",
    )

    def __init__(
        self, name: str, superclass: SoliClass | None = None, *, is_module: bool = False
    ) -> None:
        self.name = name
        self.superclass = superclass
        self.is_module = is_module
        self.is_enum = False
        self.methods: dict[str, Any] = {}
        self.found: dict[str, Any] = {}
        """What `find_method` found before."""
        self.subclasses: WeakSet[SoliClass] = WeakSet()
        """A class made while a function runs goes with it."""
        self.statics = Statics()
        self.constants: set[str] = set()
        """Names of const fields, instance (`x`) and static (`.x`)."""
        self.has_constants: bool = superclass is not None and superclass.has_constants
        """Whether any field was declared const here or above."""
        self.fields: list[tuple[str, Callable[[Any], Value] | None]] = []
        self.constructor: Any = superclass.constructor if superclass is not None else None
        self.mixins: list[SoliClass] = []
        self.class_hooks: list[tuple[str, Any]] = []
        """(`included` or `extended`, what to run for a host class)"""
        self.variants: dict[str, tuple[str, ...]] = {}
        """Of an enum: variant name -> payload field names."""
        self.construct: Callable[..., Value] | None = None
        """(class, arguments, named) -> instance, of a class written in Soli."""
        self.instantiate: Callable[..., Value] | None = (
            superclass.instantiate if superclass is not None else None
        )
        """How a native class makes its objects; None for classes written in Soli."""
        self.ancestors: list[SoliClass] = [
            self,
            *(superclass.ancestors if superclass is not None else ()),
        ]
        if superclass is not None:
            superclass.subclasses.add(self)

    def make_by(self, construct: Callable[..., Value]) -> None:
        """Have *construct* make the instances from now on."""
        self.construct = construct

    def soli_call(
        self, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> Value:
        """`C(arguments)`: a new instance (docs/spec §8.2)."""
        if block is not None:
            raise SoliArgumentError("constructor does not support block arguments")
        if self.construct is not None:
            return self.construct(self, arguments, named)
        if self.instantiate is not None:
            return self.instantiate(self, arguments, named)
        raise SoliTypeError(f"cannot instantiate {self.name}")

    def find_method(self, name: str) -> Any:
        """The instance method *name* of this class or the nearest ancestor that has it, or None."""
        found = self.found
        if name in found:
            return found[name]
        method = self.methods.get(name)
        if method is None and self.superclass is not None:
            method = self.superclass.find_method(name)
        found[name] = method
        return method

    def add_method(self, name: str, method: Any) -> None:
        """Define or replace an instance method; subclasses see it at once."""
        self.methods[name] = method
        self._forget_found()

    def _forget_found(self) -> None:
        self.found.clear()
        for klass in self.subclasses:
            klass._forget_found()

    def find_static(self, name: str, default: Value = None) -> Value:
        """The static member *name*, looked up through superclasses."""
        for klass in self.ancestors:
            if name in klass.statics:
                return klass.statics[name]
        return default

    def static_names(self) -> set[str]:
        """Names of all static members, inherited ones too."""
        return {name for klass in self.ancestors for name in klass.statics}

    def is_a(self, name: str) -> bool:
        """Whether this class or an ancestor has that name."""
        return any(klass.name == name for klass in self.ancestors)

    def is_const(self, name: str) -> bool:
        """Whether *name* (`.name` for a static one) was declared const here or above."""
        return any(name in klass.constants for klass in self.ancestors)


class Instance:
    """An object of a Soli class. `fields` keeps assignment order (docs/spec §L1.1)."""

    __slots__ = ("fields", "soli_class")

    def __init__(self, soli_class: SoliClass, fields: dict[str, Value] | None = None) -> None:
        self.soli_class = soli_class
        self.fields: dict[str, Value] = {} if fields is None else fields

    def shown_fields(self) -> Iterator[tuple[str, Value]]:
        """The fields as the display form lists them (docs/spec §L1.1)."""
        for name, value in self.fields.items():
            if name == "_errors" and value == []:
                continue
            yield name, value


class EnumValue(Instance):
    """`E.V` or `E.V(payload)`; equal when enum, variant and payload are."""

    __slots__ = ("variant",)

    def __init__(self, soli_class: SoliClass, variant: str, fields: dict[str, Value]) -> None:
        super().__init__(soli_class, fields)
        self.variant = variant

    def shown_fields(self) -> Iterator[tuple[str, Value]]:
        yield "__variant", self.variant
        yield from self.fields.items()


class ErrorValue(Instance):
    """An object of `Error` or a subclass: what `catch e` gets for errors of the language.

    `raised` is message, line and column of the Python error that it was made from, None when a
    program made it with `new`. The error itself is not kept: it knows its object, so the two would
    keep each other.
    """

    __slots__ = ("raised",)

    def __init__(self, soli_class: SoliClass, fields: dict[str, Value] | None = None) -> None:
        super().__init__(soli_class, fields)
        self.raised: tuple[str, int, int] | None = None


def is_callable(value: Value) -> bool:
    """Whether a program can call *value* with parentheses."""
    return isinstance(value, Function | SoliClass) or hasattr(value, "soli_call")
