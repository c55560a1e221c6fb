"""Call sites: the closures that evaluate arguments, call, and say where an error came through."""

from __future__ import annotations

from typing import Any

from .. import nodes
from ..errors import SoliError, SoliPlainTypeError, SoliTypeError
from ..machine import arity_error
from ..native import NativeFunction, NativeMethod
from ..objects import Instance, SoliClass
from ..semantics import to_key, type_name
from ..values import UNSET, Function, Value
from .compiler import Closure, Compiler, Frame, Tables, register
from .members import Named, call_member, call_value, get_member, no_member
from .names import assign_variable, raw_name, store
from .operators import OPERATIONS, slow_path
from .scopes import CLASS, THIS


def install(tables: Tables) -> None:
    expressions = tables.expressions
    register(expressions, nodes.Call)(compile_call)
    register(expressions, nodes.Member)(compile_member)
    register(expressions, nodes.ScopedName)(_scoped_name)
    register(expressions, nodes.New)(_new)
    register(expressions, nodes.Pipeline)(_pipeline)
    register(expressions, nodes.SuperCall)(_super_call)
    register(expressions, nodes.SuperMember)(_super_member)
    register(expressions, nodes.Assign)(_assign)
    register(expressions, nodes.CompoundAssign)(_compound_assign)
    register(expressions, nodes.Increment)(_increment)


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


# --- arguments -------------------------------------------------------------------------------------------


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


# --- calls -----------------------------------------------------------------------------------------------


def compile_call(compiler: Compiler, node: nodes.Call) -> Closure:
    callee = node.callee
    if isinstance(callee, nodes.Name):
        special = _reflective(compiler, node, callee)
        return special if special is not None else _name_call(compiler, node, callee)
    if isinstance(callee, nodes.Member):
        return _method_call(compiler, node, callee)
    if isinstance(callee, nodes.SuperMember):
        return _super_method_call(compiler, node, callee)
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


# --- methods -----------------------------------------------------------------------------------------------


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
    ["inspect", "class", "nil?", "blank?", "present?", "is_a?", "respond_to?", "send", "instance_variables", "methods", "instance_variable_get", "instance_variable_set", "define_method", "alias_method", "instance_eval"]
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


# --- reflection that needs the place it is written at -------------------------------------------------------


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


# --- pipelines ---------------------------------------------------------------------------------------------

_ARRAY_STAGES = frozenset({"map", "filter", "each"})


def _pipeline(compiler: Compiler, node: nodes.Pipeline) -> Closure:
    """`x |> f(a)` is `f(x, a)` (spec/language.md §4.11)."""
    value, stage = compiler.expr(node.value), node.stage
    machine, site = compiler.machine, Site(compiler, node)
    extra: tuple[Closure, ...] = ()
    callee_node: Any = stage
    if isinstance(stage, nodes.Call):
        callee_node = stage.callee
        arguments = Arguments(compiler, stage.arguments, stage.block)
        _check_stage(compiler, node, arguments)
        extra = arguments.positional
    array_method = _array_stage(compiler, callee_node)
    callee = (lambda frame: None) if array_method else _callee(compiler, callee_node)

    def pipe(frame: Frame) -> Value:
        first = value(frame)
        function = callee(frame)
        rest = [argument(frame) for argument in extra]
        try:
            if array_method:
                if first.__class__ is not list:
                    raise SoliTypeError(f"{array_method}() expects array, got {type_name(first)}")
                return call_member(machine, first, array_method, rest, None, None)
            if function.__class__ is not Function and not hasattr(function, "soli_call"):
                raise SoliTypeError(
                    "right side of pipeline must be a function call or a function value"
                )
            return call_value(function, [first, *rest], None, None)
        except SoliError as error:
            site.passed(error, function)
            raise

    return pipe


def _check_stage(compiler: Compiler, node: nodes.Pipeline, arguments: Arguments) -> None:
    kind = "named" if arguments.named else "block" if arguments.block is not None else ""
    if kind:
        raise SoliTypeError(
            f"pipeline method does not support {kind} arguments", node.span, compiler.source
        )


def _array_stage(compiler: Compiler, callee: Any) -> str:
    if not isinstance(callee, nodes.Name) or callee.name not in _ARRAY_STAGES:
        return ""
    return "" if compiler.block.find(callee.name) is not None else callee.name


def _callee(compiler: Compiler, node: Any) -> Closure:
    """A callee read without being called."""
    if isinstance(node, nodes.Name):
        return raw_name(compiler, node)
    if isinstance(node, nodes.Member):
        target, name, machine = compiler.expr(node.object), node.name, compiler.machine

        def bound(frame: Frame) -> Value:
            value = target(frame)
            return NativeFunction(
                name,
                0,
                10**9,
                lambda *given: call_member(machine, value, name, list(given), None, None),
            )

        return bound
    return compiler.expr(node)


# --- super -------------------------------------------------------------------------------------------------


def _super_parts(compiler: Compiler, node: nodes.Node) -> tuple[Closure, Closure]:
    """Closures for `this` and for the class in which the method was written."""
    this = compiler.expr(nodes.This(node.span))
    owner_variable = compiler.block.find(CLASS)
    span, source = node.span, compiler.source
    if owner_variable is None or compiler.block.find(THIS) is None:

        def outside(frame: Frame) -> Value:
            raise SoliTypeError("'super' outside of class", span, source)

        return outside, outside
    from .names import read_variable

    return this, read_variable(compiler, owner_variable)


def _superclass(owner: SoliClass) -> SoliClass:
    if owner.superclass is None:
        raise SoliTypeError("class has no superclass")
    return owner.superclass


def _super_call(compiler: Compiler, node: nodes.SuperCall) -> Closure:
    """`super(args)`: the superclass's own constructor on `this`; yields null."""
    this, owner = _super_parts(compiler, node)
    arguments, site = Arguments(compiler, node.arguments, None), Site(compiler, node)

    def call(frame: Frame) -> Value:
        klass, receiver = owner(frame), this(frame)
        positional, named, _ = arguments.evaluate(frame)
        try:
            above = _superclass(klass)
            constructor = above.constructor
            if constructor is not None:
                constructor.call(receiver, positional, named, None)
            elif above.instantiate is not None:  # a native class: take over its fields
                receiver.fields.update(above.instantiate(above, positional, named).fields)
        except SoliError as error:
            site.passed(error, constructor if "constructor" in locals() else None)
            raise
        return None

    return call


def _super_method_call(compiler: Compiler, node: nodes.Call, callee: nodes.SuperMember) -> Closure:
    this, owner = _super_parts(compiler, callee)
    arguments, name = Arguments(compiler, node.arguments, node.block), callee.name
    site = MethodSite(compiler, node, name)

    def call(frame: Frame) -> Value:
        klass, receiver = owner(frame), this(frame)
        positional, named, block = arguments.evaluate(frame)
        try:
            method = _above(klass, receiver, name)
            if method is None:
                raise no_member(name, receiver)
            return method.call(receiver, positional, named, block)
        except SoliError as error:
            site.passed(error, receiver)
            raise

    return call


def _above(klass: SoliClass, receiver: Value, name: str) -> Any:
    above = _superclass(klass)
    return above.find_static(name) if receiver.__class__ is SoliClass else above.find_method(name)


def _super_member(compiler: Compiler, node: nodes.SuperMember) -> Closure:
    """`super.f`: a method above without parentheses, else a field of `this`."""
    this, owner = _super_parts(compiler, node)
    name, site = node.name, Site(compiler, node)

    def read(frame: Frame) -> Value:
        klass, receiver = owner(frame), this(frame)
        try:
            method = _above(klass, receiver, name)
            if method is not None:
                if method.auto:
                    return method.call(receiver, [], None, None)
                return method.bind(receiver)
            if isinstance(receiver, Instance) and name in receiver.fields:
                return receiver.fields[name]
            raise no_member(name, receiver)
        except SoliError as error:
            error.locate(site.span, site.source)
            raise

    return read


# --- assignment --------------------------------------------------------------------------------------------


def _assign(compiler: Compiler, node: nodes.Assign) -> Closure:
    """Evaluates the right side first, then the target's object, then its index (spec §4.1)."""
    value, target = compiler.expr(node.value), node.target
    if isinstance(target, nodes.Name):
        variable = compiler.block.find(target.name) or compiler.block.function.declare(target.name)
        return assign_variable(compiler, variable, value, target)
    if isinstance(target, nodes.Index):
        return _assign_index(compiler, target, value)
    if isinstance(target, nodes.Member):
        return _assign_member(compiler, target, value)
    raise SoliTypeError("invalid assignment target", node.span, compiler.source)


def _assign_index(compiler: Compiler, target: nodes.Index, value: Closure) -> Closure:
    container, index = compiler.expr(target.object), compiler.expr(target.index)
    machine, span, source = compiler.machine, target.span, compiler.source

    def assign(frame: Frame) -> Value:
        result = value(frame)
        collection = container(frame)
        at = index(frame)
        if collection.__class__ is dict and at.__class__ is str:
            collection[at] = result
            return result
        try:
            set_index(machine, collection, at, result)
        except SoliError as error:
            error.locate(span, source)
            raise
        return result

    return assign


def set_index(machine: Any, collection: Value, index: Value, value: Value) -> None:
    """`collection[index] = value` (spec/language.md §3.7-3.9)."""
    from ..errors import SoliIndexError

    if collection.__class__ is dict:
        machine.check_length(8 * (len(collection) + 1))
        collection[to_key(index)] = value
        return
    if collection.__class__ is list:
        if index.__class__ is not int:
            raise SoliTypeError(f"cannot index array with {type_name(index)}")
        if not -len(collection) <= index < len(collection):
            raise SoliIndexError(f"Index out of bounds: {index} (length {len(collection)})")
        collection[index] = value
        return
    raise SoliTypeError("invalid assignment target")


def _assign_member(compiler: Compiler, target: nodes.Member, value: Closure) -> Closure:
    owner, name = compiler.expr(target.object), target.name
    span, source = target.span, compiler.source

    def assign(frame: Frame) -> Value:
        result = value(frame)
        receiver = owner(frame)
        if receiver.__class__ is Instance and not receiver.soli_class.constants:
            receiver.fields[name] = result
            return result
        try:
            set_member(receiver, name, result)
        except SoliError as error:
            error.locate(span, source)
            raise
        return result

    return assign


def set_member(receiver: Value, name: str, value: Value) -> None:
    """`receiver.name = value` (spec/language.md §4.6)."""
    if isinstance(receiver, Instance):
        if receiver.soli_class.is_const(name) and name in receiver.fields:
            raise SoliTypeError(f"cannot reassign const field '{name}'")
        receiver.fields[name] = value
    elif receiver.__class__ is dict:
        receiver[name] = value
    elif receiver.__class__ is SoliClass:
        if receiver.is_const("." + name) and name in receiver.statics:
            raise SoliTypeError(f"cannot reassign static const field '{name}'")
        if receiver.is_enum and name in receiver.variants:
            raise SoliTypeError(f"cannot reassign enum variant '{name}'")
        receiver.statics[name] = value
    else:
        raise SoliTypeError(f"cannot set property on {type_name(receiver)}")


def _compound_assign(compiler: Compiler, node: nodes.CompoundAssign) -> Closure:
    """`t op= v` reads the target, then writes it (spec §4.1); `||=` and its like only if needed."""
    target = node.target
    if node.operator in ("||", "&&", "??"):
        read: Any = target
        if isinstance(target, nodes.Name) and compiler.block.find(target.name) is None:
            compiler.block.function.declare(target.name)
        if isinstance(target, nodes.Name) and node.operator != "&&":
            return _default_assign(compiler, node, target)
        write = nodes.Assign(node.span, target, node.value)
        return compiler.expr(nodes.Logical(node.span, node.operator, read, write))
    return compiler.expr(
        nodes.Assign(node.span, target, nodes.Binary(node.span, node.operator, target, node.value))
    )


def _default_assign(compiler: Compiler, node: nodes.CompoundAssign, target: nodes.Name) -> Closure:
    """`x ||= v` and `x ??= v`, also for an `x` that has no value yet."""
    from ..semantics import is_truthy
    from .names import read_variable

    variable = compiler.block.find(target.name)
    assert variable is not None
    raw, is_or = read_variable(compiler, variable), node.operator == "||"
    assign = compiler.expr(nodes.Assign(node.span, target, node.value))

    def default(frame: Frame) -> Value:
        value = raw(frame)
        if value is UNSET or value is None or (is_or and not is_truthy(value)):
            return assign(frame)
        return value

    return default


def _increment(compiler: Compiler, node: nodes.Increment) -> Closure:
    """`x++` yields the old value."""
    target, step = node.target, node.step
    operation = slow_path(compiler, OPERATIONS["+" if step > 0 else "-"], node)
    read = compiler.expr(target)
    if isinstance(target, nodes.Name):
        variable = compiler.block.find(target.name)
        if variable is not None and not variable.is_const:
            put = store(compiler, variable)

            def increment(frame: Frame) -> Value:
                old = read(frame)
                if old.__class__ is int and -(2**62) < old < 2**62:
                    put(frame, old + step)
                else:
                    put(frame, operation(old, 1))
                return old

            return increment
    write = compiler.expr(
        nodes.Assign(
            node.span,
            target,
            nodes.Binary(node.span, "+" if step > 0 else "-", target, nodes.Literal(node.span, 1)),
        )
    )

    def increment_target(frame: Frame) -> Value:
        old = read(frame)
        write(frame)
        return old

    return increment_target


__all__ = ["install"]
