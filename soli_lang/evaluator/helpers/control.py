"""What written functions call to match patterns, to catch errors, and to run commands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...base.errors import CapabilityError, SoliError
from ...machine.machine import UNCATCHABLE, Machine
from ...meaning.types import has_type
from ...values.objects import EnumValue, Instance
from ...values.semantics import equals
from ...values.values import Value

# --- patterns ---


def put_in(places: list[Value], index: int, value: Value) -> bool:
    """Bind a name of a pattern that is kept in a list; always true."""
    places[index] = value
    return True


def same(value: Value, wanted: Value) -> bool:
    return value.__class__ is wanted.__class__ and equals(value, wanted)


def is_variant(enum: Value, value: Value, variant: str) -> bool:
    """`E.V`"""
    is_one = isinstance(value, EnumValue) and value.soli_class is enum
    return is_one and value.variant == variant


def payload(enum: Value, value: Value, variant: str, count: int) -> list[Value] | None:
    """The values in `E.V(…)` with *count* of them; None when *value* is something else."""
    if not is_variant(enum, value, variant):
        return None
    found = list(value.fields.values())
    return found if len(found) == count else None


def without(entries: dict[Any, Value], keys: frozenset[str]) -> dict[Any, Value]:
    return {key: value for key, value in entries.items() if key not in keys}


# --- errors ---


def _make_handled(machine: Machine) -> Any:
    caught = machine.caught

    def handled(error: SoliError, kinds: tuple[str | None, ...]) -> tuple[int, Value] | None:
        """(number of the handler, what it is given), None where there is none for *error*."""
        if isinstance(error, UNCATCHABLE):
            return None
        value = caught(error)
        for index, kind in enumerate(kinds):
            if kind is None or (isinstance(value, Instance) and value.soli_class.is_a(kind)):
                return (index, value)
        return None

    return handled


def finish(error: BaseException, final: Callable[[], Any]) -> Any:
    """Run *final* while *error* passes; its signal, if that may replace it (docs/spec §9.4)."""
    if isinstance(error, SoliError) and not isinstance(error, UNCATCHABLE):
        return final()
    with suppress(SoliError):
        final()
    return None


# --- commands ---


def _make_shell(machine: Machine) -> Any:
    def shell(command: str) -> Value:
        """Backticks."""
        system = machine.globals.get("System")
        run = system.statics.get("shell_sync") if system is not None else None
        if run is None:
            raise CapabilityError("a command in backticks needs the library's System class")
        machine.capabilities.require("shell", "a command in backticks")
        return run.invoke(command)

    return shell


def helpers(machine: Machine) -> dict[str, Any]:
    return {
        "put_in": put_in,
        "same": same,
        "has_type": has_type,
        "is_variant": is_variant,
        "payload": payload,
        "without": without,
        "handled": _make_handled(machine),
        "finish": finish,
        "shell": _make_shell(machine),
        "check_time": machine.check_time,
    }
