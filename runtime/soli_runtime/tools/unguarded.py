"""Routes that nothing guards in an app that guards others: `soli check` asks if that is meant."""

from __future__ import annotations

from collections.abc import Iterator

from soli_lang.base.source import NOWHERE, Source, Span
from soli_lang.tools.checker import WARNING, Finding
from soli_lang.tree import nodes
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Function, Value

from ..loading.app import App, Target
from ..loading.controllers import controller_class, hooks_of
from ..loading.declared_places import place_of
from ..routing.returns import definition_of
from ..routing.routes import WEBSOCKET

_REFUSING = frozenset(
    {"forbidden", "halt", "redirect", "redirect_external", "render", "render_json", "render_text"}
)
"""Builtins by which what runs before a handler refuses."""
_REFUSING_KEYS = frozenset({"continue", "response", "status"})

_ASKING = frozenset(
    {
        *("get_current_user", "current_connection", "csrf_valid?", "jwt_verify", "password_verify"),
        *("session", "session_destroy", "session_get", "session_has", "session_id"),
        *("session_regenerate", "session_set"),
    }
)
"""Builtins of an action that looks at who asks, or that begins and ends logins."""


def unguarded_routes(app: App) -> list[Finding]:
    """One finding for each place that declares such routes."""
    routes = [target for _, _, target in app.table]
    if not any(_is_guarded(app, target) for target in routes):
        return []
    found: dict[tuple[str, Span], list[Target]] = {}
    sources: dict[str, Source] = {}
    for target in routes:
        if target.declared.is_open or _is_guarded(app, target) or _asks(app, target):
            continue
        source, span = _place(app, target)
        sources[source.name] = source
        found.setdefault((source.name, span), []).append(target)
    return [_finding(sources[name], span, which) for (name, span), which in found.items()]


def _finding(source: Source, span: Span, routes: list[Target]) -> Finding:
    declared = routes[0].declared
    method = "WS" if declared.method == WEBSOCKET else declared.method
    more = f" and {len(routes) - 1} more" if len(routes) > 1 else ""
    guard = "name" if declared.method == WEBSOCKET else "authenticate"
    return Finding(
        WARNING,
        "unguarded-route",
        f"nothing guards {method} {declared.pattern}{more}, and this app guards others",
        source,
        span,
        f'put it into middleware("{guard}") do … end, or into middleware([]) do … end '
        "when it is open on purpose",
    )


def _place(app: App, target: Target) -> tuple[Source, Span]:
    first = app.project.main or app.project.routes
    for path in (first, *app.programs):
        if path in app.programs:
            program = app.programs[path]
            span = place_of(target.declared, program.node)
            if span != NOWHERE:
                return program.source, span
    assert first is not None
    return app.programs[first].source, NOWHERE


def _is_guarded(app: App, target: Target) -> bool:
    """Whether anything that runs before the handler may refuse."""
    stages = target.stages
    if any(stage.function is None or _may_refuse(app, stage.function) for stage in stages):
        return True
    return any(_may_refuse(app, function) for function in _hooks(app, target))


def _hooks(app: App, target: Target) -> Iterator[Value]:
    controller, _, action = target.declared.target.partition("#")
    for program in app.programs.values():
        klass = program.get(controller_class(controller))
        if isinstance(klass, SoliClass):
            for only, function in hooks_of(klass, "before_action"):
                if not only or action in only:
                    yield function


def _may_refuse(app: App, function: Value) -> bool:
    node = definition_of(function) if isinstance(function, Function) else None
    return node is None or any(_refuses(app, one) for one in _inside(node))


def _refuses(app: App, node: nodes.Node) -> bool:
    if isinstance(node, nodes.Throw):
        return True
    if isinstance(node, nodes.HashLiteral):
        keys = (key.value for key, _ in node.pairs if isinstance(key, nodes.Literal))
        return any(key in _REFUSING_KEYS for key in keys if isinstance(key, str))
    if not isinstance(node, nodes.Name):
        return False
    # A function of the program may refuse, too.
    return node.name in _REFUSING or isinstance(_known(app, node.name), Function)


def _known(app: App, name: str) -> Value:
    for program in app.programs.values():
        found = program.get(name)
        if found is not None:
            return found
    return app.interpreter.machine.globals.get(name)


def _asks(app: App, target: Target) -> bool:
    """Whether the handler itself looks at who asks."""
    node = definition_of(target.handler.function)
    if node is None:
        return False
    return any(isinstance(one, nodes.Name) and one.name in _ASKING for one in _inside(node))


def _inside(node: nodes.FunctionNode) -> Iterator[nodes.Node]:
    pending: list[nodes.Node] = [node.body]
    while pending:
        one = pending.pop()
        yield one
        pending.extend(nodes.children(one))
