"""What a client of the debugger may ask about by number: frames, scopes, values. Numbers are those
of one stop, and nothing after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from soli_lang.base.errors import SoliTypeError
from soli_lang.tools.debugging.evaluating import assign
from soli_lang.tools.debugging.frames import Frame
from soli_lang.tools.debugging.showing import Part, count_of, parts_of, shown
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import UNSET, Function, Value

from .event_frames import EventFrame
from .standing import Standing


class Held(NamedTuple):
    """What has a number: of which stop it is, and what is in it."""

    standing: Standing
    frame: Frame
    parts: Callable[[int, int], list[Part]]


class NotThere(Exception):
    """There is nothing of that number now. The text says so."""


class References:
    """All numbers that were given out."""

    def __init__(self) -> None:
        self._count = 0
        self._frames: dict[int, tuple[Standing, Frame]] = {}
        self._held: dict[int, Held] = {}

    def _next(self) -> int:
        self._count += 1
        return self._count

    def forget(self, standing: Standing) -> None:
        """That one goes on."""
        self._frames = {key: one for key, one in self._frames.items() if one[0] is not standing}
        self._held = {key: one for key, one in self._held.items() if one.standing is not standing}

    def of_frame(self, standing: Standing, frame: Frame) -> int:
        """The number of a frame."""
        number = self._next()
        self._frames[number] = (standing, frame)
        return number

    def frame(self, number: Any) -> tuple[Standing, Frame]:
        """The frame of a number. Raises NotThere."""
        found = self._frames.get(number)
        if found is None:
            raise NotThere(f"frame {number} is not there any more: the program went on")
        return found

    def held(self, number: Any) -> Held:
        """What has that number. Raises NotThere."""
        found = self._held.get(number)
        if found is None:
            raise NotThere(f"variables {number} are not there any more: the program went on")
        return found

    def hold(
        self, standing: Standing, frame: Frame, parts: Callable[[int, int], list[Part]]
    ) -> int:
        """A number for what *parts* gives."""
        number = self._next()
        self._held[number] = Held(standing, frame, parts)
        return number

    def scopes(
        self, standing: Standing, frame: Frame, more: Iterable[tuple[str, Value]] = ()
    ) -> list[dict[str, Any]]:
        """The scopes of a frame, and *more*, as the protocol has them."""
        if isinstance(frame, EventFrame):
            more = [("Event", frame.entry), *more]
            found = []
        else:
            found = self._own_scopes(standing, frame)
        for name, value in more:
            number = self.hold(standing, frame, partial(parts_of, value))
            found.append({"name": name, "variablesReference": number, "expensive": False})
        return found

    def _own_scopes(self, standing: Standing, frame: Frame) -> list[dict[str, Any]]:
        own, file = frame.variables(), _data_of_file(frame)
        local = self.hold(standing, frame, lambda start, count: _variables(frame))
        outer = self.hold(standing, frame, lambda start, count: _of_file(frame))
        return [
            {
                "name": "Locals",
                "presentationHint": "locals",
                "variablesReference": local,
                "namedVariables": len(own),
                "expensive": False,
            },
            {
                "name": "File",
                "variablesReference": outer,
                "namedVariables": len(file),
                "expensive": False,
            },
        ]

    def described(self, standing: Standing, frame: Frame, value: Value) -> dict[str, Any]:
        """A value as the protocol has it."""
        count = count_of(value)
        found: dict[str, Any] = {"type": type_name(value), "variablesReference": 0}
        if count:
            found["variablesReference"] = self.hold(
                standing, frame, lambda start, most: parts_of(value, start, most)
            )
            is_list = value.__class__ is list
            found["indexedVariables" if is_list else "namedVariables"] = count
        return found

    def listed(self, held: Held, parts: Iterable[Part]) -> list[dict[str, Any]]:
        """Parts of something as the protocol has them."""
        return [
            {
                "name": one.name,
                "value": shown(one.value),
                **self.described(held.standing, held.frame, one.value),
                **({} if one.change else {"presentationHint": {"attributes": ["readOnly"]}}),
            }
            for one in parts
        ]


def _variables(frame: Frame) -> list[Part]:
    """Those of the function and the functions around it."""
    return [
        Part(name, frame.value(variable), _assigning(frame, name, variable))
        for name, variable in frame.variables().items()
    ]


def _of_file(frame: Frame) -> list[Part]:
    slots = frame.slots()
    return [
        Part(name, slots[variable.index], _assigning(frame, name, variable))
        for name, variable in _data_of_file(frame).items()
    ]


def _data_of_file(frame: Frame) -> dict[str, Any]:
    """The variables of the file that hold no code."""
    slots = frame.slots()
    return {
        name: variable
        for name, variable in frame.globals().items()
        if slots[variable.index] is not UNSET
        and slots[variable.index].__class__ not in (Function, SoliClass)
    }


def _assigning(frame: Frame, name: str, variable: Any) -> Callable[[Value], None] | None:
    if variable.is_const or name == "this":
        return None

    def change(value: Value) -> None:
        assign(frame, name, value)

    return change


def change(held: Held, name: str, value: Value) -> None:
    """Give what is called *name* another value. Raises SoliTypeError."""
    for one in held.parts(0, 0):
        if one.name == name:
            if one.change is None:
                raise SoliTypeError(f"'{name}' cannot be changed")
            one.change(value)
            return
    raise SoliTypeError(f"there is no '{name}' here")
