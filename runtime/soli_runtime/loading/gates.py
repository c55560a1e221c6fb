"""Who guards a route: its `authenticate`, and what an app must not do to it (docs/spec §W7).

A gate that is off because of a name or a place lets everybody in and says nothing. So all that
looks like one and is none is an error when the app is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from soli_lang.base.errors import SoliError
from soli_lang.base.source import NOWHERE, Source, Span
from soli_lang.interpreter import Program
from soli_lang.tree import nodes
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Function, Value

from ..http.guards.identity import HOW_TO_ANSWER
from ..routing.declared import GATE, Declared
from ..routing.returns import definition_of
from ..routing.routes import RouteError
from .controllers import Definitions, controller_class
from .gate_answers import falls_out, faults_of_answers, written_nulls
from .middleware_files import placed

_ALIKE = 0.84
"""How alike names are (of 1) before one is taken for a slip: `authentificate`, not `authorize`."""

_PLACE = "it stands at the top level of the routes file, or beside the handlers"


Gate = tuple[Function, Source]
"""An `authenticate`, and the file that defines it."""


def guards_routes(target: str) -> bool:
    """Whether a route's *target* (`"controller#action"`) names a gate instead of an action."""
    return target.partition("#")[2] == GATE


def as_action(target: str) -> RouteError:
    """The error for a route that leads to a gate."""
    return RouteError(
        f"route to '{target}': '{GATE}' decides who may connect and is not an action",
        hint="give the action another name, such as 'login'",
    )


def function_of(definitions: Definitions | None) -> Function | None:
    """The gate that a file defines."""
    found = definitions.get(GATE) if definitions is not None else None
    return found if isinstance(found, Function) else None


def gate_of(definitions: Definitions) -> Gate | None:
    """The gate that a file defines, with its source."""
    found = function_of(definitions)
    return None if found is None else (found, definitions.source)


class Gates:
    """Looks for gates of an app that guard nothing. *parsed* has its files by path."""

    def __init__(self, parsed: Mapping[Path, nodes.Program]) -> None:
        self._parsed = parsed

    def faults_of_guard(self, path: Path, program: Program) -> Iterator[SoliError]:
        """What is wrong with the gate of a file that may have one: routes, controllers."""
        places = _functions(self._parsed[path])
        if len(places) > 1:
            yield self._fault(path, places[-1], f"'{GATE}' is defined twice in this file")
        if GATE in program.file.names and function_of(program) is None:
            text = f"'{GATE}' is no function once the file has run: it guards nothing"
            yield self._fault(path, places[0] if places else NOWHERE, text)
        gate = function_of(program)
        for place in () if gate is not None else _inner(self._parsed[path]):
            text = f"'{GATE}' is defined inside something that did not run: it guards nothing"
            yield self._fault(path, place, text)
        node = definition_of(gate)
        if node is not None and len(places) < 2:
            yield from faults_of_answers(node, self._parsed[path])

    def warnings_of_guard(self, path: Path) -> Iterator[SoliError]:
        """What the gate of a file does and will not do for ever, or hardly means to."""
        parsed = self._parsed[path]
        for one in _functions_of(parsed):
            for node in written_nulls(one):
                text = f"{GATE}: 'return null' lets a stranger in, and will refuse"
                error = RouteError(text, hint="write return anonymous()")
                yield placed(error, parsed.source, node.span)
            fallen = falls_out(one)
            if fallen is not None:
                text = f"{GATE}: a null that falls out here refuses with 500"
                yield placed(RouteError(text, hint=HOW_TO_ANSWER), parsed.source, fallen.span)

    def lookalikes(
        self, path: Path, program: Program, declared: Iterable[Declared], named: Iterable[str]
    ) -> Iterator[SoliError]:
        """Functions whose name reads like the gate's, and that nothing mentions."""
        used = {one.target.partition("#")[2] for one in declared} | set(named) | {GATE}
        parsed = self._parsed[path]
        for name, function in program.functions().items():
            if name in used or not _is_alike(name) or _mentions(parsed, name):
                continue
            node = definition_of(function)
            span = NOWHERE if node is None else node.span
            text = f"'{name}' guards nothing: the gate is called '{GATE}'"
            yield placed(RouteError(text, hint=f"did you mean '{GATE}'?"), parsed.source, span)

    def faults_of_class(self, path: Path, controller: str, value: Value) -> Iterator[SoliError]:
        """What is wrong with the class of a controller: a method of that name guards nothing."""
        if not isinstance(value, SoliClass):
            return
        is_static = any(GATE in one.statics for one in value.ancestors)
        if is_static or value.find_method(GATE) is not None:
            name = controller_class(controller)
            text = f"'{GATE}' of class {name} is a method, which guards no route"
            yield self._fault(path, _method(self._parsed[path]), text)

    def faults_of_shared(self, path: Path, program: Program) -> Iterator[SoliError]:
        """What is wrong with a file that all others see: a gate there is nobody's."""
        if GATE in program.file.names:
            places = _functions(self._parsed[path])
            text = f"'{GATE}' guards no route here"
            yield self._fault(path, places[0] if places else NOWHERE, text)

    def _fault(self, path: Path, place: Span, text: str) -> SoliError:
        error = RouteError(text, hint=_PLACE)
        error.locate(place, self._parsed[path].source)
        return error


def _functions_of(program: nodes.Program) -> list[nodes.FunctionNode]:
    """The gates that the file defines at its top level."""
    return [
        statement.function
        for statement in program.body.statements
        if isinstance(statement, nodes.FunctionDecl) and statement.function.name == GATE
    ]


def _functions(program: nodes.Program) -> list[Span]:
    """Where the file defines the gate at its top level."""
    return [
        statement.span
        for statement in program.body.statements
        if isinstance(statement, nodes.FunctionDecl) and statement.function.name == GATE
    ]


def _inner(program: nodes.Program) -> Iterator[Span]:
    """Where the file defines the gate below its top level, but in no class."""
    pending: list[nodes.Node] = [
        one for one in program.body.statements if not isinstance(one, nodes.FunctionDecl)
    ]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.FunctionDecl) and node.function.name == GATE:
            yield node.span
        elif not isinstance(node, nodes.ClassDecl):
            pending.extend(nodes.children(node))


def _is_alike(name: str) -> bool:
    """Whether a name is the gate's with a slip in it."""
    from difflib import SequenceMatcher  # only needed for what is wrong

    plain = name.replace("_", "").rstrip("?!").lower()
    return SequenceMatcher(None, plain, GATE).ratio() >= _ALIKE


def _mentions(program: nodes.Program, name: str) -> bool:
    """Whether anything in a file uses *name*."""
    pending: list[nodes.Node] = [program.body]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Name) and node.name == name:
            return True
        pending.extend(nodes.children(node))
    return False


def _method(program: nodes.Program) -> Span:
    """Where a class of the file defines a method of that name; inherited ones stand elsewhere."""
    for statement in program.body.statements:
        if isinstance(statement, nodes.ClassDecl):
            for member in statement.members:
                if isinstance(member, nodes.MethodDecl) and member.function.name == GATE:
                    return member.span
    return NOWHERE
