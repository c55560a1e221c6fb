"""Arithmetic of several operators over Ints: all operands are asked for their class first, once.

`x * 2 + 1` by itself would ask for the class of `x` and of the product. Where variables and
literals are all that is computed with, nothing happens between the operators, so one condition
stands for all of them: every variable holds an Int, and no result leaves the range of Ints.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..tree import nodes
from ..values.semantics import MAX_INT, MIN_INT
from . import python as py
from .scopes import Variable
from .writer import Writer

MOST_OPERATORS = 6
_LINEAR = frozenset("+-*")
_WHOLE = frozenset("%/")
_HALF = 62
"""Bits of a result that with what constants added to it, of as many bits, is still an Int."""

Found = tuple[Any, Any]
"""(condition or None where it always holds, value where it does)"""


def first_of_ints(writer: Writer, found: Found, general: Callable[[], Any]) -> Any:
    """The tree of Ints that was *found*, else what *general* writes for any operands."""
    if found[0] is None:
        return found[1]
    writer.in_tree = True
    lines, value = writer.branch(general)
    writer.in_tree = False
    writer.out += lines
    return value if lines else py.choice(*found, value)


def int_tree(writer: Writer, node: nodes.Binary) -> Found | None:
    """*node* for Ints; None where it is one operator, has other operands, or is part of such."""
    if writer.in_tree:
        return None
    if not 2 <= _operators(writer, node, is_root=True) <= MOST_OPERATORS:
        return None
    tree = _Tree(writer)
    try:
        value = tree.whole(node)
    except _Unsuitable:
        return None
    conditions = [*tree.kinds, *tree.ranges]
    return py.both(*conditions) if conditions else None, value


def int_step(writer: Writer, node: Any, variable: Variable, identifier: str) -> Found | None:
    """*node*, which an Int that the Python variable *identifier* holds for *variable* is to become;
    None where that is no arithmetic. Asks for nothing that is looked at once for all.
    """
    if node.__class__ is not nodes.Binary or node.operator not in _LINEAR | _WHOLE:
        return None
    if _operators(writer, node) > MOST_OPERATORS:
        return None
    tree = _Tree(writer, {variable: identifier})
    try:
        value = tree.value(node)
    except _Unsuitable:
        return None
    conditions = [*tree.kinds, *tree.ranges]
    return (py.both(*conditions), value) if conditions else None


class Argument(NamedTuple):
    """What a parameter is given: a Python name or constant, and what is known of it."""

    value: Any
    kind: type | None
    is_natural: bool


def int_leaf(
    writer: Writer, node: nodes.Binary, given: dict[str, Argument]
) -> tuple[list[Any], Any] | None:
    """(conditions, value) of *node*, the body of a function whose parameters are *given* Ints;
    None where it has other operands, or does not read them all: to read one may be a call."""
    if _operators(writer, node, is_root=True) > MOST_OPERATORS:
        return None
    tree = _LeafTree(writer, given)
    try:
        value = tree.whole(node)
    except _Unsuitable:
        return None
    return ([*tree.kinds, *tree.ranges], value) if tree.read == given.keys() else None


class _Unsuitable(Exception):
    """No tree of Ints after all."""


def _operators(writer: Writer, node: Any, *, is_root: bool = False) -> int:
    """How many operators *node* has; many where it is nothing that is written so."""
    if id(node) in writer.ready:
        return MOST_OPERATORS + 1
    if node.__class__ is nodes.Binary:
        if node.operator not in _LINEAR | _WHOLE and not (
            is_root and node.operator in nodes.COMPARISONS
        ):
            return MOST_OPERATORS + 1
        return 1 + _operators(writer, node.left) + _operators(writer, node.right)
    is_operand = node.__class__ is nodes.Name or _number(node) is not None
    return 0 if is_operand else MOST_OPERATORS + 1


def _number(node: Any) -> int | None:
    """The Int that *node* is written as."""
    if node.__class__ is nodes.Unary and node.operator == "-":
        found = _number(node.operand)
        return None if found is None else -found
    if node.__class__ is nodes.Literal and node.value.__class__ is int:
        return int(node.value)
    return None


class _Linear:
    """A sum or product whose parts are not asked for their range: what the whole is says it.

    *slack* is the most by which a part may be farther from zero than the whole. *up*: the whole is
    no less than its only variable part, *down*: no more.
    """

    def __init__(self, value: Any, slack: int, *, up: bool, down: bool) -> None:
        self.value = value
        self.slack = slack
        self.up = up
        self.down = down


class _Tree:
    """Collects the conditions, in the order in which they are to be asked."""

    def __init__(self, writer: Writer, held: dict[Variable, str] | None = None) -> None:
        self.writer = writer
        self.kinds: list[Any] = []
        self.ranges: list[Any] = []
        self._names = held or {}
        self._may_ask = held is None

    # --- operands ---

    def value(self, node: Any) -> Any:
        """An expression of the value of *node*, when all conditions so far hold."""
        number = _number(node)
        if number is not None:
            return py.constant(number)
        if node.__class__ is nodes.Name:
            return self._variable(node)
        if node.operator in _LINEAR:
            found = self._linear(node)
            # Parts of what is not negative are no greater than the whole.
            found.up = found.up or self.is_natural(node)
            return self._checked(found, least=None)
        return self._whole(node)

    def whole(self, node: nodes.Binary) -> Any:
        """The same of a tree that may compare two."""
        if node.operator not in nodes.COMPARISONS:
            return self.value(node)
        left = self._multiple(node) or self.value(node.left)
        return py.compare(left, node.operator, self.value(node.right))

    def _multiple(self, node: nodes.Binary) -> Any:
        """The left side of `x % 3 == 0`, where it does not matter whether *x* is negative."""
        left = node.left
        if node.operator not in ("==", "!=") or _number(node.right) != 0:
            return None
        if left.__class__ is not nodes.Binary or left.operator != "%":
            return None
        by = _number(left.right)
        return by and by > 0 and py.binary(self.value(left.left), "%", py.constant(by))

    def _variable(self, node: nodes.Name) -> Any:
        writer = self.writer
        variable = writer.block.find(node.name, node.span.start)
        kind = writer.kind_of(node)
        if variable is None or kind not in (None, int):
            raise _Unsuitable
        load = writer.load(variable)
        if variable in self._names:
            return py.name(self._names[variable]) if self._names[variable] else load
        if kind is int and writer.is_settled(variable):
            return load
        self._names[variable] = ""
        asked = writer.is_int(node) if self._may_ask else None
        if asked is None and not isinstance(load, py.Name):
            identifier = self._names[variable] = writer.fresh()
            self.kinds.append(py.is_kind(py.bound(identifier, load), "int"))
            return py.name(identifier)
        self.kinds.append(py.is_kind(load, "int") if asked is None else asked)
        return load

    def is_natural(self, node: Any) -> bool:
        """Whether *node* is an Int that is not negative, once it is one."""
        return self.writer.is_natural(node)

    # --- operators ---

    def _linear(self, node: Any) -> _Linear:
        """`+`, `-` or `*`; with a constant on one side, the other side is not asked for its
        range."""
        operator = node.operator
        left, right = _number(node.left), _number(node.right)
        constant = right if right is not None else left
        inner = node.left if right is not None else node.right
        is_inner = inner.__class__ is nodes.Binary and inner.operator in _LINEAR
        if not constant or not is_inner or abs(constant) >> _HALF - 3:
            value = py.binary(self.value(node.left), operator, self.value(node.right))
            sign = 0 if right is None or operator == "*" else right
            sign = -sign if operator == "-" else sign
            is_sum = right is not None and operator != "*"
            return _Linear(value, 0, up=is_sum and sign >= 0, down=is_sum and sign < 0)
        part = self._linear(inner)
        sides = part.value, py.constant(constant)
        value = py.binary(*_between(operator, sides if right is not None else sides[::-1]))
        sign = -constant if operator == "-" else constant
        is_sum = operator != "*" and (right is not None or operator == "+")
        slack = part.slack + (0 if operator == "*" else abs(constant))
        up, down = part.up and is_sum and sign > 0, part.down and is_sum and sign < 0
        return _Linear(value, slack or 1, up=up, down=down)

    def _checked(self, found: _Linear, least: int | None) -> Any:
        """The name of what was *found*, once it is known to be in the range of Ints; and not less
        than *least*."""
        identifier = self.writer.fresh()
        result = py.bound(identifier, found.value)
        most = MAX_INT if not found.slack else MAX_INT >> 1
        if least is not None:
            bound = py.constant(least)
            self.ranges.append(py.chain(bound, "<=", result, "<=", py.constant(most)))
        elif found.up:
            self.ranges.append(py.compare(result, "<=", py.constant(MAX_INT)))
        elif found.down:
            self.ranges.append(py.compare(result, ">=", py.constant(MIN_INT)))
        else:
            bits = py.constant(most.bit_length() + 1)
            self.ranges.append(py.compare(py.method(result, "bit_length"), "<", bits))
        return py.name(identifier)

    def _whole(self, node: Any) -> Any:
        """`%` or `/` of numbers that are not negative, by one that is positive."""
        left = self._at_least(node.left, 0)
        right = _number(node.right)
        if right is not None and right <= 0:
            raise _Unsuitable
        by = self._at_least(node.right, 1) if right is None else py.constant(right)
        return py.binary(left, "%" if node.operator == "%" else "//", by)

    def _at_least(self, node: Any, least: int) -> Any:
        if node.__class__ is nodes.Binary and node.operator in _LINEAR:
            return self._checked(self._linear(node), least)
        value = self.value(node)
        if least == 0 and self.is_natural(node):
            return value
        if not isinstance(value, (py.Name, py.Constant)):
            identifier = self.writer.fresh()
            self.ranges.append(py.compare(py.bound(identifier, value), ">=", py.constant(least)))
            return py.name(identifier)
        self.ranges.append(py.compare(value, ">=", py.constant(least)))
        return value


class _LeafTree(_Tree):
    """A tree in a function whose parameters are *given*; it reads nothing else."""

    def __init__(self, writer: Writer, given: dict[str, Argument]) -> None:
        super().__init__(writer)
        self._given = given
        self.read: set[str] = set()

    def _variable(self, node: nodes.Name) -> Any:
        given = self._given.get(node.name)
        if given is None or given.kind not in (None, int):
            raise _Unsuitable
        if given.kind is None and node.name not in self.read:
            self.kinds.append(py.is_kind(given.value, "int"))
        self.read.add(node.name)
        return given.value

    def is_natural(self, node: Any) -> bool:
        given = self._given.get(node.name) if node.__class__ is nodes.Name else None
        return given is not None and given.is_natural


def _between(operator: str, sides: tuple[Any, Any]) -> tuple[Any, str, Any]:
    return sides[0], operator, sides[1]
