"""What is known of a function before it is written: its names, and what holds of its variables.

`summary` looks at a whole function once, with the functions in it, by names alone: what it
mentions and assigns. `Study` goes through the function in the order in which it runs, with the
blocks that `scopes` opened, and says of each variable whether it may be read before it has a
value, whether a nested function sees it change (then it is a *cell*, a list of one), and of which
Python class all its values are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..native.native import NativeFunction
from ..tree import nodes
from .scopes import CLASS, HIDDEN, Block, Scopes, Variable, children

_NESTED = (nodes.FunctionNode, nodes.ClassDecl, nodes.EnumDecl)


class Summary:
    """What a function, class or enum mentions, itself and in whatever is nested in it."""

    __slots__ = ("assigned", "is_reflective", "mentioned", "skips", "uses_it", "uses_this")

    def __init__(self) -> None:
        self.mentioned: set[str] = set()
        self.assigned: set[str] = set()
        self.uses_this = False
        self.uses_it = False
        """Whether it reads an `it` that is not one of a block inside."""
        self.skips = False
        """Whether it may end in a stray `next` or `break`."""
        self.is_reflective = False
        """Whether it asks `defined` or `const_get` for a name that is not written in place."""


class Summaries:
    """The summaries of one file, by node. Each function is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, Summary] = {}

    def of(self, root: Any) -> Summary:
        """The summary of *root*, a function, class, enum or statement of a file."""
        known = self._known.get(id(root))
        return known if known is not None else self._look(root)

    def _look(self, root: Any) -> Summary:
        first = self._known[id(root)] = Summary()
        opened: list[tuple[Summary, Summary, Any]] = []
        pending: list[tuple[Any, Summary, bool]] = [
            (child, first, False) for child in children(root)
        ]
        _note(root, first, in_loop=True)
        while pending:
            node, summary, in_loop = pending.pop()
            kind = node.__class__
            if kind in _NESTED:
                inner = self._known[id(node)] = Summary()
                opened.append((inner, summary, node))
                _note(node, inner, in_loop=True)
                pending.extend([(child, inner, False) for child in children(node)])
                continue
            _note(node, summary, in_loop=in_loop)
            if kind is nodes.Call and node.callee.__class__ is nodes.Name:
                _note_called(node, summary)
                pending.extend([(one, summary, in_loop) for one in node.arguments])
                if node.block is not None:
                    pending.append((node.block, summary, in_loop))
                continue
            in_loop = in_loop or kind is nodes.While or kind is nodes.For
            pending.extend([(child, summary, in_loop) for child in children(node)])
        for inner, outer, node in reversed(opened):
            _merge(inner, outer, node)
        return first


def _merge(inner: Summary, outer: Summary, node: Any) -> None:
    outer.mentioned |= inner.mentioned
    outer.assigned |= inner.assigned
    outer.is_reflective = outer.is_reflective or inner.is_reflective
    if node.__class__ is nodes.FunctionNode:
        outer.uses_this = outer.uses_this or inner.uses_this
        outer.uses_it = outer.uses_it or (inner.uses_it and not has_own_it(node))


def has_own_it(node: nodes.FunctionNode) -> bool:
    if node.params:
        return any(param.name == "it" for param in node.params)
    return bool(node.name == "<lambda>")


def _note_called(node: nodes.Call, summary: Summary) -> None:
    """A call of a name (which is no read of `it`)."""
    name = node.callee.name  # type: ignore[attr-defined]
    summary.mentioned.add(name)
    if name in ("define_method", "alias_method"):
        summary.uses_this = True
    if name in ("defined", "const_get"):
        literal = all(one.value.__class__ is nodes.Literal for one in node.arguments)
        summary.is_reflective = summary.is_reflective or not literal


def _note(node: Any, summary: Summary, *, in_loop: bool) -> None:
    note = _NOTED.get(node.__class__)
    if note is not None:
        note(node, summary)
    elif node.__class__ is nodes.Next or node.__class__ is nodes.Break:
        summary.skips = summary.skips or not in_loop


def _note_name(node: nodes.Name, summary: Summary) -> None:
    summary.mentioned.add(node.name)
    summary.uses_it = summary.uses_it or node.name == "it"
    if node.name in ("define_method", "alias_method"):
        summary.uses_this = True


def _note_literal(node: nodes.Literal, summary: Summary) -> None:
    if node.value.__class__ is str and node.value.isidentifier():
        summary.mentioned.add(node.value)  # may be the argument of `defined`


def _note_this(node: Any, summary: Summary) -> None:
    summary.uses_this = True
    summary.mentioned.update((HIDDEN, CLASS))


def _note_assignment(node: Any, summary: Summary) -> None:
    if node.target.__class__ is nodes.Name:
        summary.assigned.add(node.target.name)


def _note_class(node: nodes.ClassDecl, summary: Summary) -> None:
    summary.mentioned.update(name for name in (node.superclass,) if name)


_NOTED: dict[type, Callable[[Any, Summary], None]] = {
    nodes.Name: _note_name,
    nodes.Literal: _note_literal,
    nodes.This: _note_this,
    nodes.SuperCall: _note_this,
    nodes.SuperMember: _note_this,
    nodes.Assign: _note_assignment,
    nodes.CompoundAssign: _note_assignment,
    nodes.Increment: _note_assignment,
    nodes.EnumPattern: lambda node, summary: summary.mentioned.add(node.enum),
    nodes.ClassDecl: _note_class,
    nodes.Mixin: lambda node, summary: summary.mentioned.update(node.names),
}


# --- the pass ---

Item = tuple[Any, Any, bool]
"""(node, its block, whether it stands in a loop) or (a function to call, None, False)"""


class Study:
    """Goes through one function (see the module's text)."""

    def __init__(
        self, scopes: Scopes, summaries: Summaries, root: Block, builtins: dict[str, Any]
    ) -> None:
        self._builtins = builtins
        self._scopes = scopes
        self._summaries = summaries
        self._root = root
        self.variables: list[Variable] = []
        """Those of this function that were given a value or looked at."""
        self._seen: set[int] = set()

    def run(self, body: Any, defaults: list[Any]) -> None:
        """Study *body*, after what the *defaults* of parameters compute."""
        pending: list[Item] = [(one, self._root, False) for one in (*defaults, *children(body))]
        pending.reverse()
        self._surely = {id(one) for one in children(body)}
        self._open: list[list[Variable]] = [[]]
        while pending:
            node, block, in_loop = pending.pop()
            if block is None:
                node()
                continue
            handler = _STUDIED.get(node.__class__)
            if handler is None:
                pending.extend([(one, block, in_loop) for one in reversed(tuple(children(node)))])
            else:
                found = handler(self, node, block, in_loop)
                found.reverse()
                pending.extend(found)
        self._kinds()

    def _own(self, block: Block, name: str) -> Variable | None:
        variable = block.find(name)
        if variable is None or variable.home is None or variable.home.function is not self._root:
            return None
        if id(variable) not in self._seen:
            self._seen.add(id(variable))
            self.variables.append(variable)
        return variable

    def given(self, variable: Variable) -> None:
        """A parameter, or the like: it has a value from the start."""
        variable.sure = True
        variable.writes.append(None)
        self._seen.add(id(variable))
        self.variables.append(variable)

    def _read(self, block: Block, name: str) -> None:
        variable = self._own(block, name)
        if variable is not None and not variable.sure:
            variable.unset = True

    def _write(self, variable: Variable | None, value: Any) -> None:
        if variable is not None:
            variable.writes.append(value)
            if variable.captured:
                variable.cell = True

    def _capture(self, block: Block, summary: Summary) -> None:
        names = set(block.visible_names()) if summary.is_reflective else summary.mentioned
        for name in names:
            variable = self._own(block, name)
            if variable is None:
                continue
            variable.captured = True
            if not variable.sure:
                variable.unset = variable.cell = True
            if name in summary.assigned:
                variable.cell = True
                variable.writes.append(None)
            if variable.home is not None and any(one is IN_LOOP for one in variable.writes):
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
                    break
            if variable.kind is not None:
                candidates.append((variable, writes))
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


IN_LOOP = object()
"""Among the writes of a variable: it is assigned in a loop, and not made anew each turn."""


def _name(study: Study, node: nodes.Name, block: Block, in_loop: bool) -> list[Item]:
    study._read(block, node.name)
    return []


def _call(study: Study, node: nodes.Call, block: Block, in_loop: bool) -> list[Item]:
    if node.callee.__class__ is nodes.Name and node.callee.name in ("defined", "const_get"):
        names = [one.value.value for one in node.arguments if one.value.__class__ is nodes.Literal]
        if len(names) != len(node.arguments):
            names = list(block.visible_names())
        for name in names:
            if name.__class__ is str:
                study._read(block, name)
                variable = study._own(block, name)
                if variable is not None and not variable.sure:
                    variable.unset = True
    return [(one, block, in_loop) for one in children(node)]


def _nested(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    study._capture(block, study._summaries.of(node))
    return []


def _declaration(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    """`def`, `class`, `enum`: the nested thing may see its own name before it has a value."""
    inner = node.function if node.__class__ is nodes.FunctionDecl else node
    name = inner.name

    def named() -> None:
        variable = study._own(block, name)
        study._write(variable, None)
        if variable is not None:
            variable.sure = True

    study._capture(block, study._summaries.of(inner))
    if node.__class__ is nodes.ClassDecl and node.superclass:
        study._read(block, node.superclass)
    return [(named, None, False)]


def _let(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    def named() -> None:
        variable = study._own(block, node.name)
        value = nodes.Literal(node.span, None) if node.value is None else node.value
        study._write(variable, (value, block))
        if variable is not None:
            variable.sure = True

    return [*([] if node.value is None else [(node.value, block, in_loop)]), (named, None, False)]


def _assignment(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    target = node.target
    if target.__class__ is not nodes.Name:
        if node.__class__ is nodes.Assign:
            return [(node.value, block, in_loop), (target, block, in_loop)]
        return [(one, block, in_loop) for one in children(node)]
    is_sure = id(node) in study._surely

    def named() -> None:
        variable = study._own(block, target.name)
        study._write(variable, (_assigned_value(node), block))
        if variable is not None:
            if in_loop and variable.home is not None:
                variable.writes.append(IN_LOOP)
                variable.cell = variable.cell or variable.captured
            if is_sure and not variable.sure:
                variable.sure = True
                study._open[-1].append(variable)

    first: list[Item] = []
    if node.__class__ is not nodes.Assign:
        first.append((target, block, in_loop))
    if node.__class__ is not nodes.Increment:
        first.append((node.value, block, in_loop))
    return [*first, (named, None, False)]


def _assigned_value(node: Any) -> Any:
    if node.__class__ is nodes.Assign:
        return node.value
    if node.__class__ is nodes.Increment:
        one = nodes.Literal(node.span, 1)
        return nodes.Binary(node.span, "+" if node.step > 0 else "-", node.target, one)
    if node.operator in ("||", "&&", "??"):
        return nodes.Logical(node.span, node.operator, node.target, node.value)
    return nodes.Binary(node.span, node.operator, node.target, node.value)


def _for(study: Study, node: nodes.For, block: Block, in_loop: bool) -> list[Item]:
    inner = study._scopes.of(node)

    def named() -> None:
        variable = study._own(inner, node.variable)
        study._write(variable, (_Item(node.iterable), block))
        if variable is not None:
            variable.sure = True
        if node.index is not None:
            index = study._own(inner, node.index)
            study._write(index, (nodes.Literal(node.span, 0), block))
            if index is not None:
                index.sure = True

    return [(node.iterable, block, in_loop), (named, None, False), (node.body, inner, True)]


class _Item:
    """An item of what a loop walks, as the value of a variable."""

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable


def _comprehension(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    inner = study._scopes.of(node)

    def named() -> None:
        variable = study._own(inner, node.variable)
        study._write(variable, (_Item(node.iterable), block))
        if variable is not None:
            variable.sure = True

    parts = [node.element] if node.__class__ is nodes.ArrayComprehension else [node.key, node.value]
    if node.condition is not None:
        parts.insert(0, node.condition)
    return [
        (node.iterable, block, in_loop),
        (named, None, False),
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
    if node.variable:
        variable = study._own(inner, node.variable)
        study._write(variable, None)
        if variable is not None:
            variable.sure = True
    return [(node.body, inner, in_loop)]


def _pattern(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    """Names of patterns: of the block around, given or not as the match goes."""
    kind = node.__class__
    name = node.name if kind is nodes.NamePattern or kind is nodes.TypePattern else node.rest
    if name:
        variable = study._own(block, name)
        if variable is not None:
            study._write(variable, None)
            variable.unset = True
            if in_loop:
                variable.writes.append(IN_LOOP)
                variable.cell = variable.cell or variable.captured
    return [(one, block, in_loop) for one in children(node)]


def _enum_pattern(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    study._read(block, node.enum)
    return [(one, block, in_loop) for one in children(node)]


def _default(study: Study, node: Any, block: Block, in_loop: bool) -> list[Item]:
    return []


_STUDIED: dict[type, Callable[[Study, Any, Block, bool], list[Item]]] = {
    nodes.Name: _name,
    nodes.Call: _call,
    nodes.FunctionNode: _nested,
    nodes.FunctionDecl: _declaration,
    nodes.ClassDecl: _declaration,
    nodes.EnumDecl: _declaration,
    nodes.Let: _let,
    nodes.Const: _let,
    nodes.Assign: _assignment,
    nodes.CompoundAssign: _assignment,
    nodes.Increment: _assignment,
    nodes.For: _for,
    nodes.While: _while,
    nodes.ArrayComprehension: _comprehension,
    nodes.HashComprehension: _comprehension,
    nodes.Body: _body,
    nodes.Handler: _handler,
    nodes.NamePattern: _pattern,
    nodes.TypePattern: _pattern,
    nodes.ArrayPattern: _pattern,
    nodes.HashPattern: _pattern,
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


def _conditional_kind(
    node: nodes.Conditional, block: Block, builtins: Any, level: int
) -> type | None:
    kind = kind_of(node.then, block, builtins, level)
    return kind if kind is kind_of(node.otherwise, block, builtins, level) else None


def _logical_kind(node: nodes.Logical, block: Block, builtins: Any, level: int) -> type | None:
    kind = kind_of(node.left, block, builtins, level)
    return kind if kind is kind_of(node.right, block, builtins, level) else None


def _call_kind(node: nodes.Call, block: Block, builtins: Any, level: int) -> type | None:
    """Builtins may say of which class their results are."""
    callee = node.callee
    if callee.__class__ is not nodes.Name or builtins is None or block.find(callee.name):
        return None
    found = builtins.get(callee.name)
    if found.__class__ is not NativeFunction or found.declaration is None:
        return None
    gives: type | None = found.declaration.gives
    return gives


_KINDS: dict[type, Callable[[Any, Block, Any, int], type | None]] = {
    nodes.Literal: lambda node, block, builtins, level: (
        node.value.__class__ if node.value.__class__ in _LITERAL_KINDS else None
    ),
    nodes.Interpolation: lambda node, block, builtins, level: str,
    nodes.ArrayLiteral: lambda node, block, builtins, level: list,
    nodes.ArrayComprehension: lambda node, block, builtins, level: list,
    nodes.HashLiteral: lambda node, block, builtins, level: dict,
    nodes.HashComprehension: lambda node, block, builtins, level: dict,
    nodes.Binary: _binary_kind,
    nodes.Call: _call_kind,
    nodes.Unary: _unary_kind,
    nodes.Name: _name_kind,
    nodes.Conditional: _conditional_kind,
    nodes.Logical: _logical_kind,
    _Item: _item_kind,
}
