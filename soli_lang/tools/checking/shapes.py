"""What reads like one thing and is another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...tree import nodes
from ...values.values import Symbol
from .findings import Findings, Known

PRINTERS = frozenset({"print", "puts", "println"})
_COMPARED = (nodes.Literal, nodes.Name, nodes.Interpolation, nodes.ArrayLiteral, nodes.HashLiteral)
"""What `if x = …` is written with by mistake; `while line = queue.pop` is meant."""


class ShapePass:
    """Looks at each node and its parent, whatever the names mean."""

    def __init__(self, program: nodes.Program, known: Known, findings: Findings) -> None:
        self._program = program
        self._known = known
        self._findings = findings
        self._text = program.source.text
        self._own_members = _members_of(program)

    def run(self) -> None:
        for node in nodes.every(self._program, _TESTING):
            for field in node.row.tests:
                self._condition(getattr(node, field))
        for kind, check in _CHECKS.items():
            for node in nodes.every(self._program, (kind,)):
                check(self, node)

    # --- bodies ----------------------------------------------------------------------------------

    def _body(self, body: nodes.Body) -> None:
        self._taken_places(body)
        for statement, following in zip(body.statements, body.statements[1:], strict=False):
            if isinstance(statement, nodes.Member) and self._is_command(statement, following):
                self._two_statements(statement, following)
            elif _is_idle(statement):
                self._findings.warning(
                    "no-effect", "this has no effect", statement.span, _idle_hint(statement)
                )

    def _taken_places(self, body: nodes.Body) -> None:
        """`tickets = []`, and `def tickets` further down: one variable, which is the function."""
        lines: dict[str, int] = {}
        for statement in body.statements:
            if isinstance(statement, nodes.FunctionDecl) and statement.name in lines:
                self._findings.warning(
                    "taken-name",
                    f"this function takes the place of the value '{statement.name}' "
                    f"of line {lines[statement.name]}",
                    statement.span,
                    "functions and variables share their names: give one of them another",
                )
            bound = _bound(statement)
            if bound is not None:
                lines[bound] = self._program.source.position(statement.span.start).line

    def _is_command(self, statement: nodes.Member, following: Any) -> bool:
        """`obj.m "x"` on one line of a body: two statements (docs/spec §6.4)."""
        if isinstance(following, nodes.Stmt):
            return False
        between = self._text[statement.span.end : following.span.start]
        return bool(between) and not between.strip() and "\n" not in between

    def _two_statements(self, statement: nodes.Member, following: Any) -> None:
        argument = self._text[following.span.start : following.span.end]
        self._findings.warning(
            "member-command",
            "these are two statements: a member takes no arguments without parentheses",
            statement.span.to(following.span),
            f"write .{statement.name}({argument})" if len(argument) < 40 else None,
        )

    # --- conditions ------------------------------------------------------------------------------

    def _condition(self, node: Any) -> None:
        while isinstance(node, nodes.Logical) and node.operator != "??":
            self._condition(node.right)
            node = node.left
        if isinstance(node, nodes.Unary) and node.operator == "!":
            self._condition(node.operand)
        elif isinstance(node, nodes.Assign) and isinstance(node.value, _COMPARED):
            self._findings.warning(
                "assignment-in-condition",
                "this assigns, it does not compare",
                node.span,
                "write `==` to compare, or assign on a line of its own",
            )
        elif isinstance(node, nodes.Member) and self._is_bare_method(node):
            self._findings.warning(
                "bare-method",
                f"'{node.name}' without arguments is a Method, which is always true",
                node.span,
                f"write .{node.name}(...)",
            )

    def _is_bare_method(self, node: nodes.Member) -> bool:
        """Whether `x.name` can only be a builtin method that needs arguments (docs/spec §L0.5)."""
        if not node.name.endswith("?") or node.name in self._own_members:
            return False
        table = self._known.methods.get(node.name)
        if not table:
            return False
        return all(
            not getattr(method, "bare", True) and getattr(method, "low", 0) > 0
            for method in table.values()
        )

    # --- blocks ----------------------------------------------------------------------------------

    def _call(self, node: nodes.Call) -> None:
        """`break` and `return` in a block, where another language leaves what is around it."""
        if not isinstance(node.block, nodes.Lambda) or not isinstance(node.callee, nodes.Member):
            return
        name = node.callee.name
        loses_values = (name.startswith("each") or name == "times") and (
            name not in self._own_members
        )
        for leaving in _leaving(node.block.function.body):
            if isinstance(leaving, nodes.Break):
                self._findings.warning(
                    "break-in-block",
                    f"`break` ends one call of the block, as `next` does; '{name}' goes on",
                    leaving.span,
                    "a `for` loop can be left",
                )
            elif loses_values and not _gives_nothing(leaving):
                self._findings.warning(
                    "return-in-block",
                    f"`return` ends one call of the block, and '{name}' drops its value",
                    leaving.span,
                    "a function can be left from a `for` loop; `find` gives the first that fits",
                )

    # --- expressions -----------------------------------------------------------------------------

    def _binary(self, node: nodes.Binary) -> None:
        if node.operator == "-" and _is_printer(node.left):
            assert isinstance(node.left, nodes.Name)
            self._findings.warning(
                "subtracts-from-function",
                f"this subtracts from what {node.left.name} returns",
                node.span,
                f"write {node.left.name}(-...)",
            )

        elif node.operator in ("==", "!=") and isinstance(node.left, nodes.Unary):
            self._negated(node, node.left)

    def _negated(self, node: nodes.Binary, left: nodes.Unary) -> None:
        """`not x == 3` is `(not x) == 3` (docs/spec §2.7)."""
        is_bool = isinstance(node.right, nodes.Literal) and isinstance(node.right.value, bool)
        if left.operator != "!" or is_bool or not self._text.startswith("not", left.span.start):
            return
        self._findings.warning(
            "negated-operand",
            f"`not` binds tighter than `{node.operator}`: this compares a Bool",
            node.span,
            f"write `{'!=' if node.operator == '==' else '=='}`, or put the comparison in "
            "parentheses",
        )

    def _index(self, node: nodes.Index) -> None:
        if _is_printer(node.object):
            assert isinstance(node.object, nodes.Name)
            self._findings.warning(
                "indexes-function",
                f"this indexes what {node.object.name} returns",
                node.span,
                f"write {node.object.name}([...])",
            )

    def _shell(self, node: nodes.ShellCommand) -> None:
        if any("${" in one for one in node.parts if isinstance(one, str)):
            self._findings.warning(
                "shell-command",
                "a text in backticks is a command, and `${}` puts nothing into it",
                node.span,
                'values are put into a text in quotes, by `"Hello #{name}"`',
            )
            return
        self._findings.warning(
            "shell-command",
            "a command in backticks starts a shell, which is refused unless it is granted by name",
            node.span,
            "grant it with --allow-shell, or write System.run_sync(...), or quotes for a text",
        )

    def _hash(self, node: nodes.HashLiteral) -> None:
        seen: set[tuple[type, Any]] = set()
        for key, _ in node.pairs:
            if not isinstance(key, nodes.Literal):
                continue
            value = key.value.name if isinstance(key.value, Symbol) else key.value
            mark = (type(key.value), value)
            if mark in seen:
                self._findings.warning(
                    *("duplicate-key", f"the key {_shown(key)} is there twice", key.span),
                    "the last one counts: remove the other",
                )
            seen.add(mark)

    def _match(self, node: nodes.Match) -> None:
        for arm, following in zip(node.arms, node.arms[1:], strict=False):
            if arm.guard is None and isinstance(
                arm.pattern, nodes.WildcardPattern | nodes.NamePattern
            ):
                self._findings.warning(
                    "unreachable",
                    "this arm is never reached",
                    following.span,
                    "the arm before it matches everything",
                )
                return


def _gives_nothing(leaving: Any) -> bool:
    """Whether a `return` says that it ends its turn: without a value, or with null."""
    value = leaving.value
    return value is None or (isinstance(value, nodes.Literal) and value.value is None)


def _leaving(body: nodes.Body) -> Iterator[nodes.Break | nodes.Return]:
    """Each `return` of the block with *body*, and each `break` that no loop in it takes."""
    pending: list[tuple[Any, bool]] = [(body, False)]
    while pending:
        node, in_loop = pending.pop()
        if isinstance(node, nodes.Return) or (isinstance(node, nodes.Break) and not in_loop):
            yield node
        elif not isinstance(node, nodes.FunctionNode | nodes.ClassDecl | nodes.EnumDecl):
            in_loop = in_loop or isinstance(node, nodes.For | nodes.While)
            pending.extend((child, in_loop) for child in nodes.children(node))


def _is_printer(node: Any) -> bool:
    return isinstance(node, nodes.Name) and node.name in PRINTERS


def _is_idle(node: Any) -> bool:
    """Whether a statement whose value nobody takes does nothing."""
    if isinstance(node, nodes.Literal):
        return True
    if isinstance(node, nodes.HashLiteral):
        return not node.pairs
    if isinstance(node, nodes.Binary) and node.operator in nodes.COMPARISONS:
        return _is_plain(node.left) and _is_plain(node.right)
    return False


def _is_plain(node: Any) -> bool:
    return isinstance(node, nodes.Literal | nodes.Name | nodes.This)


def _idle_hint(node: Any) -> str | None:
    if isinstance(node, nodes.Binary) and node.operator == "==":
        return "write `=` to assign"
    if isinstance(node, nodes.HashLiteral):
        return "`{}` here is an empty hash, not an empty block"
    return None


def _shown(node: nodes.Literal) -> str:
    return f"'{node.value}'" if isinstance(node.value, str) else str(node.value)


def _members_of(program: nodes.Program) -> frozenset[str]:
    """Names of all methods, fields and functions that the file itself defines, and its texts."""
    return frozenset(_defined(program))


def _bound(statement: Any) -> str | None:
    """The variable that *statement* gives a value."""
    if isinstance(statement, nodes.Let | nodes.Const):
        return statement.name
    if isinstance(statement, nodes.Assign) and isinstance(statement.target, nodes.Name):
        return statement.target.name
    return None


def _defined(program: nodes.Program) -> Iterator[str]:
    for node in nodes.every(program, (nodes.FunctionNode, nodes.FieldDecl)):
        yield node.name
    for node in nodes.every(program, (nodes.Literal,)):
        if isinstance(node.value, str | Symbol):
            yield node.value.name if isinstance(node.value, Symbol) else node.value


_TESTING = nodes.kinds(lambda row: row.tests)
_CHECKS: dict[type, Any] = {
    nodes.Body: ShapePass._body,
    nodes.Binary: ShapePass._binary,
    nodes.Index: ShapePass._index,
    nodes.HashLiteral: ShapePass._hash,
    nodes.ShellCommand: ShapePass._shell,
    nodes.Match: ShapePass._match,
    nodes.Call: ShapePass._call,
}
