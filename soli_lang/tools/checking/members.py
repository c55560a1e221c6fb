"""Results that nobody takes.

A type is known of literals, and of names that a file binds once, to a literal. What the file
itself defines anywhere may have been added to a builtin type: such names are left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
_NAME_NOTHING: Final = (nodes.Name, nodes.Member, nodes.Literal, nodes.Interpolation)


class MemberPass:
    """Looks at each statement that only makes a value."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self._program = program
        self._known = known
        self._findings = findings
        self._own: set[str] = set()
        self._bound: Counter[str] = Counter()
        self._types: dict[str, type] = {}

    def run(self) -> None:
        for node in _all(self._program.body):
            self._note(node)
        for node in _all(self._program.body):
            if isinstance(node, nodes.Body):
                for statement in node.statements[:-1]:
                    self._unused(statement)
            for body in (getattr(node, field) for field in node.row.loops):
                if isinstance(body, nodes.Body) and body.statements:
                    self._unused(body.statements[-1])
        if self._program.body.statements:
            self._unused(self._program.body.statements[-1])

    # --- what is known ---------------------------------------------------------------------------

    def _note(self, node: Any) -> None:
        if isinstance(node, nodes.FunctionNode):
            self._own.add(node.name)
            self._bound.update(param.name for param in node.params)
        elif isinstance(node, nodes.Let | nodes.Const):
            self._bind(node.name, node.value)
        elif isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
            self._bind(node.target.name, node.value)
        elif isinstance(node, nodes.FieldDecl):
            self._own.add(node.name)
        elif not isinstance(node, _NAME_NOTHING):
            # loops, patterns, imports, `x += 1`: whatever else names a variable
            self._bound.update(_names_in(node) * 2)

    def _bind(self, name: str, value: Any) -> None:
        self._bound[name] += 1
        kind = _type_of(value)
        if kind is not None:
            self._types[name] = kind

    def _type(self, node: Any) -> type | None:
        if isinstance(node, nodes.Name):
            return self._types.get(node.name) if self._bound[node.name] == 1 else None
        return _type_of(node)

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


def _all(root: nodes.Node) -> Iterator[Any]:
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(nodes.children(node))
