"""Expressions that are no calls: names, literals, operators, elements, assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...base.null_hints import error_hint
from ...tree import nodes
from ...values.kinds import TYPE_NAMES
from ...values.values import Symbol
from .environment import UNSET
from .narrowing import followed, key_of, narrowed, settle_asked, truthy
from .operators import binary, index_error
from .types import (
    ANY,
    ARRAY,
    BOOL,
    FUNCTION,
    INSTANCE,
    NULL,
    STRING,
    Atom,
    Shape,
    Type,
    array_of,
    join,
    literal,
    loosened,
    removed,
    type_word,
    without_literals,
)
from .walk import EXPRESSIONS, LINKS, visits

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk


@visits(EXPRESSIONS, nodes.Literal)
def _literal(walk: Walk, node: nodes.Literal) -> Type:
    kind = TYPE_NAMES.get(type(node.value))
    if kind is None:
        return ANY
    return (
        literal(kind, node.value) if kind in ("int", "float", "string", "bool") else (Atom(kind),)
    )


@visits(EXPRESSIONS, nodes.Interpolation)
def _interpolation(walk: Walk, node: nodes.Interpolation) -> Type:
    for part in node.parts:
        if not isinstance(part, str):
            walk.infer(part)
    return STRING


@visits(EXPRESSIONS, nodes.Name)
def _name(walk: Walk, node: nodes.Name) -> Type:
    type_ = name_type(walk, node)
    return walk.bare(type_, node)


def name_type(walk: Walk, node: nodes.Name) -> Type:
    """What *node* names, before bare access calls it."""
    variable = walk.resolution.variables.get(id(node))
    if variable is None:
        return walk.global_type(node.name)
    found = walk.read(variable)
    if found is not UNSET:
        return found  # type: ignore[no-any-return]
    if node.name not in walk.known.builtins and node.name not in walk.known.names:
        walk.error(
            "use-before-definition",
            f"Undefined variable '{node.name}'",
            node.span,
            f"it gets its value on line {walk.first_line(variable)}: move this behind it",
        )
    return ANY


@visits(EXPRESSIONS, nodes.This)
def _this(walk: Walk, node: nodes.This) -> Type:
    owner = walk.frame.owner
    if walk.is_plain_function and not walk.classes.changes_any:
        walk.error("no-receiver", "'this' outside of class", node.span, "this is no method")
    if owner is None or owner.is_module or owner.is_enum:
        return ANY
    return (Atom(INSTANCE, of=owner, is_self=True),)


@visits(EXPRESSIONS, nodes.ArrayLiteral)
def _array(walk: Walk, node: nodes.ArrayLiteral) -> Type:
    items: list[Type] = []
    length = len(node.items)
    for item in node.items:
        if isinstance(item, nodes.Spread):
            walk.infer(item.value)
            items.append(ANY)
            length = -1
        else:
            items.append(loosened(walk.value(item)))
    return array_of(without_literals(join(items)) if items else ANY, length)


@visits(EXPRESSIONS, nodes.HashLiteral)
def _hash(walk: Walk, node: nodes.HashLiteral) -> Type:
    shape = Shape()
    for key, value in node.pairs:
        walk.infer(key)
        type_ = walk.value(value)
        if isinstance(key, nodes.Literal) and isinstance(key.value, str):
            shape.fields[key.value] = type_
            shape.keys[key.value] = key
        else:
            shape.is_exact = False
    return (Atom("hash", shape=shape),)


@visits(EXPRESSIONS, nodes.ArrayComprehension, nodes.HashComprehension)
def _comprehension(walk: Walk, node: Any) -> Type:
    over = walk.infer(node.iterable)
    item = walk.item_of(over, node.iterable)
    walk.unsettle(node)
    with walk.branch(walk.environment.fork()):
        for variable in walk.resolution.bound.get(id(node), ()):
            if variable is not None:
                walk.environment.set(variable, item)
        if node.condition is not None:
            walk.infer(node.condition)
            narrowed(walk, node.condition, holds=True)
        if isinstance(node, nodes.HashComprehension):
            walk.infer(node.key)
            walk.value(node.value)
            return (Atom("hash"),)
        return array_of(loosened(without_literals(walk.value(node.element))))


@visits(EXPRESSIONS, nodes.BlockExpr)
def _block(walk: Walk, node: nodes.BlockExpr) -> Type:
    walk.unsettle(node.body)
    with walk.branch(walk.environment.fork()), walk.apart():
        walk.walk_body(node.body)
    return ANY


@visits(EXPRESSIONS, nodes.Rescue)
def _rescue(walk: Walk, node: nodes.Rescue) -> Type:
    walk.unsettle(node.body)
    with walk.branch(walk.environment.fork()), walk.silence():
        walk.infer(node.body)
    walk.infer(node.fallback)
    return ANY


@visits(EXPRESSIONS, nodes.Unary)
def _unary(walk: Walk, node: nodes.Unary) -> Type:
    operand = walk.infer(node.operand)
    if node.operator == "!":
        return BOOL
    if not operand:
        return ANY
    numbers = [one for one in operand if one.kind in ("int", "float", "decimal")]
    if not numbers and all(one.kind != INSTANCE for one in operand):
        walk.error("type", f"Type error: Cannot negate {type_word(operand[0])}", node.span)
        return ANY
    return without_literals(tuple(numbers)) if len(numbers) == len(operand) else ANY


@visits(LINKS, nodes.Binary)
def _binary(walk: Walk, node: nodes.Binary, left: Type) -> Type:
    right = walk.value(node.right)
    if node.operator == "<<":
        return _appended(walk, node, left, right)
    if node.operator in nodes.COMPARISONS:
        walk.compared(node, left, right)
    result = operated(walk, node, node.operator, left, right)
    return BOOL if node.operator in nodes.COMPARISONS else result


def _appended(walk: Walk, node: nodes.Binary, left: Type, right: Type) -> Type:
    walk.escape(node.left)
    if left and all(one.kind not in ("array", INSTANCE) for one in left):
        message = f"Type error: << expects an array on the left, got {type_word(left[0])}"
        walk.error("type", message, node.span)
    return ARRAY


def operated(walk: Walk, node: Any, operator: str, left: Type, right: Type) -> Type:
    """What an operator gives; reports it where it fails for all kinds of both sides."""
    if not left or not right:
        return (Atom("string"),) if _has_text(left, right) and operator == "+" else ANY
    found = [binary(operator, one, other) for one in left for other in right]
    errors = [error for _, error in found if error is not None]
    if len(errors) < len(found):
        if errors and isinstance(node, nodes.Binary):
            _doubt_operands(walk, node, left, right)
        return join([type_ for type_, error in found if error is None]) if not errors else ANY
    error = errors[0]
    if error.kind == "ZeroDivisionError" and walk.is_asked(_right(node)):
        return ANY
    hint = error.hint or error_hint(error.message, walk.written(node))
    walk.error("type", error.message, node.span, hint)
    return ANY


def _doubt_operands(walk: Walk, node: nodes.Binary, left: Type, right: Type) -> None:
    """Warn where an operator fails for a null only that one forgets."""
    bad = [
        (one, other, error)
        for one in left or ()
        for other in right or ()
        if (error := binary(node.operator, one, other)[1]) is not None
    ]
    for side, operand in ((0, node.left), (1, node.right)):
        if all(pair[side].is_doubtful for pair in bad):  # type: ignore[union-attr]
            walk.doubt(node, operand, bad[0][2].message)
            return


def _right(node: Any) -> Any:
    return node.right if isinstance(node, nodes.Binary) else getattr(node, "value", None)


def _has_text(left: Type, right: Type) -> bool:
    return any(one and all(atom.kind == "string" for atom in one) for one in (left, right))


@visits(LINKS, nodes.Logical)
def _logical(walk: Walk, node: nodes.Logical, left: Type) -> Type:
    before = walk.environment
    branch = before.fork()
    with walk.branch(branch):
        if node.operator != "??":
            narrowed(walk, node.left, holds=node.operator == "&&")
        right = _right_side(walk, node.right)
    before.take([branch, before.fork()])
    if node.operator == "??":
        return join([removed(left, "null"), right])
    if left is ANY or right is ANY:
        return ANY
    if node.operator == "||":
        left = tuple(one for one in map(truthy, left or ()) if one is not None)
    return join([left, right])


def _right_side(walk: Walk, node: Any) -> Type:
    if isinstance(node, nodes.Next):
        walk.environment.is_dead = True
        return ()
    return walk.infer(node)


@visits(EXPRESSIONS, nodes.Conditional)
def _conditional(walk: Walk, node: nodes.Conditional) -> Type:
    walk.infer(node.condition)
    before = walk.environment
    types, branches = [], []
    for part, holds in ((node.then, True), (node.otherwise, False)):
        branches.append(before.fork())
        with walk.branch(branches[-1]):
            narrowed(walk, node.condition, holds=holds)
            types.append(_right_side(walk, part))
    before.take(branches)
    return join(types)


# --- elements ------------------------------------------------------------------------------------


@visits(LINKS, nodes.Index)
def _index(walk: Walk, node: nodes.Index, left: Type) -> Type:
    index = walk.infer(node.index)
    return element(walk, node, left, index)


@visits(EXPRESSIONS, nodes.SafeIndex)
def _safe_index(walk: Walk, node: nodes.SafeIndex) -> Type:
    """At the left of `??`: null gives null."""
    left = walk.infer(node.object)
    index = walk.infer(node.index)
    if left is ANY:
        return ANY
    found = element(walk, node, removed(left, "null"), index) if removed(left, "null") else NULL
    return ANY if found is ANY else join([found, NULL])


def element(walk: Walk, node: Any, left: Type, index: Type) -> Type:
    """What `left[index]` gives; reports what cannot be indexed."""
    key = key_of(walk, node)
    if isinstance(key, tuple):
        found = walk.environment.get(key)
        if found is not UNSET:
            return found  # type: ignore[no-any-return]
    if not left:
        return ANY
    faults = [_index_fault(one, index) for one in left]
    bad = [fault for fault in faults if fault is not None]
    if bad and "bounds" in bad[0] and walk.is_asked(node.object):
        return ANY
    if len(bad) == len(faults):
        hint = error_hint(bad[0], walk.written(node))
        walk.error("type" if "bounds" not in bad[0] else "index", bad[0], node.span, hint)
        return ANY
    if bad:
        doubtful = [one for one, fault in zip(left, faults, strict=True) if fault]
        if all(one.is_doubtful for one in doubtful):
            walk.doubt(node, node.object, bad[0])
        for one, fault in zip(left, faults, strict=True):
            if fault is None:
                _element(walk, node, one, index, left)  # which says what is wrong with its key
        return ANY
    return join([_element(walk, node, one, index, left) for one in left])


_INDEXED: Final = frozenset(
    {"int", "float", "decimal", "bool", "null", "symbol", "string", "array", FUNCTION}
)


def _index_fault(receiver: Atom, index: Type) -> str | None:
    if receiver.kind not in _INDEXED:
        return None
    if receiver.kind in ("string", "array"):
        if not index:
            return None
        errors = [index_error(receiver, one) for one in index]
        if None in errors:
            return _bounds_fault(receiver, index)
        return errors[0].message if errors[0] is not None else None
    error = index_error(receiver, Atom("int"))
    return None if error is None else error.message


def _bounds_fault(receiver: Atom, index: Type) -> str | None:
    length = receiver.length if receiver.kind == "array" else -1
    if receiver.kind == "string" and receiver.has_literal:
        length = len(receiver.literal)
    if length < 0 or index is None or len(index) != 1 or not index[0].has_literal:
        return None
    place = index[0].literal
    if not isinstance(place, int) or -length <= place < length:
        return None
    return f"Index out of bounds: {place} (length {length})"


def _element(walk: Walk, node: Any, receiver: Atom, index: Type, of: Type) -> Type:
    if receiver.kind == "string":
        return STRING
    if receiver.kind == "array":
        return loosened(receiver.item)
    if receiver.kind == "hash" and (receiver.shape is not None or receiver.was):
        if index is not None and len(index) == 1 and isinstance(index[0].literal, str):
            found = walk.key(receiver, index[0].literal, node.span, node.index.span, of)
            return followed(node.object, found)
        if receiver.shape is not None:
            _judge_symbol(walk, node, receiver.shape)
        return ANY
    return ANY


def _judge_symbol(walk: Walk, node: Any, shape: Shape) -> None:
    """`h[:name]` of a hash with the key "name": these are two keys."""
    value = node.index.value if isinstance(node.index, nodes.Literal) else None
    if not isinstance(value, Symbol) or not shape.is_exact or value.name not in shape.fields:
        return
    message = f"this hash has no key :{value.name}"
    hint = f'its key is a String: write `["{value.name}"]`'
    walk.warning("unknown-key", message, node.index.span, hint)


# --- assignments ---------------------------------------------------------------------------------


@visits(EXPRESSIONS, nodes.Assign)
def _assign(walk: Walk, node: nodes.Assign) -> Type:
    type_ = walk.value(node.value)
    target = node.target
    if isinstance(target, nodes.Name):
        variable = walk.resolution.variables.get(id(target))
        if variable is not None:
            declared = walk.declared_types.get(variable)
            if declared is not None:
                what = f"'{target.name}' is declared {declared[0]}"
                walk.judge_value(type_, declared[1], node, what)
            walk.assign(variable, type_)
            walk.note_origin(variable, node.value)
            settle_asked(walk, node.value)
        return type_
    _assign_part(walk, target, type_, node)
    return type_


def _assign_part(walk: Walk, target: Any, type_: Type, node: nodes.Node) -> None:
    if isinstance(target, nodes.Index):
        receiver = walk.infer(target.object)
        walk.infer(target.index)
        _check_settable(walk, target, receiver)
        if not isinstance(target.object, nodes.Name):
            walk.escape(target.object)
        _set_key(walk, target.object, _key_text(target.index), target.index, type_)
    elif isinstance(target, nodes.Member):
        receiver = walk.infer(target.object)
        walk.set_member(target, receiver, type_, node)
        _set_key(walk, target.object, target.name, target, type_)
    else:
        walk.infer(target)


_MOST_KEYS: Final = 100
"""Keys of a hash that are followed, one by one."""


def _key_text(index: Any) -> str | None:
    is_text = isinstance(index, nodes.Literal) and isinstance(index.value, str)
    return index.value if is_text else None


def _check_settable(walk: Walk, target: nodes.Index, receiver: Type) -> None:
    if receiver and all(one.kind in _UNSETTABLE for one in receiver):
        walk.error("type", "Type error: invalid assignment target", target.span)


_UNSETTABLE: Final = frozenset({"int", "float", "bool", "null", "string", "symbol", "decimal"})


def _set_key(walk: Walk, object_: Any, key: str | None, at: nodes.Node, type_: Type) -> None:
    """A hash that a variable holds has one more key from here on."""
    variable = (
        walk.resolution.variables.get(id(object_)) if isinstance(object_, nodes.Name) else None
    )
    if variable is None:
        return
    walk.forget_paths(variable)
    known = walk.environment.get(variable)
    if known is UNSET or known is ANY:
        return
    shape = known[0].shape if len(known) == 1 else None
    if shape is None or shape.contract or key is None or len(shape.fields) >= _MOST_KEYS:
        walk.environment.set(variable, loosened(known))
        return
    made = Shape({**shape.fields, key: type_}, {**shape.keys, key: at}, shape.is_exact)
    walk.environment.set(variable, (Atom("hash", shape=made),))


@visits(EXPRESSIONS, nodes.CompoundAssign)
def _compound(walk: Walk, node: nodes.CompoundAssign) -> Type:
    target = node.target
    is_logical = node.operator in ("||", "&&", "??")
    variable = walk.resolution.variables.get(id(target)) if isinstance(target, nodes.Name) else None
    if variable is None:
        _judge_own_name(walk, target)
        before = walk.infer(target) if not isinstance(target, nodes.Name) else ANY
    else:
        found = walk.read(variable)
        before = ANY if found is UNSET else found
    value = walk.value(node.value)
    type_ = ANY if is_logical else operated(walk, node, node.operator, before, value)
    if variable is not None:
        walk.assign(variable, type_)
    return type_


def _judge_own_name(walk: Walk, target: Any) -> None:
    """`def data() @data ||= 1 end`: without a value, `@data` is the method that is running."""
    if not isinstance(target, nodes.Member) or not isinstance(target.object, nodes.This):
        return
    owner, name = walk.frame.owner, target.name
    method = owner.method(name) if owner is not None else None
    if owner is None or method is not walk.running or method is None or method.params:
        return
    if owner.field(name) is None and owner.hides_nothing() and name not in walk.resolution.members:
        message = f"'{name}' calls itself: @{name} is this method as long as no field is called so"
        hint = f"give the field another name, and a value: `kept_{name} = null` in the class"
        walk.warning("calls-itself", message, target.span, hint)


@visits(EXPRESSIONS, nodes.Increment)
def _increment(walk: Walk, node: nodes.Increment) -> Type:
    if not isinstance(node.target, nodes.Name):
        walk.infer(node.target)
        return ANY
    variable = walk.resolution.variables.get(id(node.target))
    if variable is not None:
        before = walk.read(variable)
        before = ANY if before is UNSET else before
        walk.assign(variable, operated(walk, node, "+", before, (Atom("int"),)))
    return ANY


@visits(EXPRESSIONS, nodes.ScopedName)
def _scoped(walk: Walk, node: nodes.ScopedName) -> Type:
    walk.infer(node.object)
    return ANY


@visits(EXPRESSIONS, nodes.ShellCommand)
def _shell(walk: Walk, node: nodes.ShellCommand) -> Type:
    for part in node.parts:
        if not isinstance(part, str):
            walk.infer(part)
    return ANY


@visits(EXPRESSIONS, nodes.Lambda)
def _lambda(walk: Walk, node: nodes.Lambda) -> Type:
    return (Atom(FUNCTION, of=node.function),)
