"""`ws_message`: what clients may send to the handlers of a controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from soli_stdlib.validation.permit import check_field
from soli_stdlib.validation.validators import Validator

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.base.records import Record
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Hash, String, function
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Symbol, Value

from ..core.events import copy_value
from ..routing.messages import ABSENT, MESSAGES, Declaration, Fields, Items, Kind, Misfit, Shape
from ..routing.routes import RouteError
from .routes import ROUTES

KINDS: Final[dict[str, type]] = {
    "String": str,
    "Int": int,
    "Float": float,
    "Bool": bool,
    "Array": list,
    "Hash": dict,
    "Null": type(None),
}
"""The types that JSON has, by the names of their classes."""
MOST_DEPTH: Final = 16
MOST_NAME: Final = 255
_FORMS: Final = (
    'a type (String, Int, Float, Bool, Array, Hash), [String], { "key": Int } or V.int()'
)


class Validated(Record, frozen=True):
    """A value for which a validator of `V` speaks, conversions included."""

    validator: Validator

    def checked(
        self, machine: Machine, value: Value, place: str, beside: Mapping[Any, Value]
    ) -> Value:
        """Raises Misfit."""
        data = dict(beside)
        data.pop(place, None)
        if value is not ABSENT:
            data[place] = value
        accepted, errors = check_field(machine, place, self.validator, data)
        if errors:
            raise Misfit({one["field"]: one["message"] for one in errors})
        return copy_value(accepted.get(place, ABSENT))  # the default is everybody's


@function("ws_message", String("string event"), Hash("hash fields"))
def ws_message(machine: Machine, event: str, fields: dict[Any, Value]) -> None:
    """Declare what clients send as *event* to the handlers of this controller.

    `ws_message("vote", { "choice": String, "tags": [String], "n": V.int().optional })`: the
    handler gets the checked Hash in `event["payload"]`; a message that does not fit is refused
    before the handler. While the app loads only.
    """
    declarations = machine.library[ROUTES]
    if declarations.closed:
        raise RouteError("ws_message() works only while the app loads")
    if declarations.file is None:
        raise RouteError(
            "ws_message() belongs in a controller, beside the handler",
            hint="it holds for the handlers of its own file",
        )
    if not 0 < len(event) <= MOST_NAME:
        raise SoliValueError(
            f"ws_message() expects an event of 1 to {MOST_NAME} characters, got {len(event)}"
        )
    declared = machine.library.setdefault(MESSAGES, {}).setdefault(declarations.file, {})
    if event in declared:
        raise SoliValueError(f"ws_message(): the event '{event}' is declared twice")
    declared[event] = Declaration(event, _fields(fields, event, MOST_DEPTH))


def _fields(fields: dict[Any, Value], place: str, depth: int) -> Fields:
    found = {}
    for key, value in fields.items():
        name = _name(key, place)
        found[name] = _shape(value, f"{place}.{name}", depth - 1)
    return Fields(found)


def _name(key: Any, place: str) -> str:
    name = from_key(key)
    if isinstance(name, Symbol):
        return name.name
    if not isinstance(name, str):
        raise SoliPlainTypeError(
            f"ws_message() {place}: expected Strings as keys, got {type_name(name)}"
        )
    return name


def _shape(value: Value, place: str, depth: int) -> Shape:
    if depth < 0:
        raise SoliValueError(f"ws_message() {place}: at most {MOST_DEPTH} levels are allowed")
    if isinstance(value, SoliClass) and value.name in KINDS:
        return Kind(value.name, KINDS[value.name])
    if isinstance(value, Validator):
        return Validated(value)
    if value.__class__ is dict:
        return _fields(value, place, depth)
    if value.__class__ is list and len(value) == 1:
        return Items(_shape(value[0], f"{place}[]", depth - 1))
    shown = f"'{to_text(value)}'" if isinstance(value, str | SoliClass) else type_name(value)
    raise SoliPlainTypeError(f"ws_message() {place}: expected {_FORMS}, got {shown}")
