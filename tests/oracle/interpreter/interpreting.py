"""The walk over the tree: one answer per kind of node, found by the class of the node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from soli_lang.base.errors import LimitError, SoliError
from soli_lang.base.source import Source, Span
from soli_lang.machine.machine import Machine
from soli_lang.tree import nodes
from soli_lang.values.values import Function, Value

from .scopes import Scope

Answer = Callable[..., Value]
"""(node, scope) -> value"""

ANSWERS: dict[type, Answer] = {}
Code = TypeVar("Code", bound=Answer)


class Unsupported(Exception):
    """A kind of node that has no answer yet; its text is the name of the kind."""


def answers(kind: type) -> Callable[[Code], Code]:
    """Declare what evaluates nodes of that kind."""

    def declare(code: Code) -> Code:
        ANSWERS[kind] = code
        return code

    return declare


class Oracle:
    """Evaluates nodes; knows how deep and how long it has been running."""

    def __init__(self, machine: Machine, most_steps: int, most_calls: int) -> None:
        self.machine = machine
        self.most_steps = most_steps
        self.most_calls = most_calls
        self.steps = 0
        self.calls = 0
        self.builtins = Scope(None, Source("<builtins>", ""), self)
        self.builtins.names = machine.globals
        self.added: dict[type, dict[str, Function]] = {}
        """Methods that the program gave builtin types, by the Python class of their values."""
        self.files: dict[str, Any] = {}
        """Imported files by name."""
        self.whole: set[nodes.Node] = set()
        """Those `next` that are statements, or the last that a statement does."""

    def evaluate(self, node: nodes.Node, scope: Scope) -> Value:
        """The value of an expression; for a statement the value that it leaves."""
        self.steps += 1
        if self.steps > self.most_steps:
            raise LimitError("the oracle's steps are used up", node.span, scope.source)
        answer = ANSWERS.get(type(node))
        if answer is None:
            raise Unsupported(type(node).__name__)
        try:
            return answer(node, scope)
        except SoliError as error:
            error.locate(node.span, scope.source)
            raise

    def enter(self, name: str, source: Source, span: Span) -> None:
        """Begin a call of a function of the program."""
        if self.calls >= self.most_calls:
            deep = f'call stack too deep ({self.most_calls} frames) in "{name}"'
            raise LimitError(f"{deep} — unbounded recursion?", span, source)
        self.calls += 1
