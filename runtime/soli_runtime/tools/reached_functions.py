"""The functions of a file that run for events and requests, found in its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from soli_lang.tree import nodes
from soli_lang.tree.node_type import walk

from ..routing.declared import GATE
from ..routing.routes import WEBSOCKET
from .handler_types import WrittenRoute


@dataclass(frozen=True, slots=True)
class Callers:
    """Functions that the runtime calls, by name."""

    sockets: frozenset[str] = frozenset()
    """For events of WebSockets."""
    requests: frozenset[str] = frozenset()
    """For HTTP requests."""


def callers_of(routes: Iterable[WrittenRoute]) -> Callers:
    """The functions that *routes* lead to, and what runs before them."""
    by_kind: dict[bool, set[str]] = {True: set(), False: set()}
    for route in routes:
        by_kind[route.method == WEBSOCKET].update((route.target.partition("#")[2], GATE))
    return Callers(frozenset(by_kind[True]), frozenset(by_kind[False]))


class FileFunctions:
    """The functions of a file by name, methods and lambdas in variables too."""

    def __init__(self, program: nodes.Program) -> None:
        self._by_name: dict[str, list[nodes.Node]] = {}
        for node in nodes.every(program, (nodes.FunctionNode,)):
            if node.name:
                self._add(node.name, node)
        for node in nodes.every(program, (nodes.Let, nodes.Const)):
            if node.value is not None:
                self._add_lambda(node.name, node.value)
        for node in nodes.every(program, (nodes.Assign,)):
            if isinstance(node.target, nodes.Name):
                self._add_lambda(node.target.name, node.value)

    def _add(self, name: str, function: nodes.Node) -> None:
        self._by_name.setdefault(name, []).append(function)

    def _add_lambda(self, name: str, value: nodes.Node) -> None:
        if isinstance(value, nodes.Lambda):
            self._add(name, value)

    def reached(self, roots: frozenset[str]) -> list[nodes.Node]:
        """The functions called *roots*, and those whose names these mention, and so on."""
        pending = sorted(roots)
        seen = set(pending)
        reached: list[nodes.Node] = []
        while pending:
            for function in self._by_name.get(pending.pop(), ()):
                reached.append(function)
                called = {mentioned(node) for node in walk(function)} - seen
                seen |= called
                pending.extend(called)
        return reached


def mentioned(node: Any) -> str:
    """The name by which *node* uses something; empty: it uses nothing by name."""
    if isinstance(node, nodes.Name | nodes.Member | nodes.ScopedName):
        return str(node.name)
    return "new" if isinstance(node, nodes.New) else ""


def mentioned_in(program: nodes.Program) -> frozenset[str]:
    """The names of everything that *program* uses: it may call functions of other files."""
    return frozenset(map(mentioned, walk(program.body)))
