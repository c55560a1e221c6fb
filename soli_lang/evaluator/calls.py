"""Call sites: the closures that evaluate arguments, call, and say where an error came through."""

from __future__ import annotations

from typing import Any

from .. import nodes
from ..errors import SoliError, SoliPlainTypeError, SoliTypeError
from ..machine import arity_error
from ..native import NativeFunction, NativeMethod
from ..objects import Instance, SoliClass
from ..semantics import type_name
from ..values import UNSET, Function, Value
from .compiler import Closure, Compiler, Frame, Tables, register
from .members import Named, call_member, call_value, get_member, no_member
from .names import raw_name


def install(tables: Tables) -> None:
    expressions = tables.expressions
    register(expressions, nodes.Call)(compile_call)
    register(expressions, nodes.Member)(compile_member)
    register(expressions, nodes.ScopedName)(_scoped_name)
    register(expressions, nodes.New)(_new)


class Site:
    """A place in the program that calls: adds its position to errors that pass."""

    __slots__ = ("source", "span")

    def __init__(self, compiler: Compiler, node: nodes.Node) -> None:
        self.span = node.span
        self.source = compiler.source

    def passed(self, error: SoliError, callee: Value) -> None:
        """Note that *error* came out of *callee*, called here."""
        error.locate(self.span, self.source)
        name = getattr(callee, "name", None)
        if callee.__class__ is not NativeFunction and callee.__class__ is not NativeMethod and name:
            error.leave(name, self.source, self.span)


class Arguments:
    """The compiled arguments of a call. `plain` holds them when there are only positional ones."""

    __slots__ = ("block", "duplicate", "named", "positional")

    def __init__(
        self, compiler: Compiler, arguments: tuple[nodes.Argument, ...], block: nodes.Expr | None
    ) -> None:
        self.positional = tuple(compiler.expr(one.value) for one in arguments if one.label is None)
        self.named = tuple(
            (one.label, compiler.expr(one.value), one.span)
            for one in arguments
            if one.label is not None
        )
        self.block = None if block is None else _block_value(compiler, block)
        self.duplicate = _duplicate_label(compiler, arguments)

    @property
    def is_plain(self) -> bool:
        return not self.named and self.block is None

    def evaluate(self, frame: Frame) -> tuple[list[Value], Named, Value]:
        """Positional arguments, named ones and the block, in the order written."""
        if self.duplicate is not None:
            label, span, source = self.duplicate
            raise SoliTypeError(f"duplicate named argument '{label}'", span, source)
        positional = [value(frame) for value in self.positional]
        named = {label: value(frame) for label, value, _ in self.named} if self.named else None
        block = self.block(frame) if self.block is not None else None
        return positional, named, block


def _duplicate_label(
    compiler: Compiler, arguments: tuple[nodes.Argument, ...]
) -> tuple[str, Any, Any] | None:
    seen: set[str] = set()
    for one in arguments:
        if one.label in seen:
            return (str(one.label), one.span, compiler.source)
        if one.label is not None:
            seen.add(one.label)
    return None


def _block_value(compiler: Compiler, block: nodes.Expr) -> Closure:
    """`&blk` passes the function itself, though a bare name would call it."""
    if block.__class__ is nodes.Name:
        return raw_name(compiler, block)
    return compiler.expr(block)


def compile_call(compiler: Compiler, node: nodes.Call) -> Closure:
    callee = node.callee
    if isinstance(callee, nodes.Name):
        special = _reflective(compiler, node, callee)
        return special if special is not None else _name_call(compiler, node, callee)
    if isinstance(callee, nodes.Member):
        return _method_call(compiler, node, callee)
    if isinstance(callee, nodes.SuperMember):
        return compiler.tables.super_method_call(compiler, node, callee)
    return _general_call(compiler, node, compiler.expr(callee))


def _general_call(compiler: Compiler, node: nodes.Call, callee: Closure) -> Closure:
    arguments = Arguments(compiler, node.arguments, node.block)
    site = Site(compiler, node)
    evaluate = arguments.evaluate

    def call(frame: Frame) -> Value:
        function = callee(frame)
        positional, named, block = evaluate(frame)
        try:
            return call_value(function, positional, named, block)
        except SoliError as error:
            site.passed(error, function)
            raise

    return call


def _name_call(compiler: Compiler, node: nodes.Call, callee: nodes.Name) -> Closure:
    variable = compiler.block.find(callee.name)
    if variable is None:
        found = compiler.machine.globals.get(callee.name, UNSET)
        if found.__class__ is NativeFunction:
            return _native_call(compiler, node, found)
        if found is UNSET and callee.name in ("define_method", "alias_method"):
            member = nodes.Member(callee.span, nodes.This(callee.span), callee.name)
            return _method_call(compiler, node, member)
    fetch = raw_name(compiler, callee)
    arguments = Arguments(compiler, node.arguments, node.block)
    if not arguments.is_plain:
        return _general_call(compiler, node, fetch)
    if variable is not None and variable.home is None:
        return _file_function_call(compiler, node, variable.index, fetch, arguments.positional)
    return _function_call(compiler, node, fetch, arguments.positional)


def _native_call(compiler: Compiler, node: nodes.Call, native: NativeFunction) -> Closure:
    """A call of a builtin that nothing shadows: arity is checked once, here."""
    arguments = Arguments(compiler, node.arguments, node.block)
    count = len(arguments.positional) + bool(arguments.named) + (arguments.block is not None)
    if not arguments.is_plain or not native.low <= count <= native.high:
        return _general_call(compiler, node, lambda frame: native)
    span, source, invoke = node.span, compiler.source, native.invoke
    if count == 1:
        only = arguments.positional[0]

        def call_one(frame: Frame) -> Value:
            value = only(frame)
            try:
                return invoke(value)
            except SoliError as error:
                error.locate(span, source)
                raise

        return call_one
    values = arguments.positional

    def call_many(frame: Frame) -> Value:
        given = [value(frame) for value in values]
        try:
            return invoke(*given)
        except SoliError as error:
            error.locate(span, source)
            raise

    return call_many


def _file_function_call(
    compiler: Compiler, node: nodes.Call, index: int, fetch: Closure, values: tuple[Closure, ...]
) -> Closure:
    """A call of a function of the same file: the commonest call there is."""
    slots, site = compiler.scopes.file.slots, Site(compiler, node)
    if len(values) == 1:
        only = values[0]

        def call_one(frame: Frame) -> Value:
            function = slots[index]
            if function.__class__ is not Function or function.arity != 1:
                function = fetch(frame)
                return _slow(site, function, [only(frame)])
            value = only(frame)
            try:
                return function.invoke(value)
            except SoliError as error:
                site.passed(error, function)
                raise

        return call_one
    if len(values) == 2:
        first, second = values

        def call_two(frame: Frame) -> Value:
            function = slots[index]
            if function.__class__ is not Function or function.arity != 2:
                function = fetch(frame)
                return _slow(site, function, [first(frame), second(frame)])
            a = first(frame)
            b = second(frame)
            try:
                return function.invoke(a, b)
            except SoliError as error:
                site.passed(error, function)
                raise

        return call_two
    return _function_call(compiler, node, fetch, values)


def _function_call(
    compiler: Compiler, node: nodes.Call, fetch: Closure, values: tuple[Closure, ...]
) -> Closure:
    site, count = Site(compiler, node), len(values)

    def call(frame: Frame) -> Value:
        function = fetch(frame)
        given = [value(frame) for value in values]
        if function.__class__ is not Function or function.arity != count:
            return _slow(site, function, given)
        try:
            return function.invoke(*given)
        except SoliError as error:
            site.passed(error, function)
            raise

    return call


def _slow(site: Site, function: Value, arguments: list[Value]) -> Value:
    try:
        return call_value(function, arguments, None, None)
    except SoliError as error:
        site.passed(error, function)
        raise


def _method_call(compiler: Compiler, node: nodes.Call, member: nodes.Member) -> Closure:
    target, name = compiler.expr(member.object), member.name
    arguments = Arguments(compiler, node.arguments, node.block)
    if member.is_safe or not (not arguments.named and len(arguments.positional) <= 2):
        return _general_method_call(compiler, node, target, member, arguments)
    values = arguments.positional
    if arguments.block is not None:
        if len(values) >= 2:
            return _general_method_call(compiler, node, target, member, arguments)
        return _block_method_call(compiler, node, target, name, arguments)
    if not values:
        return _method_call_0(compiler, node, target, name)
    if len(values) == 1:
        return _method_call_1(compiler, node, target, name, values[0])
    return _method_call_2(compiler, node, target, name, values)


def _general_method_call(
    compiler: Compiler,
    node: nodes.Call,
    target: Closure,
    member: nodes.Member,
    arguments: Arguments,
) -> Closure:
    machine, name, is_safe = compiler.machine, member.name, member.is_safe
    site, evaluate = MethodSite(compiler, node, name), arguments.evaluate

    def call(frame: Frame) -> Value:
        value = target(frame)
        if value is None and is_safe:
            return None
        positional, named, block = evaluate(frame)
        try:
            return call_member(machine, value, name, positional, named, block)
        except SoliError as error:
            site.passed(error, value)
            raise

    return call


class MethodSite(Site):
    """A method call; its line of a backtrace names the class too."""

    __slots__ = ("name",)

    def __init__(self, compiler: Compiler, node: nodes.Node, name: str) -> None:
        super().__init__(compiler, node)
        self.name = name

    def passed(self, error: SoliError, receiver: Value) -> None:
        error.locate(self.span, self.source)
        if isinstance(receiver, Instance) and receiver.soli_class.find_method(self.name):
            error.leave(f"{receiver.soli_class.name}#{self.name}", self.source, self.span)
        elif receiver.__class__ is SoliClass:
            error.leave(f"{receiver.name}.{self.name}", self.source, self.span)


def _method_call_0(compiler: Compiler, node: nodes.Call, target: Closure, name: str) -> Closure:
    machine, table = compiler.machine, compiler.machine.methods_named(name)
    site = MethodSite(compiler, node, name)

    def call(frame: Frame) -> Value:
        value = target(frame)
        try:
            if value.__class__ is Instance:
                method = value.soli_class.methods.get(name)
                if method is not None and method.arity == 0 and name not in value.fields:
                    return method.invoke(value)
            else:
                method = table.get(value.__class__)
                if method.__class__ is NativeMethod and method.low == 0:
                    return method.invoke(value)
            return call_member(machine, value, name, [], None, None)
        except SoliError as error:
            site.passed(error, value)
            raise

    return call


def _method_call_1(
    compiler: Compiler, node: nodes.Call, target: Closure, name: str, only: Closure
) -> Closure:
    machine, table = compiler.machine, compiler.machine.methods_named(name)
    site = MethodSite(compiler, node, name)

    def call(frame: Frame) -> Value:
        value = target(frame)
        a = only(frame)
        try:
            if value.__class__ is Instance:
                method = value.soli_class.methods.get(name)
                if method is not None and method.arity == 1 and name not in value.fields:
                    return method.invoke(value, a)
            else:
                method = table.get(value.__class__)
                if method.__class__ is NativeMethod and method.low <= 1 <= method.high:
                    return method.invoke(value, a)
            return call_member(machine, value, name, [a], None, None)
        except SoliError as error:
            site.passed(error, value)
            raise

    return call


def _method_call_2(
    compiler: Compiler, node: nodes.Call, target: Closure, name: str, values: tuple[Closure, ...]
) -> Closure:
    machine, table = compiler.machine, compiler.machine.methods_named(name)
    site = MethodSite(compiler, node, name)
    first, second = values

    def call(frame: Frame) -> Value:
        value = target(frame)
        a = first(frame)
        b = second(frame)
        try:
            if value.__class__ is not Instance:
                method = table.get(value.__class__)
                if method.__class__ is NativeMethod and method.low <= 2 <= method.high:
                    return method.invoke(value, a, b)
            return call_member(machine, value, name, [a, b], None, None)
        except SoliError as error:
            site.passed(error, value)
            raise

    return call


def _block_method_call(
    compiler: Compiler, node: nodes.Call, target: Closure, name: str, arguments: Arguments
) -> Closure:
    """`xs.map do |x| … end`, also with one argument before the block."""
    machine, table = compiler.machine, compiler.machine.methods_named(name)
    site, values, make_block = (
        MethodSite(compiler, node, name),
        arguments.positional,
        arguments.block,
    )
    assert make_block is not None
    count = len(values) + 1

    def call(frame: Frame) -> Value:
        value = target(frame)
        given = [argument(frame) for argument in values]
        block = make_block(frame)
        try:
            method = table.get(value.__class__)
            if method.__class__ is NativeMethod and method.low <= count <= method.high:
                return method.invoke(value, *given, block)
            return call_member(machine, value, name, given, None, block)
        except SoliError as error:
            site.passed(error, value)
            raise

    return call


def compile_member(compiler: Compiler, node: nodes.Member) -> Closure:
    """`x.name`, `x&.name`"""
    target, name, is_safe = compiler.expr(node.object), node.name, node.is_safe
    machine, table = compiler.machine, compiler.machine.methods_named(name)
    site = MethodSite(compiler, node, name)

    def read(frame: Frame) -> Value:
        value = target(frame)
        try:
            if value.__class__ is Instance:
                if name in value.fields and name not in _UNIVERSAL_NAMES:
                    return value.fields[name]
            elif value.__class__ is dict:
                if value.__class__ not in table:
                    return value.get(name)
            elif value is None and is_safe:
                return None
            else:
                method = table.get(value.__class__)
                if method.__class__ is NativeMethod and method.bare:
                    return method.invoke(value)
            return get_member(machine, value, name)
        except SoliError as error:
            site.passed(error, value)
            raise

    return read


_UNIVERSAL_NAMES = frozenset(
    [
        "inspect",
        "class",
        "nil?",
        "blank?",
        "present?",
        "is_a?",
        "respond_to?",
        "send",
        "instance_variables",
        "methods",
        "instance_variable_get",
        "instance_variable_set",
        "define_method",
        "alias_method",
        "instance_eval",
    ]
)


def _scoped_name(compiler: Compiler, node: nodes.ScopedName) -> Closure:
    """`A::B`: a nested class, module or static field."""
    target = _class_reference(compiler, node.object)
    name, span, source = node.name, node.span, compiler.source

    def read(frame: Frame) -> Value:
        value = target(frame)
        if value.__class__ is SoliClass:
            found = value.find_static(name, UNSET)
            if found is not UNSET:
                return found
        raise compiler.failure(no_member(name, value), span) from None

    _ = source
    return read


def _class_reference(compiler: Compiler, node: nodes.Expr) -> Closure:
    return raw_name(compiler, node) if isinstance(node, nodes.Name) else compiler.expr(node)


def _new(compiler: Compiler, node: nodes.New) -> Closure:
    target = _class_reference(compiler, node.target)
    arguments, site = Arguments(compiler, node.arguments, None), Site(compiler, node)
    evaluate = arguments.evaluate

    def new(frame: Frame) -> Value:
        klass = target(frame)
        positional, named, _ = evaluate(frame)
        try:
            if klass.__class__ is not SoliClass:
                raise SoliTypeError(f"expected class name, got {type_name(klass)}")
            if klass.is_module:
                raise SoliTypeError(f"cannot instantiate module {klass.name}")
            return klass.soli_call(positional, named, None)
        except SoliError as error:
            error.locate(site.span, site.source)
            if klass.__class__ is SoliClass and klass.constructor is not None:
                error.leave(f"{klass.name}.new", site.source, site.span)
            raise

    return new


def _reflective(compiler: Compiler, node: nodes.Call, callee: nodes.Name) -> Closure | None:
    """`defined(name)` and `const_get(name)`: they see the variables visible where they stand."""
    if callee.name not in ("defined", "const_get") or compiler.block.find(callee.name) is not None:
        return None
    block, machine, is_test = compiler.block, compiler.machine, callee.name == "defined"
    arguments, span, source = Arguments(compiler, node.arguments, None), node.span, compiler.source
    readers: dict[str, Closure] = {}
    for name in set(block.visible_names()):
        readers[name] = raw_name(compiler, nodes.Name(node.span, name))
    file = compiler.scopes.file

    def look_up(frame: Frame) -> Value:
        given, _, _ = arguments.evaluate(frame)
        if len(given) != 1:
            raise compiler.failure(arity_error(1, len(given)), span)
        name = given[0]
        if name.__class__ is not str:
            raise SoliPlainTypeError(
                f"{callee.name}() expects a string, got {type_name(name)}", span, source
            )
        value = machine.globals.get(name, UNSET)
        reader = readers.get(name)
        if reader is not None or name in file.names:
            try:
                value = reader(frame) if reader is not None else file.get(name)
            except SoliError:
                value = UNSET
        if is_test:
            return value is not UNSET
        return None if value is UNSET else value

    return look_up
