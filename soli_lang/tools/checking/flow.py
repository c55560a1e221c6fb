"""Code that nothing reaches, and functions that a later one of the same name replaces."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .findings import Findings


class FlowPass:
    """Looks at each body by itself."""

    def __init__(self, program: nodes.Program, findings: Findings) -> None:
        self._program = program
        self._findings = findings

    def run(self) -> None:
        for node in nodes.every(self._program, (nodes.Body,)):
            self._body(node, is_file=node is self._program.body)
        for node in nodes.every(self._program, (nodes.If, nodes.While)):
            self._never(node)

    def _body(self, body: nodes.Body, *, is_file: bool) -> None:
        declared: dict[str, nodes.Node] = {}
        for index, statement in enumerate(body.statements):
            self._replaced(statement, declared)
            is_last = index == len(body.statements) - 1
            if not is_last and self._leaves(statement, is_file):
                following = body.statements[index + 1].span
                hint = f"line {self._line(statement)} always leaves before it"
                if _loops_forever(statement):
                    hint = f"the loop on line {self._line(statement)} never ends: `break` leaves it"
                self._findings.warning("unreachable", "this is never reached", following, hint)
                return

    def _never(self, node: Any) -> None:
        """`if false`, `while false`"""
        body = node.then if isinstance(node, nodes.If) else node.body
        condition = node.condition
        if isinstance(condition, nodes.Literal) and condition.value in (False, None):
            is_zero = condition.value.__class__ is int
            if body.statements and not is_zero:
                self._findings.warning(
                    "unreachable",
                    "this is never reached",
                    body.statements[0].span if isinstance(node, nodes.While) else node.span,
                    "its condition is never true",
                )

    def _line(self, node: nodes.Node) -> int:
        return self._program.source.position(node.span.start).line

    def _leaves(self, node: Any, is_file: bool) -> bool:
        """Whether what follows *node* in its body cannot run."""
        if is_file:
            # A stray `return` at the top level ends only itself (docs/spec §5.3).
            return isinstance(node, nodes.Throw) or _loops_forever(node)
        return _always_leaves(node)

    def _replaced(self, statement: Any, declared: dict[str, nodes.Node]) -> None:
        if isinstance(statement, nodes.Export):
            statement = statement.declaration
        if isinstance(statement, nodes.FunctionDecl):
            name = statement.function.name
        elif isinstance(statement, nodes.ClassDecl):
            name = statement.name
        else:
            return
        earlier = declared.get(name)
        if earlier is not None:
            self._findings.warning(
                "replaced",
                f"'{name}' replaces the one defined on line {self._line(earlier)}",
                statement.span,
            )
        declared[name] = statement


def _always_leaves(node: Any) -> bool:
    if node.row.leaves:
        return True
    if isinstance(node, nodes.If):
        otherwise = node.otherwise
        return otherwise is not None and _body_leaves(node.then) and _body_leaves(otherwise)
    if isinstance(node, nodes.BlockStmt):
        return _body_leaves(node.body)
    if isinstance(node, nodes.Try):
        return _try_leaves(node)
    return _loops_forever(node)


def _try_leaves(node: nodes.Try) -> bool:
    if node.final is not None and _body_leaves(node.final):
        return True
    return _body_leaves(node.body) and all(_body_leaves(one.body) for one in node.handlers)


def _body_leaves(body: nodes.Body) -> bool:
    return any(_always_leaves(statement) for statement in body.statements)


def _loops_forever(node: Any) -> bool:
    """`while true` without a way out."""
    if not isinstance(node, nodes.While) or not isinstance(node.condition, nodes.Literal):
        return False
    return node.condition.value is True and not _breaks(node.body)


def _breaks(body: nodes.Body) -> bool:
    """Whether a `break` (of this loop) or `return` is in *body*."""
    pending: list[Any] = list(body.statements)
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Break | nodes.Return | nodes.Throw):
            return True
        if not isinstance(node, nodes.FunctionNode):
            pending.extend(nodes.children(node))
    return False
