"""Results that nobody takes.

A type is known of literals, and of names that a file binds once, to a literal. What the file
itself defines anywhere may have been added to a builtin type: such names are left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from ...native.native import NativeMethod
from ...tree import nodes
from ...values.kinds import TYPE_NAMES
from .findings import Findings, Known

_VALUES: Final = frozenset({str, list, dict, int, float})
"""Types whose methods without `mutates` do nothing but give a value."""
_MISTAKEN: Final = frozenset(
    {
        *("sort", "reverse", "uniq", "compact", "flatten", "shuffle", "rotate"),
        *("upcase", "downcase", "capitalize", "trim", "strip", "gsub", "concat", "merge"),
    }
)
"""What changes its receiver elsewhere: told of without knowing the receiver."""
_LOOPS: Final = nodes.kinds(lambda row: row.loops)
_NAMING: Final = nodes.kinds(
    lambda row: not row.is_plain or row.matches or row.texts not in ((), ("operator",))
) - {
    *(nodes.FunctionNode, nodes.Let, nodes.Const, nodes.Assign, nodes.FieldDecl),
    *(nodes.Name, nodes.Member, nodes.Literal, nodes.Interpolation, nodes.Body),
}
"""What may name a variable, but does not give it one value."""


class MemberPass:
    """Looks at each statement that only makes a value."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self._program = program
        self._known = known
        self._findings = findings

    def run(self) -> None:
        for node in nodes.every(self._program, (nodes.Body,)):
            for statement in node.statements[:-1]:
                self._unused(statement)
        for node in nodes.every(self._program, _LOOPS):
            for body in (getattr(node, field) for field in node.row.loops):
                if isinstance(body, nodes.Body) and body.statements:
                    self._unused(body.statements[-1])
        if self._program.body.statements:
            self._unused(self._program.body.statements[-1])

    # --- what is known ---------------------------------------------------------------------------

    @cached_property
    def _own(self) -> frozenset[str]:
        """The methods and fields that the file itself defines."""
        kinds = (nodes.FunctionNode, nodes.FieldDecl)
        return frozenset(one.name for one in nodes.every(self._program, kinds))

    @cached_property
    def _types(self) -> dict[str, type]:
        """The variables that get one value only, whose type is plain."""
        bound: Counter[str] = Counter()
        types: dict[str, type] = {}
        for name, value in _assigned(self._program):
            bound[name] += 1
            kind = _type_of(value)
            if kind is not None:
                types[name] = kind
        for node in nodes.every(self._program, (nodes.FunctionNode,)):
            bound.update(param.name for param in node.params)
        for node in nodes.every(self._program, _NAMING):
            # loops, patterns, imports, `x += 1`: whatever else names a variable
            bound.update(_names_in(node) * 2)
        return {name: kind for name, kind in types.items() if bound[name] == 1}

    def _type(self, node: Any) -> type | None:
        return self._types.get(node.name) if isinstance(node, nodes.Name) else _type_of(node)

    # --- unused results --------------------------------------------------------------------------

    def _unused(self, statement: Any) -> None:
        """Warn of a statement that only makes a value, which nobody takes."""
        is_call = isinstance(statement, nodes.Call)
        member = statement.callee if is_call else statement
        if not isinstance(member, nodes.Member) or member.name in self._own:
            return
        if is_call and (statement.block is not None or _runs_code(statement.arguments)):
            return
        table = self._known.methods.get(member.name, {})
        if not any(_only_gives(one, bare=not is_call) for one in table.values()):
            return
        kind = self._type(member.object)
        methods = list(table.values()) if kind is None else [table.get(kind)]
        if kind is None and member.name not in _MISTAKEN:
            return
        if kind is not None and kind not in _VALUES:
            return
        if not methods or not all(_only_gives(one, bare=not is_call) for one in methods):
            return
        text = self._program.source.text
        receiver = text[member.object.span.start : member.object.span.end]
        call = text[statement.span.start : statement.span.end]
        hint = "take what it gives" if len(call) > 40 else f"keep it: `{receiver} = {call}`"
        if not isinstance(member.object, nodes.Name | nodes.Member):
            hint = "take what it gives, or leave it out"
        self._findings.warning(
            "unused-result",
            f"'{member.name}' gives a new value and changes nothing",
            statement.span,
            hint,
        )


def _only_gives(method: Any, *, bare: bool) -> bool:
    if method.__class__ is not NativeMethod or method.declaration.mutates:
        return False
    return bool(method.bare or not bare)


def _runs_code(arguments: tuple[Any, ...]) -> bool:
    """Whether an argument is a function, or may be one."""
    return any(
        not isinstance(getattr(one, "value", one), nodes.Literal | nodes.Interpolation)
        for one in arguments
    )


def _type_of(node: Any) -> type | None:
    if isinstance(node, nodes.Literal):
        return (
            type(node.value) if type(node.value) in TYPE_NAMES and node.value is not None else None
        )
    return node.row.value_class if isinstance(node, nodes.Node) else None


def _names_in(node: nodes.Node) -> list[str]:
    """Whatever texts *node* itself holds: names of variables among them."""
    found: list[str] = []
    pending = [getattr(node, name) for name in type(node).field_names[1:]]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            pending.extend(value)
    target = getattr(node, "target", None)
    return [*found, target.name] if isinstance(target, nodes.Name) else found


def _assigned(program: nodes.Program) -> Iterator[tuple[str, Any]]:
    """(variable, value) for what gives a variable its value, as `let` and `=` do."""
    for node in nodes.every(program, (nodes.Let, nodes.Const)):
        yield node.name, node.value
    for node in nodes.every(program, (nodes.Assign,)):
        if isinstance(node.target, nodes.Name):
            yield node.target.name, node.value
