"""What an `authenticate` answers, told from its text (`http.guards.identity`: what it means).

An answer that can only fail is said before the app listens, at its place. `return null`, which let
strangers in before there was `anonymous()`, still does where it is written; nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from soli_lang.base.errors import SoliError
from soli_lang.tree import nodes

from ..http.guards.identity import HOW_TO_ANSWER, IDENTITY_KEYS
from ..http.responses import RESPONSE_KEYS
from ..routing.routes import RouteError
from .middleware_files import placed, streams

ANONYMOUS = "anonymous"

N = TypeVar("N", bound=nodes.Node)

_NESTED = (nodes.FunctionNode, nodes.ClassDecl, nodes.Lambda)
"""What has returns of its own."""


def faults_of_answers(function: nodes.FunctionNode, program: nodes.Program) -> Iterator[SoliError]:
    """Answers of a gate that refuse with 500 whenever they are given."""
    for node in streams(function):
        yield _fault("authenticate may not stream", node, program)
    for value, place in _answers(function):
        text = _fault_of(value)
        if text is not None:
            yield _fault(f"authenticate: {text}", place, program)


def _fault(text: str, node: nodes.Node, program: nodes.Program) -> SoliError:
    return placed(RouteError(text, hint=HOW_TO_ANSWER), program.source, node.span)


def _fault_of(value: nodes.Expr | None) -> str | None:
    """Why a value, as it is written, lets nobody in and is no refusal; None: it may be either."""
    if value is None:
        return "a return without a value lets nobody in"
    if isinstance(value, nodes.Literal):
        if value.value is None:
            return "null at the end lets nobody in"
        return "this is neither an identity nor a response"
    if isinstance(value, nodes.ArrayLiteral | nodes.Interpolation):
        return "this is neither an identity nor a response"
    return _fault_of_hash(value) if isinstance(value, nodes.HashLiteral) else None


def _fault_of_hash(value: nodes.HashLiteral) -> str | None:
    keys: dict[str, Any] = {}
    for key, item in value.pairs:
        if not isinstance(key, nodes.Literal) or not isinstance(key.value, str):
            return None  # what it is called shows only when it runs
        keys[key.value] = item
    for name in IDENTITY_KEYS:
        if name in keys and not _is_no_id(keys[name]):
            return None
    if "status" in keys:
        status = keys["status"]
        is_number = not isinstance(status, nodes.Literal) or type(status.value) is int
        if is_number and RESPONSE_KEYS.issuperset(keys):
            return None
        return "a Hash with a status that is no response, and that has no id"
    if any(name in keys for name in IDENTITY_KEYS):
        return "the id of an identity is a non-empty String or an Int"
    return "a Hash without id or user_id is no identity"


def _is_no_id(node: nodes.Expr) -> bool:
    if isinstance(node, nodes.HashLiteral | nodes.ArrayLiteral):
        return True
    if not isinstance(node, nodes.Literal):
        return False
    return type(node.value) is not int and not (isinstance(node.value, str) and node.value)


def _answers(function: nodes.FunctionNode) -> Iterator[tuple[nodes.Expr | None, nodes.Node]]:
    """The values that a function gives back as they are written, and where. Not `return null`."""
    for node in _returns(function.body):
        if node.value is None:
            yield None, node
        else:
            for value in _branches(node.value):
                if not _is_null(value):
                    yield value, value
    for value in _last(function.body):
        yield value, value


def _returns(body: nodes.Body) -> Iterator[nodes.Return]:
    pending: list[nodes.Node] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Return):
            yield node
        elif not isinstance(node, _NESTED):
            pending.extend(nodes.children(node))


def _last(body: nodes.Body | None) -> Iterator[nodes.Expr]:
    """The expressions whose value a body ends with."""
    if body is None or not body.statements:
        return
    last = body.statements[-1]
    if isinstance(last, nodes.If):
        yield from _last(last.then)
        yield from _last(last.otherwise)
    elif isinstance(last, nodes.Try):
        for inner in (last.body, *(handler.body for handler in last.handlers)):
            yield from _last(inner)
    elif isinstance(last, nodes.Expr):
        yield from _branches(last)


def _branches(value: nodes.Expr) -> Iterator[nodes.Expr]:
    if isinstance(value, nodes.Conditional):
        yield from _branches(value.then)
        yield from _branches(value.otherwise)
    else:
        yield value


def falls_out(function: nodes.FunctionNode) -> nodes.Node | None:
    """What a gate ends with where that leaves it with a null that nobody wrote; None: nothing."""
    return _fallen(function.body, function)


def _fallen(body: nodes.Body, around: nodes.Node) -> nodes.Node | None:
    if not body.statements:
        return around
    last = body.statements[-1]
    if isinstance(last, nodes.If):
        if last.otherwise is None:
            return last
        return _fallen(last.then, last) or _fallen(last.otherwise, last)
    if isinstance(last, nodes.Try):
        bodies = (last.body, *(handler.body for handler in last.handlers))
        return next(filter(None, (_fallen(one, last) for one in bodies)), None)
    return last if isinstance(last, nodes.While | nodes.For | nodes.Let | nodes.Const) else None


def _is_null(value: nodes.Node | None) -> bool:
    return isinstance(value, nodes.Literal) and value.value is None


# --- `return null` -------------------------------------------------------------------------------


def written_nulls(function: nodes.FunctionNode) -> list[nodes.Node]:
    """Where a gate says `return null`."""
    return [
        value
        for node in _returns(function.body)
        if node.value is not None
        for value in _branches(node.value)
        if _is_null(value)
    ]


def with_strangers(program: nodes.Program, name: str) -> nodes.Program:
    """*program* with `return anonymous()` for each `return null` of its functions called *name*."""
    statements = tuple(
        _with_strangers(one)
        if isinstance(one, nodes.FunctionDecl) and one.function.name == name
        else one
        for one in program.body.statements
    )
    return _changed(program, body=_changed(program.body, statements=statements))


def _with_strangers(declared: nodes.FunctionDecl) -> nodes.FunctionDecl:
    nulls = {id(one) for one in written_nulls(declared.function)}
    try:
        return declared if not nulls else _replaced(declared, nulls)
    except RecursionError:
        return declared  # nested too deeply to be a gate: its nulls refuse


def _replaced(value: Any, nulls: set[int]) -> Any:
    """*value* with calls of `anonymous` for the nodes in *nulls*."""
    if id(value) in nulls:
        return nodes.Call(value.span, nodes.Name(value.span, ANONYMOUS), ())
    if value.__class__ is tuple:
        return tuple(_replaced(one, nulls) for one in value)
    if isinstance(value, nodes.Node):
        fields = type(value).field_names
        return type(value)(*(_replaced(getattr(value, name), nulls) for name in fields))
    return value


def _changed(node: N, **values: Any) -> N:
    kind = type(node)
    return kind(*(values.get(name, getattr(node, name)) for name in kind.field_names))
