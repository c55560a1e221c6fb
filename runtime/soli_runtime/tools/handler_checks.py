"""What `soli check` says of the hashes that handlers return, of controllers' names and of views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.near_names import did_you_mean
from soli_lang.base.source import NOWHERE
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import ERROR, WARNING, Finding
from soli_lang.tree import nodes

from ..core.actions import ACTIONS
from ..http.views.template_text import translate
from ..loading.controllers import controller_class

_SOCKET_WORDS = frozenset({"router_websocket", "websocket"})
_LAYOUTS = "layouts"

RESERVED_EVENTS = frozenset({"position", "resumed"})
RESERVED_PREFIXES = ("presence_", "room_", "phx_", "soli:")
"""Events of messages that Soli sends itself, and that clients take for its own."""


def socket_actions(program: nodes.Program) -> frozenset[str]:
    """The targets (`"chat#handle"`) of the WebSocket routes that *program* declares."""
    return frozenset(
        target.value
        for node in _all(program.body)
        if isinstance(node, nodes.Call) and _declares_a_socket(node)
        for target in (node.arguments[1].value,)
        if isinstance(target, nodes.Literal) and isinstance(target.value, str)
    )


def _declares_a_socket(node: nodes.Call) -> bool:
    is_word = isinstance(node.callee, nodes.Name) and node.callee.name in _SOCKET_WORDS
    return is_word and len(node.arguments) > 1


def unknown_keys(program: nodes.Program, actions: Iterable[str]) -> list[Finding]:
    """Keys that are no action, in hashes that handlers named in *actions* return as they stand."""
    names = set(actions)
    return [
        finding
        for node in _all(program.body)
        if isinstance(node, nodes.FunctionNode) and node.name in names
        for hash_ in _returned(node.body)
        for finding in _of_hash(program, hash_)
    ]


def _of_hash(program: nodes.Program, hash_: nodes.HashLiteral) -> Iterator[Finding]:
    for key, _ in hash_.pairs:
        if isinstance(key, nodes.Literal) and isinstance(key.value, str):
            name = key.value
            if name not in ACTIONS:
                hint = did_you_mean(name, ACTIONS) or f"actions are {', '.join(sorted(ACTIONS))}"
                message = f"unknown action '{name}'"
                yield Finding(WARNING, "unknown-action", message, program.source, key.span, hint)


def reserved_events(program: nodes.Program) -> list[Finding]:
    """Messages (hashes with an `"event"` as it stands) that bear a name of Soli's own."""
    return [
        finding
        for node in _all(program.body)
        if isinstance(node, nodes.HashLiteral)
        for finding in _reserved(program, node)
    ]


def _reserved(program: nodes.Program, hash_: nodes.HashLiteral) -> Iterator[Finding]:
    for key, value in hash_.pairs:
        if not (isinstance(key, nodes.Literal) and key.value == "event"):
            continue
        name = value.value if isinstance(value, nodes.Literal) else None
        if isinstance(name, str) and is_reserved(name):
            message = f"the event '{name}' is one of Soli's own: clients take it for that"
            hint = "give the message another name"
            yield Finding(WARNING, "reserved-event", message, program.source, value.span, hint)


def is_reserved(event: str) -> bool:
    """Whether messages with this `event` are Soli's own."""
    return event in RESERVED_EVENTS or event.startswith(RESERVED_PREFIXES)


def _returned(body: nodes.Body) -> Iterator[nodes.HashLiteral]:
    """The hash literals that a function with *body* returns."""
    pending: list[Any] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.FunctionNode | nodes.ClassDecl):
            continue
        if isinstance(node, nodes.Return):
            yield from _values(node.value)
        pending.extend(nodes.children(node))
    yield from _last(body)


def _last(body: nodes.Body | None) -> Iterator[nodes.HashLiteral]:
    if body is None or not body.statements:
        return
    last = body.statements[-1]
    if isinstance(last, nodes.If):
        yield from _last(last.then)
        yield from _last(last.otherwise)
    else:
        yield from _values(last)


def _values(value: Any) -> Iterator[nodes.HashLiteral]:
    if isinstance(value, nodes.HashLiteral):
        yield value
    elif isinstance(value, nodes.Conditional):
        yield from _values(value.then)
        yield from _values(value.otherwise)


def misnamed_controllers(name: str, program: nodes.Program) -> list[Finding]:
    """Classes `…Controller` of the file of controller *name* that no route can find."""
    wanted = controller_class(name)
    found = [
        one
        for one in program.body.statements
        if isinstance(one, nodes.ClassDecl) and one.name.endswith("Controller")
    ]
    if not found or any(one.name == wanted for one in found):
        return []
    message = f"routes look for '{wanted}' in this file, not for '{found[0].name}'"
    hint = f"name the class {wanted}, or the file after the class"
    return [Finding(WARNING, "controller-name", message, program.source, found[0].span, hint)]


def wrong_templates(views: Path) -> list[Finding]:
    """The syntax errors of all templates below *views*."""
    findings: list[Finding] = []
    for path in sorted(views.rglob("*.slv")):
        shown = path.relative_to(views)
        try:
            is_layout = _LAYOUTS in shown.parts
            parse(translate(str(path), path.read_text("utf-8"), (), is_layout=is_layout))
        except SoliSyntaxError as error:
            findings.extend(
                Finding(ERROR, "template", one.message, one.source, one.span or NOWHERE, one.hint)
                for one in error.all
                if one.source is not None
            )
        except (OSError, UnicodeDecodeError):
            continue
    return findings


def _all(root: nodes.Node) -> Iterator[Any]:
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(nodes.children(node))
