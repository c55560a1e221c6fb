"""Who guards a route: its `authenticate`, and what an app must not do to it (docs/spec §W7).

A gate that is off because of a name or a place lets everybody in and says nothing. So all that
looks like one and is none is an error when the app is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from soli_lang.base.errors import SoliError
from soli_lang.base.source import NOWHERE, Span
from soli_lang.interpreter import Program
from soli_lang.tree import nodes
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Function, Value

from ..routing.routes import RouteError
from .controllers import Definitions, controller_class

AUTHENTICATE = "authenticate"

_PLACE = "it stands at the top level of the routes file, or beside the handlers"


def guards_routes(target: str) -> bool:
    """Whether a route's *target* (`"controller#action"`) names a gate instead of an action."""
    return target.partition("#")[2] == AUTHENTICATE


def as_action(target: str) -> RouteError:
    """The error for a route that leads to a gate."""
    return RouteError(
        f"route to \"{target}\": '{AUTHENTICATE}' says who may connect and is no action",
        hint="give the action another name, such as 'login'",
    )


def function_of(definitions: Definitions | None) -> Function | None:
    """The gate that a file defines."""
    found = definitions.get(AUTHENTICATE) if definitions is not None else None
    return found if isinstance(found, Function) else None


class Gates:
    """Looks for gates of an app that guard nothing. *parsed* has its files by path."""

    def __init__(self, parsed: Mapping[Path, nodes.Program]) -> None:
        self._parsed = parsed

    def faults_of_guard(self, path: Path, program: Program) -> Iterator[SoliError]:
        """What is wrong with the gate of a file that may have one: routes, controllers."""
        places = _functions(self._parsed[path])
        if len(places) > 1:
            yield self._fault(path, places[-1], f"'{AUTHENTICATE}' is defined twice in this file")
        if AUTHENTICATE in program.file.names and function_of(program) is None:
            text = f"'{AUTHENTICATE}' is no function once the file has run: it guards nothing"
            yield self._fault(path, places[0] if places else NOWHERE, text)

    def faults_of_class(self, path: Path, controller: str, value: Value) -> Iterator[SoliError]:
        """What is wrong with the class of a controller: a method of that name guards nothing."""
        if not isinstance(value, SoliClass):
            return
        is_static = any(AUTHENTICATE in one.statics for one in value.ancestors)
        if is_static or value.find_method(AUTHENTICATE) is not None:
            name = controller_class(controller)
            text = f"'{AUTHENTICATE}' of class {name} is a method, which guards no route"
            yield self._fault(path, _method(self._parsed[path]), text)

    def faults_of_shared(self, path: Path, program: Program) -> Iterator[SoliError]:
        """What is wrong with a file that all others see: a gate there is nobody's."""
        if AUTHENTICATE in program.file.names:
            places = _functions(self._parsed[path])
            text = f"'{AUTHENTICATE}' guards no route here"
            yield self._fault(path, places[0] if places else NOWHERE, text)

    def _fault(self, path: Path, place: Span, text: str) -> SoliError:
        error = RouteError(text, hint=_PLACE)
        error.locate(place, self._parsed[path].source)
        return error


def _functions(program: nodes.Program) -> list[Span]:
    """Where the file defines the gate at its top level."""
    return [
        statement.span
        for statement in program.body.statements
        if isinstance(statement, nodes.FunctionDecl) and statement.function.name == AUTHENTICATE
    ]


def _method(program: nodes.Program) -> Span:
    """Where a class of the file defines a method of that name; inherited ones stand elsewhere."""
    for statement in program.body.statements:
        if isinstance(statement, nodes.ClassDecl):
            for member in statement.members:
                if isinstance(member, nodes.MethodDecl) and member.function.name == AUTHENTICATE:
                    return member.span
    return NOWHERE
