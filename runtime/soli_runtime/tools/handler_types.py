"""The routes of a file as contracts: what its handlers are called with, and what they may return.

The table is `core.actions.contract`; here it becomes types of `soli_lang.tools.inference`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from soli_lang.tools.inference.contracts import Contract, HashRule
from soli_lang.tools.inference.types import ANY, DOUBT, HASH, NULL, Atom, Shape, Type, join, literal
from soli_lang.tree import nodes

from ..core.actions import contract
from ..core.actions.contract import Given
from ..loading.controllers import controller_class
from ..routing.declared import GATE
from ..routing.routes import WEBSOCKET, RouteError, parse_pattern
from .builtin_rules import value_rule

_SOCKET_WORDS: Final = frozenset({"router_websocket", "websocket"})
_HTTP_WORDS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_ROUTE_WORDS: Final = _SOCKET_WORDS | _HTTP_WORDS
_CHANGING_WORDS: Final = frozenset({"namespace", "resources", "member", "collection", "scope"})
"""Blocks in which a route's path is not all of its pattern."""


@dataclass(frozen=True, slots=True)
class WrittenRoute:
    """A route as it is written in a text."""

    method: str
    target: str
    pattern: str
    names: frozenset[str] | None
    """The dynamic segments; None where the text does not tell."""


def written_routes(program: nodes.Program) -> list[WrittenRoute]:
    """The routes that *program* declares with texts as they stand."""
    found: list[WrittenRoute] = []
    if not any(_word(one) in _ROUTE_WORDS for one in nodes.every(program, (nodes.Call,))):
        return found
    pending: list[tuple[Any, bool]] = [(program.body, True)]
    while pending:
        node, is_whole = pending.pop()
        if isinstance(node, nodes.Call):
            word = _word(node)
            is_whole = is_whole and word not in _CHANGING_WORDS
            found += _route(word, node, is_whole)
        pending.extend((one, is_whole) for one in nodes.children(node))
    return found


def _word(node: nodes.Call) -> str:
    return node.callee.name if isinstance(node.callee, nodes.Name) else ""


def _route(word: str, node: nodes.Call, is_whole: bool) -> list[WrittenRoute]:
    if word not in _ROUTE_WORDS or len(node.arguments) < 2:
        return []
    texts = [one.value.value for one in node.arguments[:2] if isinstance(one.value, nodes.Literal)]
    if len(texts) < 2 or not all(isinstance(one, str) for one in texts) or "#" not in texts[1]:
        return []
    pattern, target = texts
    try:
        names = frozenset(parse_pattern(pattern).names)
    except RouteError:
        return []
    method = WEBSOCKET if word in _SOCKET_WORDS else word.upper()
    return [WrittenRoute(method, target, pattern, names if is_whole else None)]


def contracts(routes: Iterable[WrittenRoute], payload: Type = ()) -> Mapping[str, Contract]:
    """Name of a function, or `Class.method` -> its contract, for what *routes* lead to.

    *payload* is that of the messages that the file declares; the empty type: it declares none.
    """
    by_target: dict[str, list[WrittenRoute]] = {}
    for route in routes:
        by_target.setdefault(route.target, []).append(route)
    found: dict[str, Contract] = {}
    twice: set[str] = set()
    for target, those in by_target.items():
        controller, _, action = target.partition("#")
        if action in found:
            twice.add(action)  # of two controllers in one file
        found[action] = found[f"{controller_class(controller)}.{action}"] = _contract(
            those, payload
        )
    if found:
        # It runs before upgrades, and before actions that ask for it.
        found.setdefault(GATE, Contract((_request(HASH),), gives="the request"))
    return {name: one for name, one in found.items() if name not in twice}


def _contract(routes: list[WrittenRoute], payload: Type) -> Contract:
    kinds = {route.method == WEBSOCKET for route in routes}
    if len(kinds) > 1:
        return Contract()
    params = _params(routes)
    if kinds == {True}:
        return Contract((_event(params, payload),), _result_rule(), "the event")
    return Contract((_request(params),), gives="the request")


def _params(routes: list[WrittenRoute]) -> Type:
    names: set[str] = set()
    for route in routes:
        if route.names is None:
            return HASH
        names |= route.names
    patterns = " and ".join(sorted({route.pattern for route in routes}))
    word = "the route" if len({route.pattern for route in routes}) == 1 else "the routes"
    fields: dict[str, Type] = {name: (Atom("string"),) for name in names}
    if len({route.names for route in routes}) > 1:
        fields = dict.fromkeys(fields, ANY)
    return (Atom("hash", shape=Shape(fields, contract=f"{word} {patterns}")),)


def _event(params: Type, payload: Type) -> Type:
    """A union, told apart by `type`."""
    return tuple(
        Atom("hash", shape=Shape(_event_fields(one, params, payload), contract="an event"))
        for one in contract.EVENT_TYPES
    )


def _event_fields(event: str, params: Type, payload: Type) -> dict[str, Type]:
    fields = {key: _event_field(event, one) for key, one in contract.EVENT.items()}
    if payload == ():
        del fields["payload"]
    elif event == contract.MESSAGE:
        fields["payload"] = payload
    return {**fields, "type": literal("string", event), "params": params}


def _event_field(event: str, given: Given) -> Type:
    if event not in given.events:
        return NULL if given.is_optional else DOUBT
    type_ = _type(given)
    return join([type_, NULL]) if given.is_optional and type_ is not ANY else type_


def _type(given: Given) -> Type:
    return tuple(Atom(kind) for kind in given.kinds) or ANY


def _request(params: Type) -> Type:
    fields = {key: _type(one) for key, one in contract.REQUEST.items()}
    # Middleware may add keys: only what is near to one of these is a mistake.
    shape = Shape({**fields, "params": params}, contract="a request", is_open=True)
    return (Atom("hash", shape=shape),)


@lru_cache(maxsize=1)
def _result_rule() -> HashRule:
    return HashRule(
        contract.RESULT,
        contract.RESULT_HINT,
        "action",
        {key: value_rule(one) for key, one in contract.ACTIONS.items()},
        {"history": ("join", contract.HISTORY_ALONE)},
    )
