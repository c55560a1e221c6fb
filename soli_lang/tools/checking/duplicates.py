"""What is there twice: members, arms, conditions. The later one, or the earlier, means nothing."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from ...values.values import Symbol
from .findings import Findings


class DuplicatePass:
    """Looks at each class, enum, `match` and chain of `if`."""

    def __init__(self, program: nodes.Program, findings: Findings) -> None:
        self._program = program
        self._findings = findings
        self._text = program.source.text

    def run(self) -> None:
        inner: set[int] = set()
        for node in nodes.every(self._program, (nodes.ClassDecl,)):
            self._members(node.members)
        for node in nodes.every(self._program, (nodes.EnumDecl,)):
            self._members(node.methods)
            self._variants(node)
        for node in nodes.every(self._program, (nodes.Match,)):
            self._arms(node)
        for node in nodes.every(self._program, (nodes.If,)):
            if id(node) not in inner:
                self._conditions(node, inner)

    def _line(self, node: nodes.Node) -> int:
        return self._program.source.position(node.span.start).line

    def _members(self, members: tuple[Any, ...]) -> None:
        seen: dict[tuple[str, bool], nodes.Node] = {}
        for member in members:
            if isinstance(member, nodes.MethodDecl) and not member.is_constructor:
                name = member.function.name
            elif isinstance(member, nodes.FieldDecl):
                name = member.name
            else:
                continue
            key = (f"{type(member).__name__} {name}", member.is_static)
            if key in seen:
                message = f"'{name}' replaces the one defined on line {self._line(seen[key])}"
                self._findings.warning("replaced", message, member.span)
            seen[key] = member

    def _variants(self, node: nodes.EnumDecl) -> None:
        seen: dict[str, nodes.Variant] = {}
        for variant in node.variants:
            if variant.name in seen:
                line = self._line(seen[variant.name])
                message = f"the variant '{variant.name}' is there twice, on line {line} as well"
                self._findings.warning("replaced", message, variant.span)
            seen[variant.name] = variant

    def _arms(self, node: nodes.Match) -> None:
        seen: dict[Any, nodes.Node] = {}
        for arm in node.arms:
            key = _pattern_key(arm.pattern)
            if key is None:
                continue
            if key in seen:
                self._findings.warning(
                    "unreachable",
                    "this arm is never reached",
                    arm.span,
                    f"the arm of line {self._line(seen[key])} takes the same values",
                )
            elif arm.guard is None:
                seen[key] = arm

    def _conditions(self, node: nodes.If, inner: set[int]) -> None:
        """`if x == 1 … elsif x == 1`"""
        seen: dict[str, nodes.Node] = {}
        one: Any = node
        while isinstance(one, nodes.If):
            inner.add(id(one))
            written = " ".join(
                self._text[one.condition.span.start : one.condition.span.end].split()
            )
            if written in seen and _is_pure(one.condition):
                self._findings.warning(
                    "unreachable",
                    "this branch is never reached",
                    one.condition.span,
                    f"line {self._line(seen[written])} asks the same",
                )
            seen[written] = one.condition
            rest = one.otherwise.statements if one.otherwise is not None else ()
            one = rest[0] if len(rest) == 1 else None


def _pattern_key(pattern: Any) -> Any:
    if isinstance(pattern, nodes.LiteralPattern):
        value = pattern.value.name if isinstance(pattern.value, Symbol) else pattern.value
        return (type(pattern.value), value)
    if isinstance(pattern, nodes.EnumPattern) and pattern.fields is None:
        return (pattern.enum, pattern.variant)
    return None


def _is_pure(condition: nodes.Node) -> bool:
    """Whether asking twice gives the same: names, literals and elements only."""
    plain = (nodes.Name, nodes.Literal, nodes.Binary, nodes.Logical, nodes.Index, nodes.Unary)
    return all(isinstance(one, plain) for one in nodes.walk(condition))
