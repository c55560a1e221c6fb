"""Operators: fast for the types that programs use most, general for all others.

What an operator means is in `arithmetic`. Where the class of an operand is known it is not tested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...tree import nodes
from ...values.semantics import LONG_TEXT, MAX_INT, MIN_INT
from .. import python as py
from ..emitters import COND, EXPR, RET, STMT, Emitters, emits
from ..helpers.values import OPERATORS
from ..int_trees import first_of_ints, int_tree
from ..writer import Writer
from .names import is_entry, is_number, is_quiet, raw, resolved

EMITTERS: Emitters = {}

INLINE_JOIN = 256
"""Characters up to which two strings are joined without claiming memory for the result."""

_FLOAT = frozenset({"+", "-", "*", "<", ">", "<=", ">=", "/"})


class Operands:
    """Two operands of an operator; each has a name once it was computed."""

    def __init__(self, writer: Writer, node: nodes.Binary) -> None:
        self.writer = writer
        self.node = node
        self.kinds = (writer.kind_of(node.left), writer.kind_of(node.right))
        self._is_entry = is_entry(writer, node.right)
        quiet = is_quiet(writer, node.right) or self._is_entry
        left, right = node.left, node.right
        raws: list[Any] = [None, None]
        if quiet and left.__class__ is nodes.Name:
            left, raws[0] = raw(writer, left)
        if right.__class__ is nodes.Name:
            right, raws[1] = raw(writer, right)
        first, second = writer.operands(left, right)
        if not quiet and isinstance(first, py.Name) and not writer.is_fixed(first):
            identifier = writer.fresh()
            self.left, self.first_left = _namer(identifier), py.bound(identifier, first)
        else:
            self.left, self.first_left = _names(writer, first)
        self.right, self.first_right = _names(writer, second)
        self.raws = raws

    def general(self) -> Any:
        """The operator for any operands."""
        left = resolved(self.writer, self.left(), self.raws[0])
        right = resolved(self.writer, self.right(), self.raws[1])
        if isinstance(self.first_right, py.NamedExpr):
            # A function that is called on the left may have set what is read: it is read again.
            if self.raws[1] is not None:
                special = self.writer.special(self.raws[1], self.right().id)
                is_plain = py.compare(py.kind(self.first_right), "not in", py.name("SPECIAL"))
                right = py.choice(is_plain, self.right(), special)
            elif self._is_entry:
                right = self.first_right.value
        return py.call(OPERATORS[self.node.operator], left, right, at=self.writer.at(self.node))

    def are(self, kind: str, *, first: bool = False) -> Any:
        """Whether both are of that Python class; None where that is known.

        *first*: this computes the operands.
        """
        known = [one is not None and one.__name__ == kind for one in self.kinds]
        left, right = (self.first_left, self.first_right) if first else (self.left(), self.right())
        if known == [True, True]:
            return None
        if known[1] and (not first or _is_simple(right)):
            return self._is(self.node.left, left, kind)
        if known[0] and (not first or _is_simple(left)):
            return self._is(self.node.right, right, kind)
        if kind == "int" and _is_simple(left) and _is_simple(right):
            sides = (self.node.left, left, kind), (self.node.right, right, kind)
            return py.both(*[self._is(*side) for side in sides])
        return py.chain(py.kind(left), "is", py.kind(right), "is", py.name(kind))

    def _is(self, node: Any, value: Any, kind: str) -> Any:
        binds = isinstance(value, py.NamedExpr)  # which later parts of the expression read
        asked = self.writer.is_int(node) if kind == "int" and not binds else None
        return py.is_kind(value, kind) if asked is None else asked


def _is_simple(value: Any) -> bool:
    return isinstance(value, (py.Name, py.Constant))


def _is_int(value: Any) -> bool:
    return isinstance(value, py.Constant) and value.value.__class__ is int


def _namer(identifier: str) -> Callable[[], Any]:
    return lambda: py.name(identifier)


def _names(writer: Writer, value: Any) -> tuple[Callable[[], Any], Any]:
    if isinstance(value, py.Constant):
        constant = value.value
        return (lambda: py.constant(constant)), value
    return writer.named(value)


@emits(EMITTERS, nodes.Binary)
def _binary(writer: Writer, node: nodes.Binary) -> Any:
    operator = node.operator
    if operator in nodes.BUILDING:
        left, right = writer.operands(node.left, node.right)
        return py.call(OPERATORS[operator], left, right, at=writer.at(node))
    found = int_tree(writer, node)
    if found is None:  # without a call between: operators stand inside each other
        return _of_any(writer, node)
    return first_of_ints(writer, found, lambda: _of_any(writer, node))


def _of_any(writer: Writer, node: nodes.Binary) -> Any:
    """The operator with its operands, whatever these are."""
    operator = node.operator
    both = Operands(writer, node)
    left, right = both.kinds
    if operator == "+" and (left is str or right is str):
        return _joined(both)
    if operator in ("==", "!=") and str in both.kinds:
        return _same_text(both)
    if not {left, right} <= {None, int}:
        numbers = {left, right} <= {None, int, float}
        return _of_floats(both) if numbers and operator in _FLOAT else _general(both)
    test = both.are("int", first=True)
    result = _of_ints(both, test is None)
    if test is None:
        return result
    return _choice(test, result, _otherwise(both))


def _general(both: Operands) -> Any:
    """The operator by its helper; the operands are computed there."""
    left, right = both.first_left, both.first_right
    if both.raws == [None, None]:
        return py.call(OPERATORS[both.node.operator], left, right, at=both.writer.at(both.node))
    for value in (left, right):
        if not _is_simple(value):
            both.writer.kept(value) if not isinstance(value, py.NamedExpr) else (
                both.writer.out.append(py.run(value))
            )
    return both.general()


class _Both:
    """A result that holds only under one more condition."""

    def __init__(self, condition: Any, value: Any) -> None:
        self.condition = condition
        self.value = value


def _choice(test: Any, result: Any, otherwise: Any) -> Any:
    if isinstance(result, _Both):
        return py.choice(py.both(test, result.condition), result.value, otherwise)
    return py.choice(test, result, otherwise)


def _of_ints(both: Operands, is_first: bool) -> Any:
    """The result for two Ints; where *is_first*, an expression that computes them."""
    operator = both.node.operator
    left = both.first_left if is_first else both.left()
    right = both.first_right if is_first else both.right()
    if operator in nodes.COMPARISONS:
        return py.compare(left, operator, right)
    if operator in "%/" and _is_int(right) and right.value > 0:
        whole = "%" if operator == "%" else "//"
        if both.writer.is_natural(both.node.left):
            return py.binary(left, whole, right)
        value = py.binary(both.left(), whole, right)
        fits = py.compare(left, ">=", py.constant(0))
    elif operator in "%/":
        value = py.binary(both.left(), "%" if operator == "%" else "//", both.right())
        fits = py.both(
            py.compare(left, ">=", py.constant(0)), py.compare(right, ">", py.constant(0))
        )
        if is_first and not _is_simple(left) and not _is_simple(right):
            # Both have to be computed, whatever the left one is.
            both.writer.out.append(py.run(py.Tuple([both.first_left, both.first_right], py.LOAD)))
            fits = py.both(
                py.compare(both.left(), ">=", py.constant(0)),
                py.compare(both.right(), ">", py.constant(0)),
            )
        elif is_first and not _is_simple(right):
            both.writer.out.append(py.run(both.first_right))
            fits = py.both(
                py.compare(left, ">=", py.constant(0)),
                py.compare(both.right(), ">", py.constant(0)),
            )
    else:
        found = both.writer.fresh()
        result = py.bound(found, py.binary(left, operator, right))
        fits = _fits(both, result, right)
        value = py.name(found)
    if is_first:
        return py.choice(fits, value, both.general())
    return _Both(fits, value)


def _fits(both: Operands, result: Any, right: Any) -> Any:
    """Whether *result* of two Ints is one; what a constant cannot do is not asked."""
    operator, is_natural = both.node.operator, both.writer.is_natural(both.node)
    if is_natural or (operator in "+-" and _is_int(right)):
        if is_natural or (right.value >= 0) is (operator == "+"):
            return py.compare(result, "<=", py.constant(MAX_INT))
        return py.compare(result, ">=", py.constant(MIN_INT))
    # What has 64 bits goes the general way, the least Int among it: less to compare.
    return py.compare(py.method(result, "bit_length"), "<", py.constant(64))


def _otherwise(both: Operands) -> Any:
    """The result where the operands are not both Ints."""
    operator = both.node.operator
    general = both.general()
    if int in both.kinds:
        return general
    plain = py.binary if operator in "+-*/" else py.compare
    if operator in _FLOAT:
        floats = both.are("float")
        if operator == "/":
            floats = py.both(floats, both.right())
        general = py.choice(floats, plain(both.left(), operator, both.right()), general)
    if operator == "+":
        size = py.binary(py.length(both.left()), "+", py.length(both.right()))
        texts = py.both(both.are("str"), py.compare(size, "<=", py.constant(INLINE_JOIN)))
        general = py.choice(texts, py.binary(both.left(), "+", both.right()), general)
    if operator in ("==", "!="):
        short = py.compare(py.length(both.left()), "<=", py.constant(LONG_TEXT))
        texts = py.both(both.are("str"), short)
        general = py.choice(texts, py.compare(both.left(), operator, both.right()), general)
    return general


def _of_floats(both: Operands) -> Any:
    """An operator of which one side is known to be a Float, the other one may be a number."""
    operator = both.node.operator
    plain = py.compare if operator in nodes.COMPARISONS else py.binary
    divisor = both.node.right.value if is_number(both.node.right) else 0
    if (None not in both.kinds and operator in "+-*") or (both.kinds[0] is float and divisor):
        return plain(both.first_left, operator, both.first_right)  # an Int as a Float
    test = both.are("float", first=True)
    if test is None and operator == "/":
        test = both.first_right
        if not _is_simple(both.first_left):
            return _general(both)
    left = both.first_left if test is None else both.left()
    right = both.first_right if test is None else both.right()
    value = plain(left, operator, right)
    if test is None:
        return value
    if operator == "/" and test is not both.first_right:
        test = py.both(test, both.right())
    return py.choice(test, value, both.general())


def _joined(both: Operands) -> Any:
    """`+` of which one side is known to be a String."""
    test = both.are("str", first=True)
    left, right = both.left, both.right
    sides = (both.first_left, both.first_right) if test is None else (left(), right())
    if test is None and all(py.is_short(one, INLINE_JOIN // 2) for one in sides):
        return py.binary(sides[0], "+", sides[1])
    size = py.binary(py.length(sides[0]), "+", py.length(sides[1]))
    fits = py.compare(size, "<=", py.constant(INLINE_JOIN))
    test = fits if test is None else py.both(test, fits)
    return py.choice(test, py.binary(left(), "+", right()), both.general())


def _same_text(both: Operands) -> Any:
    """`==` or `!=` of which one side is known to be a String."""
    operator, test = both.node.operator, both.are("str", first=True)
    constant = any(one.__class__ is nodes.Literal for one in (both.node.left, both.node.right))
    left = both.first_left if test is None else both.left()
    right = both.first_right if test is None else both.right()
    if constant:
        value = py.compare(left, operator, right)
        return value if test is None else py.choice(test, value, both.general())
    short = py.compare(py.length(left), "<=", py.constant(LONG_TEXT))
    if test is None:
        if not _is_simple(left) or not _is_simple(right):
            return _general(both)
        return py.choice(short, py.compare(both.left(), operator, both.right()), both.general())
    value = py.compare(both.left(), operator, both.right())
    return py.choice(py.both(test, short), value, both.general())


# --- one operand ---


@emits(EMITTERS, nodes.Unary, at=(EXPR, COND))
def _unary(writer: Writer, node: nodes.Unary, position: str) -> Any:
    value = _unary_value(writer, node)
    return value if position == EXPR or node.operator == "!" else writer.true(value)


def _unary_value(writer: Writer, node: nodes.Unary) -> Any:
    if node.operator == "!":
        return py.negation(writer.truth(node.operand))
    operand = node.operand
    if is_number(operand):
        return py.constant(-operand.value)
    return py.call("negate", writer.value(operand), at=writer.at(node))


# --- and, or, ?? ---


@emits(EMITTERS, nodes.Logical, at=(EXPR, COND, STMT, RET))
def _logical(writer: Writer, node: nodes.Logical, position: str) -> Any:
    if position == STMT:
        return _logical_statement(writer, node)
    if position == RET:
        return _logical_tail(writer, node)
    if position == COND:
        return _logical_truth(writer, node)
    return _logical_value(writer, node)


def _logical_statement(writer: Writer, node: nodes.Logical) -> None:
    """`c && next`: the right side as a statement (docs/spec §5.3 allows `next` as an operand)."""
    if node.operator == "??":
        value = writer.value(soft(node.left))
        right = writer.lines(lambda: writer.effect(node.right))
        writer.out.append(py.when(py.compare(value, "is", py.none()), right))
        return
    condition = writer.truth(node.left)
    right = writer.lines(lambda: writer.effect(node.right))
    wanted = condition if node.operator == "&&" else py.negation(condition)
    writer.out.append(py.when(wanted, right))


def _logical_value(writer: Writer, node: nodes.Logical) -> Any:
    is_bool = writer.kind_of(node.left) is bool
    left = writer.value(soft(node.left) if node.operator == "??" else node.left)
    lines, right = writer.branch(lambda: writer.value(node.right))
    if is_bool and not lines and node.operator != "??":
        return (py.both if node.operator == "&&" else py.either)(left, right)
    if lines:
        left = writer.kept(left)
    found, first = writer.named(left)
    if node.operator == "??":
        condition = py.compare(first, "is not", py.none())
    else:
        condition = py.either(
            py.compare(first, "is", py.constant(True)),
            py.both(
                py.compare(found(), "is not", py.constant(False)), py.call("is_truthy", found())
            ),
        )
    if not lines:
        if node.operator == "&&":
            return py.choice(condition, right, found())
        return py.choice(condition, found(), right)
    result = writer.fresh()
    computed = [*lines, py.assign(result, right)]
    known = [py.assign(result, found())]
    then, otherwise = (computed, known) if node.operator == "&&" else (known, computed)
    writer.out.append(py.when(condition, then, otherwise))
    return py.name(result)


def _logical_truth(writer: Writer, node: nodes.Logical) -> Any:
    if node.operator == "??":
        return writer.true(writer.value(node))
    left = writer.truth(node.left)
    lines, right = writer.branch(lambda: writer.truth(node.right))
    if not lines:
        return (py.both if node.operator == "&&" else py.either)(left, right)
    result = writer.fresh()
    writer.out.append(py.assign(result, left))
    condition = py.name(result) if node.operator == "&&" else py.negation(py.name(result))
    writer.out.append(py.when(condition, [*lines, py.assign(result, right)]))
    return py.name(result)


def _logical_tail(writer: Writer, node: nodes.Logical) -> None:
    """The right side ends the function, too, where that may be `next` (docs/spec §5.3)."""
    if not _ends_in_next(node.right):
        writer.give(writer.value(node))
        return
    is_default = node.operator == "??"
    left = writer.kept(writer.value(soft(node.left) if is_default else node.left))
    condition = py.call("is_truthy", left)
    if is_default:
        condition = py.compare(writer.named(left)[1], "is", py.none())
    elif node.operator == "||":
        condition = py.negation(condition)
    writer.out.append(py.when(condition, writer.lines(lambda: writer.tail(node.right))))
    writer.give(left)


def _ends_in_next(node: Any) -> bool:
    """Whether `next` may be what the statement *node* comes to."""
    if isinstance(node, nodes.Logical):
        return _ends_in_next(node.right)
    if isinstance(node, nodes.Conditional):
        return _ends_in_next(node.then) or _ends_in_next(node.otherwise)
    if isinstance(node, nodes.Match):
        return any(_ends_in_next(arm.body) for arm in node.arms)
    return node.__class__ is nodes.Next


def soft(node: Any) -> Any:
    """The chain *node* with every member access safe and every index of null giving null.

    So `a.x.y ?? d` is `d` when anything on the way is null (docs/spec §4.3).
    """
    links: list[Any] = []
    while node.__class__ is nodes.Member or node.__class__ is nodes.Index:
        links.append(node)
        node = node.object
    for link in reversed(links):
        if link.__class__ is nodes.Member:
            node = nodes.Member(link.span, node, link.name, True)
        else:
            node = nodes.SafeIndex(link.span, node, link.index)
    return node


@emits(EMITTERS, nodes.Conditional, at=(EXPR, STMT, RET))
def _conditional(writer: Writer, node: nodes.Conditional, position: str) -> Any:
    if position != EXPR:
        return _conditional_statement(
            writer, node, writer.tail if position == RET else writer.effect
        )
    return writer.chosen(
        writer.truth(node.condition),
        lambda: writer.value(node.then),
        lambda: writer.value(node.otherwise),
    )


def _conditional_statement(
    writer: Writer, node: nodes.Conditional, write: Callable[[Any], None]
) -> None:
    """`c ? next : f()`: *write* appends either side as statements."""
    condition = writer.truth(node.condition)
    then = writer.lines(lambda: write(node.then))
    otherwise = writer.lines(lambda: write(node.otherwise))
    writer.out.append(py.when(condition, then, otherwise))
