"""The call around the cursor, below the line: its parameters, the current one marked."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from prompt_toolkit.formatted_text import StyleAndTextTuples

from soli_lang.values.objects import Instance, SoliClass
from soli_lang.values.values import Function

from ....tools.editing.cursor import Cursor, receiver_type
from ....tools.editing.library import Library
from ..asking import type_title
from ..prompting import Tried

MAX_LOOKED_AT = 4000
"""Characters before the cursor in which the call is looked for."""


class Call(NamedTuple):
    """A call that is being written."""

    name: str
    parameters: tuple[str, ...]
    active: int
    """Index of the argument that is being written."""

    def fragments(self) -> StyleAndTextTuples:
        """As prompt_toolkit shows it: (style, text)."""
        found: StyleAndTextTuples = [("", f" {self.name}(")]
        for index, parameter in enumerate(self.parameters):
            found.append(("", ", " if index else ""))
            found.append(("bold" if index == self.active else "", parameter))
        return [*found, ("", ")")]


class Signatures:
    """Finds calls in one session."""

    def __init__(self, bench: Tried) -> None:
        self._bench = bench

    @cached_property
    def _library(self) -> Library:
        return Library()

    def at(self, text: str) -> Call | None:
        """The call that goes on at the end of *text*."""
        if "(" not in text and " " not in text:
            return None
        cursor = Cursor(text[-MAX_LOOKED_AT:], min(len(text), MAX_LOOKED_AT))
        called = cursor.call()
        if called is None:
            return None
        index, active = called
        name = str(cursor.tokens[index].value)
        if index and cursor.tokens[index - 1].type == "DOT":
            return self._of_member(cursor, index, active)
        if self._is_alone(cursor, index):
            return None  # a word that may become anything
        own = self._value(name)
        if isinstance(own, Function):
            return Call(name, _own_parameters(own), active)
        if isinstance(own, SoliClass):
            return None
        entry = self._library.functions.get(name)
        return None if entry is None else Call(name, _parameters(entry.signature), active)

    def _is_alone(self, cursor: Cursor, index: int) -> bool:
        """Whether the name has no argument yet, nor a parenthesis: `x`, and not `print x`."""
        return index == len(cursor.tokens) - 1

    def _of_member(self, cursor: Cursor, index: int, active: int) -> Call | None:
        name = str(cursor.tokens[index].value)
        receiver = cursor.tokens[index - 2]
        value = self._value(str(receiver.value)) if receiver.type == "NAME" else None
        if isinstance(value, Instance | SoliClass):
            found = _method_of(value, name)
            if found is not None:
                return Call(name, _own_parameters(found), active)
        owner = receiver_type(cursor.tokens, index - 1)
        if value is not None and not isinstance(value, SoliClass):
            owner = type_title(value)
        entry = self._library.members(owner).get(name) if owner is not None else None
        return None if entry is None else Call(entry.title, _parameters(entry.signature), active)

    def _value(self, name: str) -> Any:
        own = self._bench.variables()
        if name in own:
            return own[name]
        names = self._bench.names
        return names.value(name) if names is not None and name in names.names else None


def _method_of(value: Instance | SoliClass, name: str) -> Any:
    if isinstance(value, SoliClass):
        table = [one.statics.get(name) for one in value.ancestors]
    else:
        table = [one.methods.get(name) for one in value.soli_class.ancestors]
    found = next((one for one in table if one is not None), None)
    return found if isinstance(found, Function) else None


def _own_parameters(function: Function) -> tuple[str, ...]:
    return tuple(
        one.name if one.default is None else f"{one.name} = …" for one in function.node.params
    )


def _parameters(signature: str) -> tuple[str, ...]:
    inner = signature.removeprefix("(").removesuffix(")")
    return tuple(inner.split(", ")) if inner else ()
