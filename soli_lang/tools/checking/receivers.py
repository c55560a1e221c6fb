"""`this` where there is none: at the top level of a file, and in static methods."""

from __future__ import annotations

from typing import Any

from ...evaluator.missing import fieldless
from ...tree import nodes
from .findings import Findings, Known

_OTHER_RECEIVERS = (nodes.FunctionNode, nodes.ClassDecl, nodes.EnumDecl)
"""What has a `this` of its own, or may be given one (`instance_eval { ... }`)."""


class ReceiverPass:
    """Finds every `this` of which it is certain that reaching it fails."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self._program = program
        self._known = known
        self._findings = findings

    def run(self) -> None:
        if not nodes.every(self._program, (nodes.This,)):
            return
        self._judge(self._program.body, None)
        for node in nodes.every(self._program, (nodes.MethodDecl,)):
            if node.is_static:
                self._judge(node.function.body, "a static method has no `this`; name the class")

    def _judge(self, body: nodes.Body, hint: str | None) -> None:
        pending: list[Any] = [body]
        while pending:
            node = pending.pop()
            if isinstance(node, _OTHER_RECEIVERS):
                continue
            if isinstance(node, nodes.Try | nodes.Rescue):
                continue  # what fails in there may be meant
            if isinstance(node, nodes.This):
                report = self._findings.warning if self._known.is_test else self._findings.error
                here = hint or fieldless(node, self._program.source.text) or "this is no method"
                report("no-receiver", "'this' outside of class", node.span, here)
            pending.extend(nodes.children(node))
