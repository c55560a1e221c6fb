"""What runs before the handler of each route, and what would only seem to (docs/spec §L24.5).

A guard that is named and does not run lets everybody in and says nothing. So a name that leads
nowhere, and a middleware that never runs, are errors when the app is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from soli_lang.base.errors import SoliError
from soli_lang.base.near_names import did_you_mean
from soli_lang.base.source import NOWHERE, Source, Span
from soli_lang.interpreter import Program
from soli_lang.tree import nodes
from soli_lang.values.values import Symbol

from ..http.guards.middleware import Stage
from ..routing.declared import GATE, Declared
from ..routing.returns import definition_of
from ..routing.routes import WEBSOCKET, RouteError
from .declared_places import place_of
from .middleware_files import (
    DEFAULT_ORDER,
    Middleware,
    doubles,
    faults_of_file,
    faults_of_function,
    middleware_of,
    placed,
)

_FIRST, _GLOBAL = -2, -1
"""Places in the order of a block, for what no block names."""
_UNNAMED = (0, _GLOBAL)


class Stages:
    """The middleware of a loaded app. *files* are those of `app/middleware`, *main* the routes."""

    def __init__(self, files: Mapping[Path, Program], main: Program, named: Iterable[str]) -> None:
        self._files = files
        self._main = main
        self._named = tuple(dict.fromkeys(named))
        """What the blocks of the routes name, whether or not a route stands in them."""
        self._available = [
            one for path, program in files.items() for one in middleware_of(path, program)
        ]
        self._by_name: dict[str, Middleware] = {}
        for one in self._available:
            for name in filter(None, (one.name, one.alias)):
                self._by_name.setdefault(name, one)
        for name, function in main.functions().items():
            if name in self._named and name != GATE:
                self._by_name.setdefault(name, Middleware(name, function))

    def of(self, declared: Declared, *, has_gate: bool) -> tuple[Stage, ...]:
        """What runs before a route, in order. *has_gate*: there is an `authenticate` for it."""
        ranked: dict[str, tuple[int, int, Stage]] = {}
        if declared.method != WEBSOCKET:
            for one in self._available:
                if one.is_global:
                    ranked[one.name] = (one.order, _GLOBAL, self._stage(one))
        elif has_gate:
            ranked[GATE] = (DEFAULT_ORDER, _FIRST, Stage(GATE))
        for place, name in enumerate(declared.middleware):
            found = self._by_name.get(name)
            if name == GATE:
                ranked.setdefault(GATE, (DEFAULT_ORDER, place, Stage(GATE)))
            elif found is not None and found.is_scoped and ranked.get(found.name, _UNNAMED)[1] < 0:
                ranked[found.name] = (found.order, place, self._stage(found))
        return tuple(stage for *_, stage in sorted(ranked.values(), key=lambda item: item[:2]))

    def _stage(self, one: Middleware) -> Stage:
        program = self._main if one.path is None else self._files[one.path]
        return Stage(one.name, one.function, program.source)

    # --- what is wrong -----------------------------------------------------------------------

    def faults(self, declared: Iterable[Declared]) -> Iterator[SoliError]:
        """Every middleware that is named and is none, or is one and never runs."""
        for path, program in self._files.items():
            yield from faults_of_file(path, program)
        yield from doubles(self._available, self._files)
        for name in self._named:
            yield from self._faults_of_name(name)
        routes = tuple(declared)
        yield from self._idle(routes)
        yield from self._shadowed(routes)

    def _faults_of_name(self, name: str) -> Iterator[SoliError]:
        if name == GATE:
            return  # whether a route has one depends on its controller
        source, span = self._place(name)
        found = self._by_name.get(name)
        if found is None:
            yield placed(self._unknown(name), source, span)
        elif found.path is None:
            yield from faults_of_function(found, source)
        elif not found.is_scoped:
            text = f"middleware '{name}' is global_only: it runs for every HTTP route, or for none"
            hint = "leave it out of the block, or take the comment out of its file"
            yield placed(RouteError(text, hint=hint), source, span)

    def _unknown(self, name: str) -> RouteError:
        hint = did_you_mean(name, [*self._by_name, GATE])
        if not hint:
            hint = f"it would be def {name}(request) in app/middleware/{name}.soli, or in this file"
        return RouteError(f"there is no middleware '{name}'", hint=hint)

    def without_gate(self, declared: Declared) -> RouteError | None:
        """The error of a route that is to be guarded by an `authenticate` that is not there."""
        if GATE not in declared.middleware:
            return None
        error = RouteError(
            f"middleware '{GATE}': no {GATE} is defined for '{declared.target}'",
            hint=f"define {GATE}(request) in the routes file or beside the handlers",
        )
        source, span = self._place(GATE)
        error.locate(span, source)
        return error

    def _idle(self, declared: tuple[Declared, ...]) -> Iterator[SoliError]:
        """Middleware that runs for no route at all."""
        has_http = any(one.method != WEBSOCKET for one in declared)
        running = {
            self._by_name[name].name
            for one in declared
            for name in one.middleware
            if name in self._by_name
        }
        for one in self._available:
            if one.name in running or (one.is_global and has_http):
                continue
            why, hint = (
                "no block names it",
                f'write middleware("{one.name}") do … end around routes',
            )
            if one.is_global:
                why = "there is no HTTP route, and before an upgrade only named middleware runs"
            assert one.path is not None
            text = f"middleware '{one.name}' never runs: {why}"
            node = definition_of(one.function)
            span = NOWHERE if node is None else node.span
            yield placed(RouteError(text, hint=hint), self._files[one.path].source, span)

    def _shadowed(self, declared: tuple[Declared, ...]) -> Iterator[SoliError]:
        """Routes that are guarded where they are declared again, which counts for nothing."""
        first: dict[tuple[str, str], Declared] = {}
        for one in declared:
            before = first.setdefault((one.method, one.pattern), one)
            if before.middleware != one.middleware and not one.is_optional:
                method = "WS" if one.method == WEBSOCKET else one.method
                error = RouteError(
                    f"{method} {one.pattern} is declared twice, with other middleware; "
                    "only the first counts",
                    hint="take one of them out",
                )
                yield placed(error, self._main.source, place_of(one, self._main.node))

    def _place(self, name: str) -> tuple[Source, Span]:
        """Where a block names *name*."""
        pending: list[nodes.Node] = [self._main.node.body]
        while pending:
            node = pending.pop()
            if isinstance(node, nodes.Call) and _is_block(node):
                for item in _names(node.arguments[0].value):
                    value = item.value
                    if (value.name if isinstance(value, Symbol) else value) == name:
                        return self._main.source, item.span
            pending.extend(nodes.children(node))
        return self._main.source, NOWHERE


def _is_block(call: nodes.Call) -> bool:
    is_word = isinstance(call.callee, nodes.Name) and call.callee.name == "middleware"
    return is_word and bool(call.arguments)


def _names(argument: nodes.Expr) -> Iterator[nodes.Literal]:
    items = argument.items if isinstance(argument, nodes.ArrayLiteral) else (argument,)
    return (item for item in items if isinstance(item, nodes.Literal))
