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
from .scopes import CLASS, END, HIDDEN, THIS, Block, Scopes, Variable
from .summaries import Summary

Item = tuple[Any, Any, bool]
"""(node, its block, whether it stands in a loop) or (a function to call, None, False)"""

UNNAMED = (THIS, HIDDEN, CLASS)
"""Variables that programs do not name."""
IN_LOOP = object()
"""Among the writes of a variable: it is assigned in a loop, and not made anew each turn."""


class Study:
    """Goes through one function (see the module's text)."""

    def __init__(
        self, scopes: Scopes, root: Block, builtins: dict[str, Any], *, is_watched: bool = False
    ) -> None:
        self._is_watched = is_watched
        """Whether somebody may look at any variable, and change it (`watching`)."""
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
        self._own(variable)
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
            if node.row.is_plain and node.__class__ is not nodes.Call:
                found: list[Item] = [(one, block, in_loop) for one in nodes.children(node)]
            else:
                found = self._studied(node, block, in_loop)
            found.reverse()
            pending += found
        self._kinds()

    def _studied(self, node: Any, block: Block, in_loop: bool) -> list[Item]:
        """What is to be studied next, in order, where *node* has to do with variables."""
        row = node.row
        for field in row.reads:
            name = getattr(node, field)
            variable = self.read(block, name, node.span.start) if name else None
            if variable is not None:
                variable.reads += 2 if in_loop else 1
        if row.is_scope:
            self.capture(block, self._scopes.summaries.of(node), node.span.start)
            return self._declared(node, block)
        if row.is_block:
            return self._within(node, in_loop)
        if row.assigns:
            return self._assignment(node, block, in_loop)
        if row.matches:
            self._matched(getattr(node, row.matches), block, in_loop)
        elif node.__class__ is nodes.Call:
            self._reflective(node, block)
        if row.loops or row.binds:
            return self._bound_parts(node, block, in_loop)
        found: list[Item] = [(one, block, in_loop) for one in nodes.children(node)]
        return [*found, *self._declared(node, block)]

    def _declared(self, node: Any, block: Block) -> list[Item]:
        """A declaration gives its name a value. What is nested in it may see that name before."""
        declares = node.row.declares
        if not declares:
            return []
        return [self.bound(block, getattr(node, declares), *_declared_value(node, block))]

    def _bound_parts(self, node: Any, block: Block, in_loop: bool) -> list[Item]:
        """The parts of a loop or of what binds names: these get their values before what is inside
        is run."""
        row = node.row
        inner = self._scopes.of(node) if row.binds else block
        parts = list(nodes.parts(node))
        found: list[Item] = [
            (one, block, in_loop or field in row.loops)
            for field, one in parts
            if field not in row.inside
        ]
        for field in row.binds:
            name = getattr(node, field)
            if name:
                found.append(self.bound(inner, name, *_bound_value(node, field, block)))
        found += [
            (one, inner, in_loop or field in row.loops)
            for field, one in parts
            if field in row.inside
        ]
        return found

    def _within(self, node: nodes.Body, in_loop: bool) -> list[Item]:
        """What a statement of a block surely assigns has a value in the rest of that block."""
        inner = self._scopes.of(node)
        self._surely.update(map(id, node.statements))
        self._open.append([])

        def closed() -> None:
            for variable in self._open.pop():
                variable.sure = False

        return [*[(one, inner, in_loop) for one in node.statements], (closed, None, False)]

    def _assignment(self, node: Any, block: Block, in_loop: bool) -> list[Item]:
        row = node.row
        target = getattr(node, row.assigns)
        is_name = target.__class__ is nodes.Name
        found: list[Item] = [
            (one, block, in_loop)
            for _, one in nodes.parts(node)
            if row.reads_target or not is_name or one is not target
        ]
        if not is_name:
            return found

        def assigned() -> None:
            variable = self.own(block, target.name, target.span.start)
            if variable is None:
                return
            self.write(variable, (assigned_value(node), block), in_loop=in_loop)
            if id(node) in self._surely and not variable.sure:
                variable.sure = True
                self._open[-1].append(variable)

        return [*found, (assigned, None, False)]

    def _matched(self, name: str | None, block: Block, in_loop: bool) -> None:
        """Names of patterns: of the block around, given or not as the match goes."""
        variable = self.own(block, name) if name else None
        if variable is not None:
            self.write(variable, None, in_loop=in_loop)

    def _reflective(self, node: nodes.Call, block: Block) -> None:
        """`defined(name)` and `const_get(name)` read a variable, of any name if it is computed."""
        if node.callee.__class__ is not nodes.Name or node.callee.name not in _REFLECTIVE:
            return
        values = [one.value for one in node.arguments]
        names: list[Any] = [one.value for one in values if one.__class__ is nodes.Literal]
        if len(names) != len(values):
            names = list(block.visible_names())
        for name in names:
            if name.__class__ is str:
                self.read(block, name, node.span.start)

    def own(self, block: Block, name: str, at: int = END) -> Variable | None:
        """What *name* is in *block* at offset *at*, if it is a variable of this function."""
        variable = block.find(name, at)
        if variable is None or variable.home is None or variable.home.function is not self._root:
            return None
        self._own(variable)
        return variable

    def _own(self, variable: Variable) -> None:
        self.variables[variable] = None
        if self._is_watched and variable.name not in UNNAMED:
            variable.cell = variable.captured = True

    def read(self, block: Block, name: str, at: int) -> Variable | None:
        variable = self.own(block, name, at)
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

    def capture(self, block: Block, summary: Summary, at: int) -> None:
        """A nested function at offset *at* may see what *summary* says whenever it is called."""
        is_any = summary.is_reflective or self._is_watched
        names = set(block.visible_names()) if is_any else summary.mentioned
        for name in names:
            variable = self.own(block, name, at)
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
        self._naturals([one for one in candidates if one[0].kind is int])

    def _naturals(self, candidates: list[Any]) -> None:
        """Guess that Ints are not negative, then drop what does not hold."""
        for variable, _ in candidates:
            variable.is_natural = True
        changed = True
        while changed:
            changed = False
            for variable, writes in candidates:
                if variable.is_natural and not all(
                    is_natural(value, block, self._builtins) for value, block in writes
                ):
                    variable.is_natural = False
                    changed = True


_REFLECTIVE = ("defined", "const_get")


# --- what variables are given: None for any value ---

Given = tuple[Any, Any]
"""(a node with the value, its block)"""


def _declared_value(node: Any, block: Block) -> Given:
    if not isinstance(node, nodes.Let | nodes.Const):
        return None, None
    return nodes.Literal(node.span, None) if node.value is None else node.value, block


def _bound_value(node: Any, field: str, block: Block) -> Given:
    if field == "index":
        return nodes.Literal(node.span, 0), block
    return (_Item(node.iterable), block) if field == "variable" and _walks(node) else (None, None)


def _walks(node: Any) -> bool:
    return isinstance(node, nodes.For | nodes.ArrayComprehension | nodes.HashComprehension)


class _Item:
    """An item of what a loop walks, as the value of a variable."""

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable


def assigned_value(node: Any) -> Any:
    """What an assignment of any kind gives its target, as a node; None where nobody knows."""
    if node.__class__ is nodes.Assign:
        return node.value
    if node.__class__ is nodes.Increment:
        one = nodes.Literal(node.span, 1)
        return nodes.Binary(node.span, "+" if node.step > 0 else "-", node.target, one)
    if node.__class__ is not nodes.CompoundAssign:
        return None
    kind = nodes.Logical if node.operator in ("||", "&&", "??") else nodes.Binary
    return kind(node.span, node.operator, node.target, node.value)


# --- classes of values ---

DEEPEST = 8
"""Levels of an expression that are looked at for its class."""

_LITERAL_KINDS = frozenset({int, float, str, bool, type(None)})
_ARITHMETIC = frozenset("+-*%/")


def kind_of(node: Any, block: Block, builtins: Any, level: int = 0) -> type | None:
    """The Python class that every value of *node* has, None when that is not certain."""
    if level > DEEPEST:
        return None
    handler = _KINDS.get(node.__class__)
    if handler is not None:
        return handler(node, block, builtins, level + 1)
    row = node.row
    if not row.value_of:
        return row.value_class  # type: ignore[no-any-return]
    kinds = {kind_of(getattr(node, field), block, builtins, level + 1) for field in row.value_of}
    return kinds.pop() if len(kinds) == 1 else None


def is_natural(node: Any, block: Block, builtins: Any, level: int = 0) -> bool:
    """Whether every value of *node* is an Int that is not negative."""
    if level > DEEPEST:
        return False
    kind = node.__class__
    if kind is nodes.Literal:
        return node.value.__class__ is int and node.value >= 0
    if kind is _Item:
        one = node.iterable
        return is_range(one) and is_natural(one.left, block, builtins, level + 1)
    if kind is nodes.Name:
        variable = block.find(node.name, node.span.start)
        return variable is not None and variable.is_natural
    if kind is not nodes.Binary or node.operator not in "+*%/":
        return False
    return all(is_natural(one, block, builtins, level + 1) for one in (node.left, node.right))


def is_range(node: Any) -> bool:
    """Whether *node* is `a..b`."""
    return node.__class__ is nodes.Binary and node.operator == ".."


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
    variable = block.find(node.name, node.span.start)
    if variable is None:
        return None
    if variable.home is None:
        constant = block.file.constant(variable)
        return None if constant is None else constant.__class__
    return variable.kind


def _item_kind(node: _Item, block: Block, builtins: Any, level: int) -> type | None:
    return int if is_range(node.iterable) else None


def _unary_kind(node: nodes.Unary, block: Block, builtins: Any, level: int) -> type | None:
    if node.operator == "!":
        return bool
    kind = kind_of(node.operand, block, builtins, level)
    return kind if kind is int or kind is float else None


def _call_kind(node: nodes.Call, block: Block, builtins: Any, level: int) -> type | None:
    """Builtins may say of which class their results are."""
    callee = node.callee
    if callee.__class__ is not nodes.Name or builtins is None:
        return None
    if block.find(callee.name, callee.span.start) is not None:
        return None
    found = builtins.get(callee.name)
    if found.__class__ is not NativeFunction or found.declaration is None:
        return None
    return found.declaration.gives  # type: ignore[no-any-return]


_KINDS: dict[type, Callable[[Any, Block, Any, int], type | None]] = {
    nodes.Literal: lambda node, block, builtins, level: (
        node.value.__class__ if node.value.__class__ in _LITERAL_KINDS else None
    ),
    nodes.Binary: _binary_kind,
    nodes.Call: _call_kind,
    nodes.Unary: _unary_kind,
    nodes.Name: _name_kind,
    _Item: _item_kind,
}
"""Kinds whose values are of a class that depends on more than their row says."""
