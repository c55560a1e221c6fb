"""`super` where there is nothing above (docs/spec §8.4)."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .findings import Findings, Known

_CHANGING = frozenset({"define_method", "class_eval", "instance_eval"})
"""What may give a function a class that its text does not show."""

_SUPERS = (nodes.SuperCall, nodes.SuperMember)


class SuperPass:
    """Finds every `super` of which it is certain that reaching it fails."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self._program = program
        self._known = known
        self._findings = findings

    def run(self) -> None:
        if self._known.is_test or not nodes.every(self._program, _SUPERS) or self._rebinds():
            return
        pending: list[tuple[Any, nodes.ClassDecl | None]] = [(self._program.body, None)]
        while pending:
            node, around = pending.pop()
            if isinstance(node, nodes.Try | nodes.Rescue):
                continue  # what fails in there may be meant
            if isinstance(node, nodes.ClassDecl):
                around = node
            elif isinstance(node, _SUPERS):
                self._judge(node, around)
            pending.extend((one, around) for one in nodes.children(node))

    def _rebinds(self) -> bool:
        return any(
            node.name in _CHANGING
            for node in nodes.every(self._program, (nodes.Member, nodes.Name))
        )

    def _judge(self, node: nodes.Node, around: nodes.ClassDecl | None) -> None:
        if around is None:
            message, hint = "Type error: 'super' outside of class", "this is in no class"
        elif around.superclass is None and not _may_have_more(around):
            message = "Type error: class has no superclass"
            hint = f"it is written `class {around.name} < Above`"
        else:
            return
        self._findings.error("super", message, node.span, hint)


def _may_have_more(node: nodes.ClassDecl) -> bool:
    mixes = (nodes.Mixin, nodes.HookBlock, nodes.ClassMethods, nodes.StaticBlock)
    return node.is_module or any(isinstance(one, mixes) for one in node.members)
