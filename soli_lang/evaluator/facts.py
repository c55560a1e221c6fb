"""What is known of the variables of a function before it is written.

`Study` goes through a function in the order in which it runs, with the blocks that `scopes` opened,
and says of each variable whether it may be read before it has a value, whether a nested function
sees it change (then it is a *cell*, a list of one), and of which Python class all its values are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..native.native import NativeFunction
from ..tree import nodes
from .scopes import Block, Scopes, Variable
from .summaries import Summary

Item = tuple[Any, Any, bool]
"""(node, its block, whether it stands in a loop) or (a function to call, None, False)"""

IN_LOOP = object()
"""Among the writes of a variable: it is assigned in a loop, and not made anew each turn."""


class Study:
    """Goes through one function (see the module's text)."""

    def __init__(self, scopes: Scopes, root: Block, builtins: dict[str, Any]) -> None:
        self._builtins = builtins
        self._scopes = scopes
        self._root = root
        self.variables: dict[Variable, None] = {}
        """Those of this function that were given a value or looked at, in that order."""
        self._surely: set[int] = set()
        """Statements that run whenever the block that they stand in does."""
        self._open: list[list[Variable]] = []
        """For each block around, the variables that have a value until it ends."""

    def given(self, variable: Variable) -> None:
        """A parameter: it has a value from the start."""
        self.variables[variable] = None
        variable.writes.append(None)
        variable.sure = True

    def run(self, statements: Any, defaults: list[Any]) -> None:
        """Study *statements*, after what the *defaults* of parameters compute."""
        pending: list[Item] = [(one, self._root, False) for one in (*defaults, *statements)]
        pending.reverse()
        self._surely.update(map(id, statements))
        self._open.append([])
        while pending:
            node, block, in_loop = pending.pop()
            if block is None:
                node()
                continue
            studied = _STUDIED.get(node.__class__)
            if studied is None:
                found = [(one, block, in_loop) for one in nodes.children(node)]
            else:
                found = studied(self, node, block, in_loop)
            found.reverse()
            pending += found
        self._kinds()

    def own(self, block: Block, name: str) -> Variable | None:
        """The variable that *name* is in *block*, if it is one of this function."""
        variable = block.find(name)
        if variable is None or variable.home is None or variable.home.function is not self._root:
            return None
        self.variables[variable] = None
        return variable

    def read(self, block: Block, name: str) -> Variable | None:
        variable = self.own(block, name)
        if variable is not None and not variable.sure:
            variable.unset = True
        return variable

    def bound(self, block: Block, name: str, value: Any, where: Any = None) -> Item:
        """To come when what goes before was studied: *name*, of *block*, gets *value*, a node that
        stands in the block *where* (None for any value)."""
        return (partial(self._bind, block, name, value and (value, where)), None, False)

    def _bind(self, block: Block, name: str, value: Any) -> None:
        variable = self.own(block, name)
        if variable is not None:
            self.write(variable, value, in_loop=False)
            variable.sure = True

    def write(self, variable: Variable, value: Any, *, in_loop: bool) -> None:
        variable.writes.append(value)
        variable.cell = variable.cell or variable.captured
        if in_loop:
            variable.writes.append(IN_LOOP)

    def capture(self, block: Block, summary: Summary) -> None:
        """Nested functions may see what *summary* says whenever they are called."""
        names = set(block.visible_names()) if summary.is_reflective else summary.mentioned
        for name in names:
            variable = self.own(block, name)
            if variable is None:
                continue
            variable.captured = True
            if not variable.sure:
                variable.unset = variable.cell = True
            if name in summary.assigned:
                variable.cell = True
                variable.writes.append(None)
            if IN_LOOP in variable.writes:
                variable.cell = True

    def _kinds(self) -> None:
        """Guess the class of each variable from its first value, then drop what does not hold."""
        candidates = []
        for variable in self.variables:
            writes = [one for one in variable.writes if one is not IN_LOOP]
            if not writes or None in writes or variable.cell or variable.unset:
                continue
            for value, block in writes:
                variable.kind = kind_of(value, block, self._builtins)
                if variable.kind is not None:
                    candidates.append((variable, writes))
                    break
        changed = True
        while changed:
            changed = False
            for variable, writes in candidates:
                if variable.kind is not None and any(
                    kind_of(value, block, self._builtins) is not variable.kind
                    for value, block in writes
                ):
                    variable.kind = None
                    changed = True


# --- kinds of nodes: what is to be studied in which order ---


def _name(study: Study, node: nodes.Name, block: Block, in_loop: bool) -> list[Item]:
    variable = study.read(block, node.name)
    if variable is not None:
        variable.reads += 2 if in_loop else 1
    return []


def _call(study: Study, node: nodes.Call, block: Block, in_loop: bool) -> list[Item]:
    if node.callee.__class__ is nodes.Name and node.callee.name in ("defined", "const_get"):
        names = [one.value.value for one in node.arguments if one.value.__class__ is nodes.Literal]
        if len(names) != len(node.arguments):
            names = list(block.visible_names())
        for name in names:
            if name.__class__ is str:
                study.read(block, name)
    return [(one, block, in_loop) for one in nodes.children(node)]


def _nested(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    study.capture(block, study._scopes.summaries.of(node))
    return []


def _declaration(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    """`def`, `class`, `enum`: the nested thing may see its own name before it has a value."""
    inner = node.function if node.__class__ is nodes.FunctionDecl else node
    study.capture(block, study._scopes.summaries.of(inner))
    if node.__class__ is nodes.ClassDecl and node.superclass:
        study.read(block, node.superclass)
    return [study.bound(block, inner.name, None)]


def _let(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    if node.value is None:
        return [study.bound(block, node.name, nodes.Literal(node.span, None), block)]
    return [(node.value, block, in_loop), study.bound(block, node.name, node.value, block)]


def _assignment(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    target = node.target
    parts = [target] if node.__class__ is nodes.Increment else [target, node.value]
    is_read = node.__class__ is not nodes.Assign
    if target.__class__ is not nodes.Name:
        return [(one, block, in_loop) for one in (parts if is_read else reversed(parts))]

    def assigned() -> None:
        variable = study.own(block, target.name)
        if variable is None:
            return
        study.write(variable, (_assigned_value(node), block), in_loop=in_loop)
        if id(node) in study._surely and not variable.sure:
            variable.sure = True
            study._open[-1].append(variable)

    found = [(one, block, in_loop) for one in parts[not is_read :]]
    return [*found, (assigned, None, False)]


def _assigned_value(node: Any) -> Any:
    if node.__class__ is nodes.Assign:
        return node.value
    if node.__class__ is nodes.Increment:
        one = nodes.Literal(node.span, 1)
        return nodes.Binary(node.span, "+" if node.step > 0 else "-", node.target, one)
    kind = nodes.Logical if node.operator in ("||", "&&", "??") else nodes.Binary
    return kind(node.span, node.operator, node.target, node.value)


class _Item:
    """An item of what a loop walks, as the value of a variable."""

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable


def _for(study: Study, node: nodes.For, block: Block, in_loop: bool) -> list[Item]:
    inner = study._scopes.of(node)
    found = [
        (node.iterable, block, in_loop),
        study.bound(inner, node.variable, _Item(node.iterable), block),
    ]
    if node.index is not None:
        found.append(study.bound(inner, node.index, nodes.Literal(node.span, 0), block))
    return [*found, (node.body, inner, True)]


def _comprehension(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    inner = study._scopes.of(node)
    parts = [one for one in nodes.children(node) if one is not node.iterable]
    if node.condition is not None:
        parts.insert(0, parts.pop())
    return [
        (node.iterable, block, in_loop),
        study.bound(inner, node.variable, _Item(node.iterable), block),
        *[(one, inner, True) for one in parts],
    ]


def _while(study: Study, node: nodes.While, block: Block, in_loop: bool) -> list[Item]:
    return [(node.condition, block, True), (node.body, block, True)]


def _body(study: Study, node: nodes.Body, block: Block, in_loop: bool) -> list[Item]:
    """What a statement of a block surely assigns has a value in the rest of that block."""
    inner = study._scopes.of(node)
    study._surely.update(map(id, node.statements))
    study._open.append([])

    def closed() -> None:
        for variable in study._open.pop():
            variable.sure = False

    return [*[(one, inner, in_loop) for one in node.statements], (closed, None, False)]


def _handler(study: Study, node: nodes.Handler, block: Block, in_loop: bool) -> list[Item]:
    inner = study._scopes.of(node)
    found: list[Item] = [(node.body, inner, in_loop)]
    return [study.bound(inner, node.variable, None), *found] if node.variable else found


def _pattern(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    """Names of patterns: of the block around, given or not as the match goes."""
    kind = node.__class__
    name = node.name if kind is nodes.NamePattern or kind is nodes.TypePattern else node.rest
    variable = study.own(block, name) if name else None
    if variable is not None:
        study.write(variable, None, in_loop=in_loop)
        variable.unset = True
    return [(one, block, in_loop) for one in nodes.children(node)]


def _enum_pattern(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    study.read(block, node.enum)
    return [(one, block, in_loop) for one in nodes.children(node)]


_STUDIED: dict[type, Callable[[Study, Any, Block, bool], list[Item]]] = {
    nodes.Name: _name,
    nodes.Call: _call,
    nodes.FunctionNode: _nested,
    **dict.fromkeys((nodes.FunctionDecl, nodes.ClassDecl, nodes.EnumDecl), _declaration),
    **dict.fromkeys((nodes.Let, nodes.Const), _let),
    **dict.fromkeys((nodes.Assign, nodes.CompoundAssign, nodes.Increment), _assignment),
    nodes.For: _for,
    nodes.While: _while,
    **dict.fromkeys((nodes.ArrayComprehension, nodes.HashComprehension), _comprehension),
    nodes.Body: _body,
    nodes.Handler: _handler,
    **dict.fromkeys(
        (nodes.NamePattern, nodes.TypePattern, nodes.ArrayPattern, nodes.HashPattern), _pattern
    ),
    nodes.EnumPattern: _enum_pattern,
}


# --- classes of values ---

DEEPEST = 8
"""Levels of an expression that are looked at for its class."""

_LITERAL_KINDS = frozenset({int, float, str, bool, type(None)})
_ARITHMETIC = frozenset("+-*%/")


def kind_of(node: Any, block: Block, builtins: Any, level: int = 0) -> type | None:
    """The Python class that every value of *node* has, None when that is not certain."""
    handler = _KINDS.get(node.__class__)
    if handler is None or level > DEEPEST:
        return None
    return handler(node, block, builtins, level + 1)


def _binary_kind(node: nodes.Binary, block: Block, builtins: Any, level: int) -> type | None:
    operator = node.operator
    if operator in nodes.COMPARISONS:
        return bool
    if operator not in _ARITHMETIC:
        return None
    left = kind_of(node.left, block, builtins, level)
    right = kind_of(node.right, block, builtins, level)
    if left is int and right is int:
        return int
    if operator == "+" and left is str and right is not None:
        return str
    if left in (int, float) and right in (int, float) and operator in "+-*/":
        return float
    return None


def _name_kind(node: nodes.Name, block: Block, builtins: Any, level: int) -> type | None:
    variable = block.find(node.name)
    if variable is None or variable.home is None:
        return None
    return None if variable.cell or variable.unset else variable.kind


def _item_kind(node: _Item, block: Block, builtins: Any, level: int) -> type | None:
    one = node.iterable
    return int if one.__class__ is nodes.Binary and one.operator == ".." else None


def _unary_kind(node: nodes.Unary, block: Block, builtins: Any, level: int) -> type | None:
    if node.operator == "!":
        return bool
    kind = kind_of(node.operand, block, builtins, level)
    return kind if kind is int or kind is float else None


def _joint_kind(node: Any, block: Block, builtins: Any, level: int) -> type | None:
    """Of `a && b` and `c ? a : b`."""
    first, second = nodes.children(node)[-2:]
    kind = kind_of(first, block, builtins, level)
    return kind if kind is kind_of(second, block, builtins, level) else None


def _call_kind(node: nodes.Call, block: Block, builtins: Any, level: int) -> type | None:
    """Builtins may say of which class their results are."""
    callee = node.callee
    if callee.__class__ is not nodes.Name or builtins is None or block.find(callee.name):
        return None
    found = builtins.get(callee.name)
    if found.__class__ is not NativeFunction or found.declaration is None:
        return None
    return found.declaration.gives  # type: ignore[no-any-return]


_KINDS: dict[type, Callable[[Any, Block, Any, int], type | None]] = {
    nodes.Literal: lambda node, block, builtins, level: (
        node.value.__class__ if node.value.__class__ in _LITERAL_KINDS else None
    ),
    nodes.Interpolation: lambda *_: str,
    nodes.ArrayLiteral: lambda *_: list,
    nodes.ArrayComprehension: lambda *_: list,
    nodes.HashLiteral: lambda *_: dict,
    nodes.HashComprehension: lambda *_: dict,
    nodes.Binary: _binary_kind,
    nodes.Call: _call_kind,
    nodes.Unary: _unary_kind,
    nodes.Name: _name_kind,
    nodes.Conditional: _joint_kind,
    nodes.Logical: _joint_kind,
    _Item: _item_kind,
}
