"""Calls: what is called is chosen first, as a Python callable, and then given its arguments."""

from __future__ import annotations

from functools import partial
from typing import Any

from ...base.errors import SoliTypeError
from ...meaning.members import UNIVERSAL
from ...native.native import NativeFunction
from ...tree import nodes
from ...values.objects import SoliClass
from ...values.values import UNSET, Function
from .. import python as py
from ..emitters import Emitters, emits
from ..places import CALLED, METHOD, NEW
from ..writer import Writer
from .members import class_reference, only_native, written_out
from .names import callee, is_quiet, raw, resolved

EMITTERS: Emitters = {}


def arguments_of(
    writer: Writer, arguments: Any, block: Any
) -> tuple[list[Any], list[Any], Any, list[str]]:
    """Operands of a call, for `Writer.operands`: positional, named, block; labels of the named."""
    positional = [one.value for one in arguments if one.label is None]
    named = [one.value for one in arguments if one.label is not None]
    labels = [one.label for one in arguments if one.label is not None]
    given = None if block is None else lambda: block_value(writer, block)
    return positional, named, given, labels


def block_value(writer: Writer, block: Any) -> Any:
    """`&blk` passes the function itself, though a bare name would call it."""
    if block.__class__ is nodes.Name:
        return callee(writer, block.name, block.span)
    return writer.value(block)


def collected(writer: Writer, first: Any, arguments: Any, block: Any) -> list[Any]:
    """Expressions of *first* (operands before the arguments), a list of the positional arguments,
    a dict of the named ones and the block; all in the order written."""
    positional, named, given, labels = arguments_of(writer, arguments, block)
    operands = [*first, *positional, *named]
    if len(set(labels)) < len(labels):
        operands.append(lambda: _duplicate_label(writer, arguments))
    values = writer.operands(*operands, *([] if given is None else [given]))
    ahead = values[: len(first)]
    rest = values[len(first) :]
    listed = py.List(rest[: len(positional)], py.LOAD)
    of_named: Any = py.none()
    if labels:
        keys = [py.constant(label) for label in labels]
        of_named = py.Dict(keys, rest[len(positional) : len(positional) + len(labels)])
    return [*ahead, listed, of_named, py.none() if given is None else rest[-1]]


def _duplicate_label(writer: Writer, arguments: Any) -> Any:
    """Raises once all that stands before is computed, for it is a statement (docs/spec §6.3)."""
    seen: set[str] = set()
    for one in arguments:
        if one.label in seen:
            message = f"duplicate named argument '{one.label}'"
            error = partial(SoliTypeError, message, one.span, writer.unit.source)
            writer.out.append(py.run(py.call("fail", writer.fixed(error))))
            break
        if one.label is not None:
            seen.add(one.label)
    return py.none()


def is_plain(node: Any) -> bool:
    """Whether a call has positional arguments only."""
    return not any(one.label for one in node.arguments)


@emits(EMITTERS, nodes.Call)
def _call(writer: Writer, node: nodes.Call) -> Any:
    kind = node.callee.__class__
    if kind is nodes.Name:
        return _name_call(writer, node, node.callee)  # type: ignore[arg-type]
    if kind is nodes.Member:
        return _method_call(writer, node, node.callee)  # type: ignore[arg-type]
    if kind is nodes.SuperMember:
        from .supers import super_method_call

        return super_method_call(writer, node, node.callee)  # type: ignore[arg-type]
    return _general_call(writer, node, lambda: writer.value(node.callee))


def _general_call(writer: Writer, node: nodes.Call, function: Any) -> Any:
    identifier = writer.fresh()
    first, listed, named, block = collected(
        writer, [lambda: py.bound(identifier, function())], node.arguments, node.block
    )
    at = writer.places.add(CALLED, node.span, identifier)
    return py.call("call_value", first, listed, named, block, at=at)


def _name_call(writer: Writer, node: nodes.Call, name: nodes.Name) -> Any:
    variable = writer.block.find(name.name, name.span.start)
    if variable is None:
        if name.name in ("defined", "const_get"):
            from .others import reflective

            return reflective(writer, node, name)
        found = writer.machine.globals.get(name.name, UNSET)
        if found.__class__ is NativeFunction:
            return _native_call(writer, node, found)
        if found is UNSET and name.name in ("define_method", "alias_method"):
            member = nodes.Member(name.span, nodes.This(name.span), name.name)
            return _method_call(writer, node, member)
    if node.block is not None or not is_plain(node):
        return _general_call(writer, node, lambda: callee(writer, name.name, name.span))
    return _function_call(writer, node, name, variable)


def _native_call(writer: Writer, node: nodes.Call, native: NativeFunction) -> Any:
    """A call of a builtin that nothing shadows: arity is checked once, here."""
    count = len(node.arguments)
    if node.block is not None or not is_plain(node) or not native.low <= count <= native.high:
        return _general_call(writer, node, lambda: writer.fixed(native))
    values = writer.operands(*[one.value for one in node.arguments])
    if len(values) != 1 or not native.quick:
        function = writer.fixed(native.given(_kinds(writer, node)))
        return py.call(function, *values, at=writer.at(node))
    known = writer.kind_of(node.arguments[0].value)
    name, first = writer.named(values[0])
    if known in native.quick:
        return native.quick[known](py, first)
    result = py.call(writer.fixed(native.invoke), name(), at=writer.at(node))
    forms = [one for one in native.quick.items() if known is None]
    if not forms and not isinstance(first, py.Name):
        return py.call(writer.fixed(native.invoke), first, at=writer.at(node))
    for index, (kind, quick) in enumerate(forms):
        test = py.is_kind(first if index == len(forms) - 1 else name(), kind.__name__)
        result = py.choice(test, quick(py, name()), result)
    return result


def _function_call(writer: Writer, node: nodes.Call, name: nodes.Name, variable: Any) -> Any:
    """A call with positional arguments of what a variable holds."""
    from . import leaves

    held = py.name("UNSET") if variable is None else writer.load(variable)
    known = _held_function(writer, variable, len(node.arguments))
    is_watched = writer.unit.watcher is not None
    leaf = None if is_watched else leaves.leaf_of(variable, known)
    if leaf is not None:

        def calling(called: Any, values: list[Any]) -> Any:
            function = _callable(writer, node, name, known, called)
            at = writer.places.add(CALLED, node.span, called.id)
            return py.call(function, *values, at=at)

        result = leaves.leaf_call(writer, node, held, leaf, calling)
        if result is not None:
            return result
    identifier = writer.fresh()
    chosen = _callable(writer, node, name, known, py.bound(identifier, held))
    function, *values = writer.operands(lambda: chosen, *[one.value for one in node.arguments])
    at = writer.places.add(CALLED, node.span, identifier)
    return py.call(function, *values, at=at)


def _callable(
    writer: Writer, node: nodes.Call, name: nodes.Name, known: Function | None, first: Any
) -> Any:
    """What calls the value of *name*, which is *known* most likely; *first* gives it a name."""
    identifier = first.target.id if isinstance(first, py.NamedExpr) else first.id
    arity = py.compare(py.attribute(identifier, "arity"), "==", py.constant(len(node.arguments)))
    if known is None:
        is_function = py.both(py.is_kind(first, "Function"), arity)
    else:
        same = py.compare(first, "is", writer.fixed(known))
        is_function = py.either(same, py.both(py.is_kind(py.name(identifier), "Function"), arity))
    other = py.call(
        "caller", py.name(identifier), writer.missing(name.name, name.span), at=writer.at(node)
    )
    return py.choice(is_function, py.attribute(identifier, "invoke"), other)


def _held_function(writer: Writer, variable: Any, count: int) -> Function | None:
    """The function of *count* parameters that a variable of the file holds by now, and so most
    likely when it is called."""
    if variable is None or variable.home is not None:
        return None
    held = writer.unit.scopes.file.slots[variable.index]
    return held if held.__class__ is Function and held.arity == count else None


def _method_call(writer: Writer, node: nodes.Call, member: nodes.Member) -> Any:
    if member.is_safe or not is_plain(node):
        return _general_method_call(writer, node, member)
    static = _static_call(writer, node, member)
    if static is not None:
        return static
    name, count = member.name, len(node.arguments) + (node.block is not None)
    operands: list[Any] = [one.value for one in node.arguments]
    if node.block is not None:
        operands.append(lambda: block_value(writer, node.block))
    table, object_, unread = writer.machine.methods_named(name), member.object, None
    forms = {} if node.block is not None else table.forms(count)
    known = writer.kind_of(object_)
    if known is not None:
        forms = {form: kinds for form, kinds in forms.items() if known in kinds}
    is_quiet_call = node.block is None and all(is_quiet(writer, one) for one in operands)
    if is_quiet_call and not forms and Function not in table:
        object_, unread = raw(writer, object_)
    receiver, *values = writer.operands(object_, *operands)
    if operands and forms:
        receiver = writer.kept(receiver)
        values = [one if _is_simple(writer, one) else writer.kept(one) for one in values]
    identifier, first = writer.named(receiver)
    read = identifier()
    if unread is not None:  # only where no method is found
        own = writer.fresh()
        identifier, first = (lambda: py.name(own)), py.bound(own, receiver)
        read = py.bound(own, resolved(writer, py.name(own), unread))
    at = writer.places.add(METHOD, node.span, identifier().id, name)
    receiver = identifier() if forms else first
    found = _method(writer, node, receiver, identifier, read, (name, count, known))
    result = py.call(found, identifier(), *values, at=at)
    arguments = [(lambda one=one: one) for one in values]
    for index, (form, kinds) in enumerate(forms.items()):
        condition, given = written_out(writer, form, kinds, known, identifier, *arguments)
        result = py.choice(
            condition(first if index == len(forms) - 1 else identifier()), given, result
        )
    return result


def _static_call(writer: Writer, node: nodes.Call, member: nodes.Member) -> Any:
    """`DateTime.parse(x)`: a static method of a builtin class, unless a program replaced it."""
    owner = member.object
    if owner.__class__ is not nodes.Name:
        return None
    if writer.block.find(owner.name, owner.span.start) is not None:
        return None
    klass: Any = writer.machine.globals.get(owner.name)
    if klass.__class__ is not SoliClass:
        return None
    native = klass.statics.get(member.name)
    count = len(node.arguments)
    if native.__class__ is not NativeFunction or not native.low <= count <= native.high:
        return None
    if node.block is not None:
        return None
    values = writer.operands(*[one.value for one in node.arguments])
    identifier = writer.bind(klass)
    at = writer.places.add(METHOD, node.span, identifier, member.name)
    key = py.constant(member.name)
    is_same = writer.fixed(klass.statics.as_it_is(member.name))
    other = py.call("method", py.name(identifier), key, py.constant(count), py.constant(False))
    bound = py.call("on", other, py.name(identifier))
    function = writer.fixed(native.given(_kinds(writer, node)))
    return py.call(py.choice(is_same, function, bound), *values, at=at)


def _kinds(writer: Writer, node: nodes.Call) -> tuple[type | None, ...]:
    """Of which Python class each argument is, the block among them; None where nobody knows."""
    kinds = [writer.kind_of(one.value) for one in node.arguments]
    return (*kinds, *([] if node.block is None else [None]))


def _is_simple(writer: Writer, value: Any) -> bool:
    return isinstance(value, py.Constant) or writer.is_variable(value) or writer.is_fixed(value)


def _method(writer: Writer, node: nodes.Call, first: Any, receiver: Any, read: Any, of: Any) -> Any:
    """What gives the method as a Python callable. *first* computes the receiver; *read* is what it
    is if nothing was found for what *first* gives."""
    name, count, known = of
    key, with_block = py.constant(name), node.block is not None
    found = py.call("method", read, key, py.constant(count), py.constant(with_block))
    is_own = not with_block and name not in UNIVERSAL and known is None
    table = writer.machine.methods_named(name)
    calls = table.taking(_kinds(writer, node))
    only = only_native(writer, calls)
    if table and only is None:
        kind = py.kind(receiver() if is_own else first)
        found = py.either(py.method(writer.fixed(calls), "get", kind), found)
    elif only is not None and not is_own:
        return py.choice(only[0](first), only[1], found)
    elif not table and not is_own and not isinstance(first, py.Name):
        writer.out.append(py.run(first))
    if is_own:
        one = first if only is None else receiver()
        condition, method = _of_instance(writer, one, receiver, key, count)
        found = py.choice(condition, method, found)
        found = found if only is None else py.choice(only[0](first), only[1], found)
    return found


def _of_instance(writer: Writer, first: Any, receiver: Any, key: Any, count: int) -> Any:
    """(whether the receiver is an instance with such a method, what to call)"""
    method = writer.fresh()
    klass = py.attribute(py.attribute(receiver(), "soli_class"), "found")
    return (
        py.both(
            py.is_kind(first, "Instance"),
            py.compare(py.bound(method, py.method(klass, "get", key)), "is not", py.none()),
            py.compare(py.attribute(method, "arity"), "==", py.constant(count)),
            py.compare(key, "not in", py.attribute(receiver(), "fields")),
        ),
        py.attribute(method, "invoke"),
    )


def _general_method_call(writer: Writer, node: nodes.Call, member: nodes.Member) -> Any:
    identifier = writer.fresh()
    writer.out.append(py.assign(identifier, writer.value(member.object)))
    at = writer.places.add(METHOD, node.span, identifier, member.name)

    def call() -> Any:
        listed, named, block = collected(writer, [], node.arguments, node.block)
        key = py.constant(member.name)
        return py.call("call_member", py.name(identifier), key, listed, named, block, at=at)

    if not member.is_safe:
        return call()
    is_null = py.compare(py.name(identifier), "is", py.none())
    return writer.chosen(is_null, py.none, call)


@emits(EMITTERS, nodes.New)
def _new(writer: Writer, node: nodes.New) -> Any:
    identifier = writer.fresh()
    first, listed, named, _ = collected(
        writer,
        [lambda: py.bound(identifier, class_reference(writer, node.target))],
        node.arguments,
        None,
    )
    at = writer.places.add(NEW, node.span, identifier)
    return py.call("new", first, listed, named, at=at)
