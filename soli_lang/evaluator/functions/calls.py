"""Call sites: the closures that evaluate arguments, call, and say where an error came through."""

from __future__ import annotations

from typing import Any

from ...base.errors import SoliError, SoliPlainTypeError, SoliTypeError
from ...machine.machine import arity_error
from ...native.native import NativeFunction
from ...tree import nodes
from ...values.kinds import type_name
from ...values.objects import SoliClass
from ...values.values import UNSET, Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from ..expressions.accesses import written_out
from ..expressions.members import UNIVERSAL, Named, call_member, call_value, no_member
from ..expressions.names import raw_name
from ..written_out.inline import Inliner
from .sites import MethodSite, Site


def install(tables: Tables) -> None:
    expressions = tables.expressions
    tables.call_lines = _call_lines
    register(expressions, nodes.Call)(compile_call)
    register(expressions, nodes.ScopedName)(_scoped_name)
    register(expressions, nodes.New)(_new)


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
    if node.block is not None or any(one.label for one in node.arguments):
        return _general_call(compiler, node, fetch)
    if variable is not None and variable.home is None:
        return _function_call(compiler, node, fetch, f"slots[{variable.index}]")
    return _function_call(compiler, node, fetch, "")


def _native_call(compiler: Compiler, node: nodes.Call, native: NativeFunction) -> Closure:
    """A call of a builtin that nothing shadows: arity is checked once, here."""
    count = len(node.arguments) + (node.block is not None)
    has_labels = any(one.label for one in node.arguments)
    if has_labels or node.block is not None or not native.low <= count <= native.high:
        return _general_call(compiler, node, lambda frame: native)
    inliner = Inliner(compiler)
    names, lines = _argument_lines(inliner, node.arguments)
    site, invoke = inliner.bind(Site(compiler, node)), inliner.bind(native.invoke)
    return inliner.make(
        *lines,
        "try:",
        f"    return {invoke}({names})",
        "except SoliError as error:",
        f"    error.locate({site}.span, {site}.source)",
        "    raise",
    )


def _argument_lines(
    inliner: Inliner, arguments: tuple[nodes.Argument, ...]
) -> tuple[str, list[str]]:
    """Names of the argument values, and the lines that compute them."""
    names = [f"a{index}" for index in range(len(arguments))]
    lines = [
        f"{name} = {inliner.value(one.value)}" for name, one in zip(names, arguments, strict=True)
    ]
    return ", ".join(names), lines


def _function_call(compiler: Compiler, node: nodes.Call, fetch: Closure, place: str) -> Closure:
    """A call with positional arguments. *place* is Python text of where the callee is found."""
    inliner = Inliner(compiler)
    slots = compiler.scopes.file.slots
    slow, get, site = inliner.bind(_slow), inliner.bind(fetch), inliner.bind(Site(compiler, node))
    if place.startswith("slots"):
        inliner.bindings["slots"] = slots
    names, lines = _argument_lines(inliner, node.arguments)
    return inliner.make(
        f"function = {place or f'{get}(frame)'}",
        *([f"if function is UNSET: function = {get}(frame)"] if place else []),
        *lines,
        f"if function.__class__ is Function and function.arity == {len(node.arguments)}:",
        "    try:",
        f"        return function.invoke({names})",
        "    except SoliError as error:",
        f"        {site}.passed(error, function)",
        "        raise",
        f"return {slow}({site}, function, [{names}])",
    )


def _slow(site: Site, function: Value, arguments: list[Value]) -> Value:
    try:
        if function.__class__ is SoliClass and function.construct is not None:
            return function.construct(function, arguments, None)
        return call_value(function, arguments, None, None)
    except SoliError as error:
        site.passed(error, function)
        raise


def _call_lines(compiler: Compiler, inliner: Inliner, node: nodes.Call) -> list[str] | None:
    """The lines of a method call whose value nobody wants."""
    if not isinstance(node.callee, nodes.Member) or not _is_plain(node, node.callee):
        return None
    return _method_lines(compiler, inliner, node, node.callee, "")


def _is_plain(node: nodes.Call, member: nodes.Member) -> bool:
    has_labels = any(one.label for one in node.arguments)
    count = len(node.arguments) + (node.block is not None)
    return not member.is_safe and not has_labels and count <= 4


def _method_call(compiler: Compiler, node: nodes.Call, member: nodes.Member) -> Closure:
    if not _is_plain(node, member):
        arguments = Arguments(compiler, node.arguments, node.block)
        target = compiler.expr(member.object)
        return _general_method_call(compiler, node, target, member, arguments)
    return _plain_method_call(compiler, node, member)


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


def _plain_method_call(compiler: Compiler, node: nodes.Call, member: nodes.Member) -> Closure:
    """`x.name(a, b)`, `x.name do … end`: finds methods of builtin types and of instances."""
    inliner = Inliner(compiler)
    return inliner.make(*_method_lines(compiler, inliner, node, member, "return "))


def _method_lines(
    compiler: Compiler, inliner: Inliner, node: nodes.Call, member: nodes.Member, leave: str
) -> list[str]:
    """The lines of such a call; *leave* stands before its value."""
    name, count = member.name, len(node.arguments)
    target = inliner.value(member.object)
    names, lines = _argument_lines(inliner, node.arguments)
    listed, block = names, "None"
    if node.block is not None:
        make_block = inliner.bind(_block_value(compiler, node.block))
        lines.append(f"block = {make_block}(frame)")
        names, block, count = f"{names}, block" if names else "block", "block", count + 1
    given = f", {names}" if names else ""
    site = inliner.bind(MethodSite(compiler, node, name))
    calls = inliner.bind(compiler.machine.methods_named(name).taking(count))
    machine = inliner.bind(compiler.machine)
    key = inliner.bind(name, "k")
    of_instance = [] if node.block is not None or name in UNIVERSAL else [
        f"    elif value.__class__ is Instance and (method := found[{key}] if {key} in "
        f"(found := value.soli_class.found) else value.soli_class.find_method({key})) is not None "
        f"and method.arity == {count} and {key} not in value.fields:",
        f"        {leave}method.invoke(value{given})",
    ]  # fmt: skip
    operands = ["value", *filter(None, names.split(", "))]
    choices = [
        *written_out(inliner, name, operands),
        (f"(invoke := {calls}.get(value.__class__)) is not None", f"invoke(value{given})"),
    ]
    return [
        f"value = {target}",
        *lines,
        "try:",
        *[
            f"    {'el' if index else ''}if {condition}: {leave}{result}"
            for index, (condition, result) in enumerate(choices)
        ],
        *of_instance,
        f"    else: {leave}call_member({machine}, value, {key}, [{listed}], None, {block})",
        "except SoliError as error:",
        f"    {site}.passed(error, value)",
        "    raise",
    ]


def _scoped_name(compiler: Compiler, node: nodes.ScopedName) -> Closure:
    """`A::B`: a nested class, module or static field."""
    target = _class_reference(compiler, node.object)
    name, span = node.name, node.span

    def read(frame: Frame) -> Value:
        value = target(frame)
        if value.__class__ is SoliClass:
            found = value.find_static(name, UNSET)
            if found is not UNSET:
                return found
        raise compiler.failure(no_member(name, value), span) from None

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
