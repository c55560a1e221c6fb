"""`Error` and its subclasses as Soli classes: `new ValueError("m").message` (docs/spec §9.1)."""

from __future__ import annotations

from soli_lang.machine.machine import Machine
from soli_lang.values.objects import ErrorValue, SoliClass
from soli_lang.values.values import Value

SUBCLASSES = (
    "ArgumentError",
    "CapabilityError",
    "IOError",
    "IndexError",
    "KeyError",
    "LimitError",
    "NameError",
    "OverflowError",
    "ParseError",
    "RuntimeError",
    "TypeError",
    "ValueError",
    "ZeroDivisionError",
)


def instantiate(
    klass: SoliClass, arguments: list[Value], named: dict[str, Value] | None = None
) -> ErrorValue:
    """An object of an error class: the first argument is its `message`, labels are fields."""
    fields: dict[str, Value] = {"message": arguments[0] if arguments else None}
    fields.update(named or {})
    return ErrorValue(klass, fields)


def install(machine: Machine) -> None:
    """Put the error classes among the globals and into `machine.error_classes`."""
    error = SoliClass("Error")
    error.instantiate = instantiate
    for klass in (error, *(SoliClass(name, error) for name in SUBCLASSES)):
        machine.error_classes[klass.name] = klass
        machine.globals[klass.name] = klass
