"""Calls: what is called, whether its arguments fit, and what it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...base.errors import SoliError
from ...base.foreign_members import foreign_member
from ...native.native import NativeFunction, shown_call
from ...tree import nodes
from ..checking.arguments import Arguments
from .classes import ClassInfo
from .expressions import name_type
from .judging import judge_fields, judge_rules
from .library import RUNS_AT_ONCE, block_parameters, given_by, given_by_array
from .members import PYTHON, Found, find_members, read_type, received
from .narrowing import settle
from .operators import sample
from .types import (
    ANY,
    CLASS,
    ENUM_VALUE,
    FUNCTION,
    INSTANCE,
    Atom,
    Shape,
    Type,
    join,
    removed,
    shown,
    without_literals,
)
from .walk import EXPRESSIONS, LINKS, visits

if TYPE_CHECKING:
    from .infer import TypeWalk as Walk


@visits(LINKS, nodes.Member)
def _member(walk: Walk, node: nodes.Member, left: Type) -> Type:
    known = walk.part_known(node)
    if known is not ANY:
        return known
    receiver = removed(left, "null") if node.is_safe else left
    found = find_members(walk, node, receiver)
    if found is None:
        return ANY
    type_ = join([read_type(walk, node, atom, one) for atom, one in found])
    return _or_null(type_, left, node)


def _or_null(type_: Type, left: Type, node: nodes.Member) -> Type:
    if not node.is_safe or left is ANY:
        return type_
    return join([type_, (Atom("null"),)]) if removed(left, "null") != left else type_


@visits(LINKS, nodes.Call)
def _call(walk: Walk, node: nodes.Call, left: Type) -> Type:
    """A call of a member."""
    member: Any = node.callee
    receiver = removed(left, "null") if member.is_safe else left
    arguments = _arguments(walk, node)
    block = _block(walk, node, receiver, member.name)
    if member.name == "is_a?" and len(arguments) == 1:
        _judge_class_name(walk, node, arguments[0])
    judge = walk.known.judges.get(member.name)
    if judge is not None:
        judge(walk, node, arguments)
    if _is_foreign_call(walk, member, receiver):
        return ANY
    found = find_members(walk, member, receiver)
    _note_change(walk, member, found, receiver)
    if found is None:
        return ANY
    type_ = join([_called(walk, node, atom, one, arguments, block) for atom, one in found])
    return _or_null(type_, left, member)


def _is_foreign_call(walk: Walk, member: Any, receiver: Type) -> bool:
    """Report `hash.items()`, a method of another language that is no key of the hash either."""
    shape = receiver[0].shape if receiver and len(receiver) == 1 else None
    if shape is None or not shape.is_exact or member.name in shape.fields:
        return False
    if member.name in walk.assigned_keys or walk.may_be_added(member.name):
        return False
    methods = [name for name, table in walk.known.methods.items() if dict in table]
    hint = foreign_member(member.name, methods) if member.name not in methods else None
    if hint is not None:
        message = f"Cannot access property '{member.name}' on Hash"
        walk.error("unknown-member", message, member.span, hint)
    return hint is not None


def _judge_class_name(walk: Walk, node: nodes.Call, type_: Type) -> None:
    """`x.is_a?(Int)`: it takes the name of a class."""
    if not type_ or any(one.kind == "string" for one in type_):
        return
    written = walk.written(node.arguments[0])
    hint = f'write `is_a?("{written}")`' if written.isidentifier() else None
    walk.error("type", "Type error: is_a? expects a string argument", node.span, hint)


@visits(EXPRESSIONS, nodes.Call)
def _plain_call(walk: Walk, node: nodes.Call) -> Type:
    """A call of a name, or of what another expression gives."""
    if isinstance(node.callee, nodes.Name):
        callee = name_type(walk, node.callee)
    elif isinstance(node.callee, nodes.SuperMember):
        return _super_method(walk, node, node.callee)
    else:
        callee = walk.infer(node.callee)
    arguments = _arguments(walk, node)
    block = _block(walk, node, ANY, "")
    return call_type(walk, node, callee, arguments, block)


def call_type(walk: Walk, node: Any, callee: Type, arguments: list[Type], block: Type) -> Type:
    """What calling a value of *callee* gives."""
    if not callee:
        return ANY
    if all(atom.kind in _UNCALLABLE for atom in callee):
        walk.error(
            "not-callable", "Cannot call non-function value", node.span, _not_callable(callee)
        )
        return ANY
    if len(callee) > 1:
        return ANY
    atom = callee[0]
    if atom.kind == CLASS:
        return _instance(walk, node, atom.of, arguments)
    if atom.kind == FUNCTION and isinstance(atom.of, nodes.FunctionNode):
        return _own_function(walk, node, atom.of, arguments, has_name=_is_declared(walk, node))
    if atom.kind == FUNCTION and isinstance(atom.of, NativeFunction):
        signature = walk.known.signatures.get(atom.of.name)
        if signature is not None:
            judge_arguments(walk, node, signature, arguments, signature.name)
            return walk.annotated(signature.return_type)
        judge_builtin(walk, node, atom.of, arguments, 0)
        judge_rules(walk, atom.of.name, arguments, node)
        _judge_by_trying(walk, node, atom.of, arguments)
        given: Type = walk.known.results.get(atom.of.name, given_by(atom.of.declaration))
        return given
    return ANY


_TRIED: Final = frozenset({"len", "range"})
"""Functions of no effect that look at their arguments themselves."""


def _judge_by_trying(walk: Walk, node: Any, builtin: NativeFunction, given: list[Type]) -> None:
    if builtin.name not in _TRIED or any(one.label for one in node.arguments):
        return
    if any(one is None or len(one) != 1 or one[0].kind not in PYTHON for one in given):
        return
    if not builtin.low <= len(given) <= builtin.high:
        return
    try:
        builtin.invoke(*[sample(one[0]) for one in given if one])
    except SoliError as error:
        walk.error("type", error.message, node.span, error.hint)


_UNCALLABLE: Final = frozenset(
    {"int", "float", "decimal", "string", "bool", "null", "array", "hash", "symbol"}
    | {INSTANCE, ENUM_VALUE}
)


def _not_callable(callee: Type) -> str:
    return f"it is {shown(without_literals(callee))}, which is read without parentheses"


def _is_declared(walk: Walk, node: Any) -> bool:
    """Whether a name is called that a `def` made: its arity is judged by the pass of names."""
    callee = getattr(node, "callee", None)
    if not isinstance(callee, nodes.Name):
        return False
    variable = walk.resolution.variables.get(id(callee))
    return variable is not None and bool(walk.resolution.facts(variable).declared)


def _own_function(
    walk: Walk, node: Any, function: nodes.FunctionNode, arguments: list[Type], *, has_name: bool
) -> Type:
    """A call of a function of the program."""
    judge_arguments(walk, node, function, arguments, function.name)
    walk.hand_over(function, arguments)
    for one in node.arguments:
        settle(walk, one.value)
    if not has_name:
        _judge_arity(walk, node, function, _shown_name(node, function))
    return walk.result_of(function)


def _shown_name(node: Any, function: nodes.FunctionNode) -> str:
    if not function.name.startswith("<"):
        return function.name
    callee = getattr(node, "callee", None)
    return callee.name if isinstance(callee, nodes.Name) else "this function"


def _judge_arity(
    walk: Walk, node: Any, function: nodes.FunctionNode, name: str, extra: int = 0
) -> bool:
    given = Arguments.of(node.arguments, getattr(node, "block", None), extra)
    fault = given.fault_for(function, name)
    if fault is not None:
        params = ", ".join(param.name for param in function.params)
        walk.error("wrong-arguments", fault, node.span, f"it is `{name}({params})`")
    return fault is None


def judge_arguments(
    walk: Walk, node: Any, function: nodes.FunctionNode, arguments: list[Type], name: str
) -> None:
    """Report arguments that are not of the types that their parameters are annotated with."""
    params = [one for one in function.params if not one.is_block]
    labels = [one.label for one in node.arguments]
    for index, (type_, label) in enumerate(zip(arguments, labels, strict=False)):
        param = next((one for one in params if one.name == label), None) if label else None
        if label is None and index < len(params):
            param = params[index]
        if param is None or param.type is None:
            continue
        wanted = walk.parameter_type(param)
        walk.judge_value(type_, wanted, node, f"'{name}' takes {param.type.text} as '{param.name}'")


# --- members -------------------------------------------------------------------------------------


def _called(
    walk: Walk, node: nodes.Call, atom: Atom, found: Found, arguments: list[Type], block: Type
) -> Type:
    name = node.callee.name  # type: ignore[attr-defined]
    if found.function is not None:
        type_ = _own_function(walk, node, found.function, arguments, has_name=False)
        return received(type_, atom)
    if found.builtin is not None:
        return _builtin(walk, node, atom, found.builtin, arguments, block)
    if atom.kind == CLASS and name == "new":
        return _instance(walk, node, atom.of, arguments)
    if atom.kind == CLASS and atom.of.is_enum and name in atom.of.variants:
        return _variant(walk, node, atom.of, name)
    if found.type is not ANY:
        return ANY  # a field with a function in it, or a plain value
    return ANY


def _variant(walk: Walk, node: nodes.Call, info: ClassInfo, name: str) -> Type:
    fields = info.variants[name]
    count = len(node.arguments)
    if count != len(fields) and (fields or count):
        message = f"Wrong number of arguments: {name}() takes {len(fields)}, got {count}"
        walk.error("wrong-arguments", message, node.span)
    return (Atom(ENUM_VALUE, of=info),)


def _builtin(
    walk: Walk, node: nodes.Call, atom: Atom, builtin: Any, arguments: list[Type], block: Type
) -> Type:
    given = Arguments.of(node.arguments, node.block)
    count = given.positional + bool(given.labels) + given.has_block
    if not builtin.low <= count <= builtin.high:
        fault = given.fault_for_range(builtin.name, builtin.low, builtin.high)
        if fault is not None:
            shown = shown_call(builtin.name, builtin.low, builtin.high, builtin.declaration)
            walk.error("wrong-arguments", fault, node.span, f"it is {shown}")
        return ANY
    judge_builtin(walk, node, builtin, arguments, 0)
    judge_rules(walk, builtin.name, arguments, node)
    return walk.given_by_builtin(builtin, atom, builtin.name.rpartition(".")[2], arguments, block)


def judge_builtin(walk: Walk, node: Any, builtin: Any, arguments: list[Type], skip: int) -> None:
    """Report the first argument that *builtin* refuses whatever it is."""
    declaration = getattr(builtin, "declaration", None)
    if declaration is None or any(one.label for one in node.arguments):
        return
    types = list(arguments)
    block = getattr(node, "block", None)
    if isinstance(block, nodes.Lambda):
        types.append((Atom(FUNCTION),))
    args = declaration.args
    for index, type_ in enumerate(types):
        arg = args[min(index, len(args) - 1)] if args and args[-1].is_rest else (
            args[index] if index < len(args) else None)  # fmt: skip
        if arg is None or arg.types is None or not type_:
            continue
        if any(_accepted(atom, arg.types) for atom in type_):
            continue
        name = builtin.name.rpartition(".")[2]
        error = declaration.mismatch(name, arg, sample(type_[0]))
        walk.error("type", error.message, node.span, error.hint or _HINTS.get(name))
        return


_HINTS: Final = dict.fromkeys(
    ("reduce", "fold"), "the function comes first: `items.reduce(fn(so_far, x) { so_far + x }, 0)`"
)


def _accepted(atom: Atom, types: frozenset[type]) -> bool:
    kind = PYTHON.get(atom.kind)
    return kind is None or kind in types


def given_by_builtin(
    builtin: Any, atom: Atom, name: str, arguments: list[Type], block: Type
) -> Type:
    """What a builtin method gives to a receiver of *atom*."""
    if atom.kind == "array":
        found = given_by_array(name, atom, arguments, block)
        if not isinstance(found, Atom):
            return found
    if atom.kind == "hash" and name == "merge" and len(arguments) == 1:
        return _merged(atom, arguments[0])
    return given_by(builtin.declaration)


def _merged(atom: Atom, other: Type) -> Type:
    """A hash with the keys of two."""
    shapes = [atom.shape, *((one.shape for one in other) if other else ())]
    if len(shapes) != 2 or any(one is None or one.contract for one in shapes):
        return (Atom("hash"),)
    found = Shape(is_exact=all(one is not None and one.is_exact for one in shapes))
    for one in shapes:
        if one is not None:
            found.fields.update(one.fields)
            found.keys.update(one.keys)
    return (Atom("hash", shape=found),)


def _note_change(walk: Walk, member: Any, found: Any, receiver: Type) -> None:
    """A method that changes its receiver, or may: nothing is known of its parts any more."""
    builtins = [one.builtin for _, one in found or ()]
    changes = not builtins or any(
        one is None or getattr(one.declaration, "mutates", True) for one in builtins
    )
    if changes:
        walk.escape(member.object)
        variable = walk.resolution.variables.get(id(member.object))
        if variable is not None:
            walk.forget_paths(variable)


# --- classes -------------------------------------------------------------------------------------


def _instance(walk: Walk, node: Any, info: ClassInfo, arguments: list[Type]) -> Type:
    """`new C(…)`, `C.new(…)`, `C(…)`."""
    if "new" in info.class_names() and info.static_method("new") is not None:
        return ANY
    is_named = isinstance(node, nodes.New) or isinstance(node.callee, nodes.Name)
    if info.is_module and is_named:
        return ANY  # which the pass of names reports
    if info.is_module:
        walk.error("wrong-arguments", f"cannot instantiate module {info.name}", node.span)
        return ANY
    if info.is_enum:
        return ANY
    constructor = info.nearest_constructor()
    if constructor is not None and (info.constructor is not None or info.hides_nothing()):
        judge_arguments(walk, node, constructor, arguments, info.name)
        if not is_named or info.constructor is None:
            _judge_arity(walk, node, constructor, info.name)
    elif constructor is None and info.hides_nothing():
        _judge_attributes(walk, node, info, arguments)
    return (Atom(INSTANCE, of=info),)


def _judge_attributes(walk: Walk, node: Any, info: ClassInfo, arguments: list[Type]) -> None:
    """A class without a constructor: `C.new` takes a Hash; `new C(…)` ignores all that is none."""
    if len(arguments) == 1 and not node.arguments[0].label:
        judge_fields(walk, info, arguments[0])
    callee = getattr(node, "callee", None)
    if (
        not isinstance(callee, nodes.Member)
        or not arguments
        or any(a.label for a in node.arguments)
    ):
        return
    other = next((one for one in info.methods if one in ("initialize", "__init__")), None)
    hint = "a class takes arguments by `new(a, b) … end`"
    if other is not None:
        hint = f"the constructor is `new(…)` here, not `{other}`"
    if len(arguments) > 1:
        message = f"new() expects 0 or 1 arguments, got {len(arguments)}"
        walk.error("wrong-arguments", message, node.span, hint)
        return
    first = arguments[0]
    if first and all(one.kind not in ("hash", "null") for one in first):
        word = shown(first[:1]).lower()
        message = f"new() expects a Hash of attributes, got {word}"
        walk.error("wrong-arguments", message, node.span, hint)


@visits(EXPRESSIONS, nodes.New)
def _new(walk: Walk, node: nodes.New) -> Type:
    callee = name_type(walk, node.target) if isinstance(node.target, nodes.Name) else ANY
    arguments = [walk.value(one.value) for one in node.arguments]
    if not callee or len(callee) != 1 or callee[0].kind != CLASS:
        return ANY
    return _instance(walk, node, callee[0].of, arguments)


@visits(EXPRESSIONS, nodes.SuperCall)
def _super(walk: Walk, node: nodes.SuperCall) -> Type:
    arguments = [walk.value(one.value) for one in node.arguments]
    above = _above(walk, node)
    constructor = above.nearest_constructor() if above is not None else None
    if above is not None and above.hides_nothing() and constructor is not None:
        judge_arguments(walk, node, constructor, arguments, above.name)
        _judge_arity(walk, node, constructor, above.name)
    return ANY


def _super_method(walk: Walk, node: nodes.Call, callee: nodes.SuperMember) -> Type:
    arguments = _arguments(walk, node)
    _block(walk, node, ANY, "")
    above = _above(walk, callee)
    method = above.method(callee.name) if above is not None else None
    if method is None or walk.frame.owner is None:
        return ANY
    _own_function(walk, node, method, arguments, has_name=False)
    return ANY  # `this`, if it is that, is of this class


@visits(EXPRESSIONS, nodes.SuperMember)
def _super_member(walk: Walk, node: nodes.SuperMember) -> Type:
    _above(walk, node)
    return ANY


def _above(walk: Walk, node: nodes.Node) -> ClassInfo | None:
    owner = walk.frame.owner
    return owner.superclass if owner is not None and not owner.mixins else None


# --- arguments and blocks ------------------------------------------------------------------------


def _arguments(walk: Walk, node: nodes.Call) -> list[Type]:
    return [walk.value(one.value) for one in node.arguments]


def _block(walk: Walk, node: nodes.Call, receiver: Type, name: str) -> Type:
    """Walk the block of a call where it is certain when it runs; what it gives."""
    block: Any = node.block
    if block is None and node.arguments:
        last = node.arguments[-1].value
        block = last if isinstance(last, nodes.Lambda) else None
    if not isinstance(block, nodes.Lambda):
        if block is not None:
            walk.infer(block)
        return ANY
    at_once = name in RUNS_AT_ONCE and name not in walk.own_methods
    if not at_once:
        _guard(walk, node)
        return ANY
    atom = receiver[0] if receiver and len(receiver) == 1 else None
    types = block_parameters(name, atom) if atom is not None else ()
    return walk.run_block(block.function, types)


def _stage(walk: Walk, stage: Any) -> None:
    """A stage gets one more argument than is written."""
    if not isinstance(stage, nodes.Call):
        walk.infer(stage)
        return
    callee = stage.callee
    walk.infer(callee.object if isinstance(callee, nodes.Member) else callee)
    _arguments(walk, stage)


def _guard(walk: Walk, node: nodes.Call) -> None:
    """Functions that are handed over may be called where what they raise is caught."""
    if isinstance(node.callee, nodes.Name):
        variable = walk.resolution.variables.get(id(node.callee))
        declared = walk.resolution.facts(variable).declared if variable is not None else []
        own = [one for one in declared if isinstance(one, nodes.FunctionDecl)]
        if own and not any(_catches(one.function) for one in own):
            return
    given = [*(one.value for one in node.arguments), node.block]
    walk.resolution.guarded.update(
        id(one.function) for one in given if isinstance(one, nodes.Lambda)
    )


def _catches(function: nodes.FunctionNode) -> bool:
    inside = nodes.walk(function.body)
    return any(isinstance(one, nodes.Try | nodes.Rescue) for one in inside)


@visits(EXPRESSIONS, nodes.Pipeline)
def _pipeline(walk: Walk, node: nodes.Pipeline) -> Type:
    value = walk.value(node.value)
    stage = node.stage
    if not isinstance(stage, nodes.Call) or not isinstance(stage.callee, nodes.Name):
        _stage(walk, stage)
        return ANY
    arguments = [value, *_arguments(walk, stage)]
    callee = name_type(walk, stage.callee)
    if not callee or len(callee) != 1 or not isinstance(callee[0].of, nodes.FunctionNode):
        return ANY
    return walk.result_of(callee[0].of) if arguments else ANY
