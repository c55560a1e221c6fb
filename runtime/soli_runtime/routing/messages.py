"""Messages that a program declares (`ws_message`), and what a client sends, judged by them.

A message of a client is an object with an `event` (or Phoenix's array of five). If its event is
declared, its `payload`, or else what stands beside `event`, has to fit: the handler gets a Hash
with the declared keys and no others. What does not fit does not reach the handler.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from soli_stdlib.json.text import value_from_text

from soli_lang.base.records import Record
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from .handler import Invoke

MOST_ERRORS: Final = 20
"""Keys that a refusal names."""
MOST_CHARACTERS: Final = 200
"""Of what is said of one of them, and of its name: both may have what the client sent."""
_ENVELOPE: Final = 5
"""Items of Phoenix's array: join_ref, ref, topic, event, payload."""

Errors = dict[str, Any]


class Misfit(Exception):
    """A value that does not fit: what is wrong, by the place in it."""

    def __init__(self, errors: Errors) -> None:
        super().__init__()
        self.errors = errors


class InvalidMessage(Exception):
    """A message of a client that does not fit its declaration. No handler gets it."""

    def __init__(self, event: str, errors: Errors) -> None:
        super().__init__(f"invalid message '{event}': {', '.join(errors)}")
        self.event = event
        shown = list(errors.items())[:MOST_ERRORS]
        self.errors = {_cut(place): _cut(text) for place, text in shown}

    @property
    def answer(self) -> dict[str, Value]:
        """What whoever sent it is told."""
        return {"reason": "invalid", "errors": self.errors}


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + "..."


ABSENT: Final = object()
"""In place of a value that is not there."""


class Shape(Protocol):
    """What a value has to be."""

    def checked(
        self, machine: Machine, value: Value, place: str, beside: Mapping[Any, Value]
    ) -> Value:
        """*value* as the handler gets it; ABSENT: not at all. Raises Misfit.

        *place* is where it stands, *beside* the Hash that it is in.
        """
        ...


class Kind(Record, frozen=True):
    """A value of one type. JSON has one kind of numbers, so an Int is a Float as well."""

    name: str
    """`String`, …"""
    kind: type

    def checked(self, machine: Machine, value: Value, place: str, beside: Any) -> Value:
        if value.__class__ is self.kind:
            return value
        if self.kind is float and value.__class__ is int:
            return float(value)
        raise misfit(place, self.name, value)


class Items(Record, frozen=True):
    """An Array whose items all fit."""

    item: Shape

    def checked(self, machine: Machine, value: Value, place: str, beside: Any) -> Value:
        if value.__class__ is not list:
            raise misfit(place, "Array", value)
        machine.spend(len(value))
        check = self.item.checked
        return [check(machine, one, f"{place}[{at}]", {}) for at, one in enumerate(value)]


class Fields(Record, frozen=True):
    """A Hash: the declared keys have to fit, others are left out."""

    fields: Mapping[str, Shape]

    def checked(self, machine: Machine, value: Value, place: str, beside: Any) -> Value:
        if value.__class__ is not dict:
            raise misfit(place or "payload", "Hash", value)
        machine.spend(len(self.fields))
        kept: dict[str, Value] = {}
        errors: Errors = {}
        for key, shape in self.fields.items():
            here = f"{place}.{key}" if place else key
            try:
                found = shape.checked(machine, value.get(key, ABSENT), here, value)
            except Misfit as fault:
                errors.update(fault.errors)
                continue
            if found is not ABSENT:
                kept[key] = found
        if errors:
            raise Misfit(errors)
        return kept


def misfit(place: str, expected: str, value: Value) -> Misfit:
    """What is said of a value of another type."""
    if value is ABSENT:
        return Misfit({place: "is required"})
    got = type_name(value)
    return Misfit({place: f"expected {expected}, got {got[:1].upper()}{got[1:]}"})


class Declaration(Record, frozen=True):
    """`ws_message(event, fields)`."""

    event: str
    fields: Fields


Declarations = Mapping[str, Declaration]
"""Those of one file, by event."""

MESSAGES: MachineKey[dict[str, dict[str, Declaration]]] = MachineKey("soli_runtime.messages")
"""In `Machine.library`: the declarations of each file, by its name."""


def declared_in(machine: Machine, file: str) -> Declarations:
    """The messages that the file called *file* declares."""
    return machine.library.get(MESSAGES, {}).get(file, {})


def checking(machine: Machine, invoke: Invoke, declared: Declarations) -> Invoke:
    """*invoke*, which gets only such messages as fit what is *declared*."""

    def checked(event: Any) -> Value:
        if event["type"] == "message" and event["message"].__class__ is str:
            found = _declared_message(machine, event["message"], declared)
            if found is not None:
                event["payload"] = _payload(machine, *found)
        return invoke(event)

    return checked


def _declared_message(
    machine: Machine, text: str, declared: Declarations
) -> tuple[Declaration, Value] | None:
    """Which declaration a message is for, and its payload; None: it is for none.

    The text is read as `String#to_h` reads it: a handler must not see another event than we do.
    """
    if not text.lstrip(" \t\r\n").startswith(("{", "[")):
        return None
    read = value_from_text(machine, text)
    if read.__class__ is dict:
        event, payload = read.get("event"), read.get("payload", read)
    elif read.__class__ is list and len(read) == _ENVELOPE:
        event, payload = read[3:]
    else:
        return None
    declaration = declared.get(event) if event.__class__ is str else None
    return None if declaration is None else (declaration, payload)


def _payload(machine: Machine, declaration: Declaration, value: Value) -> Value:
    try:
        return declaration.fields.checked(machine, value, "", {})
    except Misfit as fault:
        raise InvalidMessage(declaration.event, fault.errors) from None


def fields_named(errors: Iterable[str]) -> str:
    """Which keys were at fault, for the log: no index, which a client chooses."""
    return ",".join(dict.fromkeys(place.partition("[")[0] for place in errors))
