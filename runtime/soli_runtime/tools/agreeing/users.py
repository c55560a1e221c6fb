"""What `get_current_user()` gives: the Hash that the app's `authenticate` returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from soli_lang.tools.inference.types import ANY, Atom, Shape, Type
from soli_lang.tree import nodes

from ...routing.declared import GATE

USER: Final = "get_current_user"
_NOBODY: Final = frozenset({"anonymous", "halt", "throw"})
"""Functions that `authenticate` returns the result of where there is no user."""


def user_type(app: Iterable[nodes.Program]) -> Type:
    """The user of an app; ANY where the text does not tell all of its keys.

    Null is left out: who asks for the user of a guarded handler need not ask whether there is one.
    """
    gates = [one for program in app for one in _gates(program)]
    if len(gates) != 1:
        return ANY
    fields: dict[str, Type] = {}
    for result in _results(gates[0].function.body):
        if _is_nobody(result):
            continue
        keys = _keys(result)
        if keys is None:
            return ANY
        fields.update(dict.fromkeys(keys, ANY))
    if not fields:
        return ANY
    shape = Shape(fields, contract=f"the user that {GATE} returns", is_open=True)
    return (Atom("hash", shape=shape),)


def _gates(program: nodes.Program) -> list[nodes.FunctionDecl]:
    return [
        one
        for one in program.body.statements
        if isinstance(one, nodes.FunctionDecl) and one.function.name == GATE
    ]


def _results(body: nodes.Body) -> list[Any]:
    """The expressions whose values a function may give."""
    found: list[Any] = _last(body)
    pending: list[Any] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Return):
            found += _parts(node.value)
        if not isinstance(node, nodes.FunctionNode):
            pending.extend(nodes.children(node))
    return found


def _last(body: nodes.Body | None) -> list[Any]:
    """The values that *body* may end with."""
    if body is None or not body.statements:
        return [None]
    return _parts(body.statements[-1])


def _parts(node: Any) -> list[Any]:
    if isinstance(node, nodes.If):
        return _last(node.then) + _last(node.otherwise)
    if isinstance(node, nodes.Conditional):
        return _parts(node.then) + _parts(node.otherwise)
    return [] if isinstance(node, nodes.Return | nodes.Throw) else [node]


def _is_nobody(node: Any) -> bool:
    """Whether there is no user where `authenticate` gives this: `false`, `null`, `anonymous()`."""
    if node is None or (isinstance(node, nodes.Literal) and node.value in (None, False)):
        return True
    called = node.callee if isinstance(node, nodes.Call) else node
    return isinstance(called, nodes.Name) and called.name in _NOBODY


def _keys(node: Any) -> set[str] | None:
    """The keys of a hash as it stands; None for anything else."""
    if not isinstance(node, nodes.HashLiteral):
        return None
    keys = {key.value for key, _ in node.pairs if isinstance(key, nodes.Literal)}
    is_known = len(keys) == len(node.pairs) and all(isinstance(one, str) for one in keys)
    return keys if is_known else None
