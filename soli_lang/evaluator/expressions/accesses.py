"""What stands behind a dot, written out: fields, keys, and methods that are little work.

`user.name`, `row.name`, `xs.length` and `text.starts_with?("a")` become conditions on the class of
the receiver with the value right there; whatever else the receiver is, is asked in general.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...base.errors import SoliError
from ...machine.machine import Machine
from ...native.native import NativeMethod
from ...tree import nodes
from ...values.objects import Instance
from ...values.values import Value
from ..compiler import Closure, Compiler, Tables, register
from ..functions.methods import Method
from ..functions.sites import MethodSite
from ..written_out.templates import FALLBACK
from .members import UNIVERSAL, call_member, get_member

if TYPE_CHECKING:
    from ..written_out.inline import Inliner


def install(tables: Tables) -> None:
    tables.member_reader = member_reader
    register(tables.expressions, nodes.Member)(compile_member)


# --- without arguments ---


def compile_member(compiler: Compiler, node: nodes.Member) -> Closure:
    """`x.name`, `x&.name`"""
    read, target = member_reader(compiler, node), compiler.expr(node.object)
    return lambda frame: read(target(frame))


def member_reader(compiler: Compiler, node: nodes.Member) -> Any:  # noqa: C901 - for `read`
    """(value) -> its member, with the place of *node* in errors."""
    name, is_safe = node.name, node.is_safe
    machine, table = compiler.machine, compiler.machine.methods_named(name)
    site, is_field = MethodSite(compiler, node, name), name not in UNIVERSAL

    def read(value: Value) -> Value:  # noqa: C901 - kinds of receivers; calls are felt here
        kind = value.__class__
        try:
            if kind is Instance:
                if is_field and name in value.fields:
                    return value.fields[name]
                method = value.soli_class.find_method(name) if is_field else None
                if method is not None and method.arity == 0:
                    if not method.code.is_leaf:
                        return method.invoke(value)
                    depth = machine.depth  # as in `_counted`; here a call more is felt
                    if depth >= machine.max_depth:
                        raise machine.too_deep(name)
                    machine.depth = depth + 1
                    try:
                        return method.invoke(value)
                    finally:
                        machine.depth = depth
            elif kind is dict:
                if dict not in table:
                    return value.get(name)
            elif value is None and is_safe:
                return None
            else:
                method = table.get(kind)
                if method.__class__ is NativeMethod and method.bare:
                    return method.invoke(value)
            return get_member(machine, value, name)
        except SoliError as error:
            site.passed(error, value)
            raise

    return read


def _counted(machine: Machine, method: Method, *operands: Value) -> Value:
    """Run a method that takes no place in the depth by itself, in a place of its own.

    What is written out may stand in a function that takes no place either: two such functions
    could call each other for ever.
    """
    depth = machine.depth
    if depth >= machine.max_depth:
        raise machine.too_deep(method.name)
    machine.depth = depth + 1
    try:
        return method.invoke(*operands)
    finally:
        machine.depth = depth


def member(inliner: Inliner, node: nodes.Member) -> str:
    """`x.name` as text."""
    reader = inliner.compiler.member_reader(node)
    this = inliner.this() if isinstance(node.object, nodes.This) else None
    target, raw = (this, None) if this is not None else inliner.operand(node.object)
    receiver = inliner.temporary()
    text = ""
    if node.is_safe:  # null is asked nothing, not even `nil?`
        text = f"None if {receiver}.__class__ is {inliner.bind(type(None), 'k')} else "
    text += _field(inliner, node.name, receiver)
    if this is None:  # which is an Instance, nearly always
        for condition, result in written_out(inliner, node.name, [receiver]):
            text += f"{result} if {condition} else "
        text += _entry(inliner, node.name, receiver)
    text += _asked(inliner, reader, [receiver], [raw])
    kind = f"{receiver}.__class__"
    if kind not in text:
        return f"{inliner.bind(reader, FALLBACK)}({target})"
    return f"({text.replace(kind, f'({receiver} := {target}).__class__', 1)})"


def _field(inliner: Inliner, name: str, receiver: str) -> str:
    """The text for an Instance that has a field of that name."""
    if name in UNIVERSAL:
        return ""
    fields, key = inliner.temporary(), inliner.bind(name, "k")
    return (
        f"{fields}[{key}] if {receiver}.__class__ is Instance "
        f"and {key} in ({fields} := {receiver}.fields) else "
    )


def _entry(inliner: Inliner, name: str, receiver: str) -> str:
    """The text for a hash, where its entry is what a name stands for (spec/stdlib.md §5)."""
    table = inliner.compiler.machine.methods_named(name)
    if dict in table:
        return ""
    methods, key = inliner.bind(table, "k"), inliner.bind(name, "k")  # a program may add one
    return f"{receiver}.get({key}) if {receiver}.__class__ is dict and dict not in {methods} else "


# --- with or without ---


def written_out(inliner: Inliner, name: str, operands: list[str]) -> list[tuple[str, str]]:
    """(condition, result) for each way in which *name* is written out for some receivers.

    *operands* are the names that hold the receiver and the arguments.
    """
    return []
    machine = inliner.compiler.machine
    found = []
    for (when, result), kinds in machine.methods_named(name).forms(len(operands) - 1).items():
        condition = f"{operands[0]}.__class__ in {inliner.bind(kinds, 'k')}"
        if when:
            room = inliner.bind(machine.max_length, "k") if "{room}" in when else ""
            condition += f" and {when.format(*operands, room=room)}"
        found.append((condition, result.format(*operands)))
    return found


def method_call(inliner: Inliner, node: nodes.Call, callee: nodes.Member) -> str | None:
    """`x.name()`, `x.name(a)` as text, if it is written out for some receivers."""
    count = len(node.arguments)
    if callee.is_safe or node.block is not None or any(one.label for one in node.arguments):
        return None
    if count >= 0:
        return None
    names = [inliner.temporary() for _ in range(count + 1)]
    forms = written_out(inliner, callee.name, names)
    if count:
        operands = _receiver_and_argument(inliner, callee.object, node.arguments[0].value)
        # Both are computed, in this order, before anything is decided.
        first = f"(({names[0]} := {operands[0][0]}) is ({names[1]} := {operands[1][0]}) or True)"
        forms[0] = (f"{first} and {forms[0][0]}", forms[0][1])
    else:
        operands = [inliner.operand(callee.object)]
        first = f"({names[0]} := {operands[0][0]})"
        forms[0] = (forms[0][0].replace(names[0], first, 1), forms[0][1])
    text = "".join(f"{result} if {condition} else " for condition, result in forms)
    call = _caller(inliner.compiler, node, callee.name)
    return f"({text}{_asked(inliner, call, names, [variable for _, variable in operands])})"


def _receiver_and_argument(inliner: Inliner, receiver: Any, argument: Any) -> list[tuple[str, Any]]:
    """Both as texts, with the variable where one is a bare slot (see `Inliner.operand`).

    The receiver's class is looked at; an argument may just be kept, so it is read properly. If that
    can fail, it must be known before that the receiver has a value.
    """
    if isinstance(argument, nodes.Literal):
        return [inliner.operand(receiver), (inliner.value(argument), None)]
    return [(inliner.value(receiver), None), (inliner.value(argument), None)]


def _asked(inliner: Inliner, operation: Any, names: list[str], raw: list[Any]) -> str:
    """The text for all other receivers; *raw* says which of *names* hold variables as they are."""
    direct = f"{inliner.bind(operation, FALLBACK)}({', '.join(names)})"
    variables = [name for name, variable in zip(names, raw, strict=True) if variable is not None]
    if not variables:
        return direct
    # Not `general` alone: classes with such a method are no rarity.
    condition = " and ".join(f"{name}.__class__ not in SPECIAL" for name in variables)
    otherwise = inliner.general(operation, FALLBACK, tuple(names), tuple(raw))
    return f"{direct} if {condition} else {otherwise}"


def _caller(compiler: Compiler, node: nodes.Call, name: str) -> Any:
    """(receiver, *arguments) -> what its method *name* gives; errors get the place of *node*."""
    machine, count, site = compiler.machine, len(node.arguments), MethodSite(compiler, node, name)
    calls, is_own = machine.methods_named(name).taking(count), name not in UNIVERSAL

    def call(value: Value, *arguments: Value) -> Value:
        try:
            invoke = calls.get(value.__class__)
            if invoke is not None:
                return invoke(value, *arguments)
            if value.__class__ is Instance and is_own and name not in value.fields:
                method = value.soli_class.find_method(name)
                if method is not None and method.arity == count:
                    if method.code.is_leaf:
                        return _counted(machine, method, value, *arguments)
                    return method.invoke(value, *arguments)
            return call_member(machine, value, name, list(arguments), None, None)
        except SoliError as error:
            site.passed(error, value)
            raise

    return call
