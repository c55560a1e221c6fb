"""`String`, `Array`, `Hash`, `Int`, … as classes that programs add to (docs/spec §L11.1).

Soli's wrapper instances (`String.new(v)`) are poor copies of the values; here they are the values.
"""

from __future__ import annotations

from collections.abc import Callable

from soli_lang.base.errors import SoliPlainTypeError
from soli_lang.machine.machine import Machine, arity_error
from soli_lang.native.native import BUILTIN_TYPES, native_class
from soli_lang.values.display import to_text
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Value

CLASSES = (
    "String",
    "Array",
    "Hash",
    "Int",
    "Float",
    "Bool",
    "Null",
    "Decimal",
    "Symbol",
    "Bytes",
    "Function",
)


def _string(arguments: list[Value]) -> str:
    return to_text(arguments[0]) if arguments else ""


_MAKERS: dict[str, tuple[int, Callable[[list[Value]], Value]]] = {
    "String": (1, _string),
    "Array": (0, lambda _: []),
    "Hash": (0, lambda _: {}),
}
"""Class -> most arguments of `new`, and what makes the value."""


def instantiate(
    klass: SoliClass, arguments: list[Value], named: dict[str, Value] | None = None
) -> Value:
    """What `String.new(v)`, `Array.new` and `Hash.new` give; the others cannot be made so."""
    maker = _MAKERS.get(klass.name)
    if maker is None:
        raise SoliPlainTypeError(f"Cannot instantiate '{klass.name}'")
    most, make = maker
    count = len(arguments) + len(named or ())
    if count > most:
        raise arity_error(most, count)
    return make(arguments)


def install(machine: Machine) -> None:
    """Put the classes among the globals and into `machine.type_classes`."""
    for name in CLASSES:
        native_class(machine, name).instantiate = instantiate
        machine.type_classes[name] = BUILTIN_TYPES[name.lower()]
