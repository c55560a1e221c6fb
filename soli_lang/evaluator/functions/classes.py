"""Classes, modules and enums (spec/language.md §8, decision 12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...base.errors import SoliError, SoliTypeError, SoliValueError
from ...machine.machine import arity_error
from ...tree import nodes
from ...values.kinds import type_name
from ...values.objects import EnumValue, ErrorValue, Instance, SoliClass
from ...values.values import UNSET, FunctionCode, Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from ..expressions.names import raw_name, store
from ..scopes import CLASS, Block
from .functions import compile_function
from .methods import Method


def install(tables: Tables) -> None:
    register(tables.expressions, nodes.ClassDecl)(compile_class)
    register(tables.expressions, nodes.EnumDecl)(compile_enum)


Step = Callable[[Frame, SoliClass], None]
"""Something done to a class when its declaration is executed, in the class's frame."""


def compile_class(compiler: Compiler, node: nodes.ClassDecl) -> Closure:
    """Executing the declaration makes a new class and binds its name (spec §8.1)."""
    put = store(compiler, compiler.block.declare(node.name))
    superclass = None if node.superclass is None else _class_named(compiler, node, node.superclass)
    build = _class_builder(compiler, node)
    machine = compiler.machine

    def declare(frame: Frame) -> None:
        above = None if superclass is None else superclass(frame)
        klass = SoliClass(node.name, above, is_module=node.is_module)
        klass.construct = construct
        put(frame, klass)
        build(frame, klass)
        machine.on_class(klass)

    return declare


def _class_named(compiler: Compiler, node: nodes.Node, name: str) -> Closure:
    find = raw_name(compiler, nodes.Name(node.span, name))
    span, source = node.span, compiler.source

    def class_value(frame: Frame) -> Value:
        value = find(frame)
        if value.__class__ is not SoliClass:
            raise SoliTypeError(f"Cannot instantiate '{name}'", span, source)
        return value

    return class_value


def _class_builder(compiler: Compiler, node: nodes.ClassDecl) -> Step:
    block = Block(compiler.block, file=compiler.scopes.file, is_function=True)
    block.declare(CLASS)
    for member in node.members:  # nested classes are variables of the class body
        if isinstance(member, nodes.ClassDecl):
            block.declare(member.name)
    steps = compiler.within(block, lambda: _member_steps(compiler, node))

    def build(frame: Frame, klass: SoliClass) -> None:
        inner = [frame, klass] + [UNSET] * (block.size - 2)
        for step in steps:
            step(inner, klass)

    return build


def _member_steps(compiler: Compiler, node: nodes.ClassDecl) -> list[Step]:
    """In the order in which they happen, not the order in which they are written (spec §8.1)."""
    methods: list[Step] = []
    fields: list[Step] = []
    mixins: list[Step] = []
    blocks: list[Step] = []
    nested: list[Step] = []
    calls: list[Step] = []
    for member in node.members:
        if isinstance(member, nodes.MethodDecl):
            methods.append(_method_step(compiler, member))
        elif isinstance(member, nodes.FieldDecl):
            fields.append(_field_step(compiler, member))
        elif isinstance(member, nodes.Mixin):
            mixins.append(_mixin_step(compiler, member))
        elif isinstance(member, nodes.StaticBlock):
            blocks.append(_run_step(compiler, "static", member.body))
        elif isinstance(member, nodes.HookBlock):
            methods.append(_hook_step(compiler, member))
        elif isinstance(member, nodes.ClassMethods):
            methods.extend(_class_method_step(compiler, one) for one in member.methods)
        elif isinstance(member, nodes.ClassDecl):
            nested.append(_nested_step(compiler, member))
        elif isinstance(member, nodes.MacroCall):
            calls.append(_run_step(compiler, member.name, member))
    return [*methods, _announce_to_superclass, *fields, *mixins, *blocks, *nested, *calls]


def _announce_to_superclass(frame: Frame, klass: SoliClass) -> None:
    if klass.superclass is not None:
        inherited = klass.superclass.find_static("inherited")
        if inherited.__class__ is Method:
            inherited.call(klass.superclass, [klass], None, None)


def _method_step(compiler: Compiler, member: nodes.MethodDecl) -> Step:
    name, is_static = member.function.name, member.is_static
    code = compile_function(compiler, member.function, is_method=True, has_this=not is_static)
    if member.is_constructor:

        def set_constructor(frame: Frame, klass: SoliClass) -> None:
            klass.constructor = Method(code, frame, klass)

        return set_constructor

    def add(frame: Frame, klass: SoliClass) -> None:
        method = Method(code, frame, klass)
        if is_static:
            klass.statics[name] = method
        else:
            klass.add_method(name, method)

    return add


def _class_method_step(compiler: Compiler, member: nodes.MethodDecl) -> Step:
    """A method of `class_methods do`: static on the module and on everything that includes it."""
    code = compile_function(compiler, member.function, is_method=True)
    name = member.function.name

    def add(frame: Frame, klass: SoliClass) -> None:
        method = Method(code, frame, klass)
        klass.statics[name] = method
        klass.class_hooks.append(("class_method", method))

    return add


def _synthetic(compiler: Compiler, name: str, body: nodes.Body) -> FunctionCode:
    """A piece of a class body (an initialiser, a static block) as a method."""
    return compile_function(
        compiler, nodes.FunctionNode(body.span, name, (), None, body), is_method=True
    )


def _field_step(compiler: Compiler, member: nodes.FieldDecl) -> Step:
    code = None
    if member.value is not None:
        body = nodes.Body(member.value.span, (member.value,))
        code = _synthetic(compiler, f"field {member.name}", body)
    name, is_static, is_const = member.name, member.is_static, member.is_const

    def add(frame: Frame, klass: SoliClass) -> None:
        initial = None if code is None else Method(code, frame, klass)
        if is_const:
            klass.constants.add("." + name if is_static else name)
            klass.has_constants = True
        if is_static:
            klass.statics[name] = None if initial is None else initial.call(klass, [], None, None)
        else:
            klass.fields.append((name, initial))  # type: ignore[arg-type]

    return add


def _run_step(compiler: Compiler, name: str, piece: nodes.Body | nodes.Expr) -> Step:
    """A static block or a call, run when the class is made, with `this` = the class."""
    body = piece if isinstance(piece, nodes.Body) else nodes.Body(piece.span, (piece,))
    code = _synthetic(compiler, name, body)

    def run(frame: Frame, klass: SoliClass) -> None:
        Method(code, frame, klass).call(klass, [], None, None)

    return run


def _nested_step(compiler: Compiler, member: nodes.ClassDecl) -> Step:
    declare = compile_class(compiler, member)
    find = raw_name(compiler, nodes.Name(member.span, member.name))

    def add(frame: Frame, klass: SoliClass) -> None:
        declare(frame)
        klass.statics[member.name] = find(frame)

    return add


# --- mixins ---


def _mixin_step(compiler: Compiler, member: nodes.Mixin) -> Step:
    found = [(name, raw_name(compiler, nodes.Name(member.span, name))) for name in member.names]
    span, source, kind = member.span, compiler.source, member.kind
    apply = include if kind == "include" else extend

    def mix(frame: Frame, klass: SoliClass) -> None:
        for name, find in found:
            module = find(frame)
            if module.__class__ is not SoliClass or not module.is_module:
                what = f"class {name}" if module.__class__ is SoliClass else type_name(module)
                raise SoliTypeError(f"can only {kind} a module (got {what})", span, source)
            try:
                apply(klass, module)
            except SoliError as error:
                error.locate(span, source)
                raise

    return mix


def include(klass: SoliClass, module: SoliClass) -> None:
    """Copy *module*'s methods into *klass*; what is there already wins (spec §8.10)."""
    if module in klass.mixins:
        return
    klass.mixins.append(module)
    for name, method in module.methods.items():
        if name not in klass.methods:
            klass.add_method(name, method)
    for kind, hook in module.class_hooks:
        if kind == "class_method":
            klass.statics.setdefault(hook.name, hook)
        if kind == "class_method" and klass.is_module:
            klass.class_hooks.append((kind, hook))
    for further in module.mixins:
        include(klass, further)
    _run_hooks("included", klass, module)


def extend(klass: SoliClass, module: SoliClass) -> None:
    """Copy *module*'s methods as static methods of *klass*."""
    for name, method in module.methods.items():
        klass.statics.setdefault(name, method)
    for further in module.mixins:
        extend(klass, further)
    _run_hooks("extended", klass, module)


def _run_hooks(kind: str, klass: SoliClass, module: SoliClass) -> None:
    for hook_kind, hook in module.class_hooks:
        if hook_kind == kind:
            hook.call(klass, [], None, None)
    static = module.statics.get(kind)
    if static.__class__ is Method:
        static.call(module, [klass], None, None)


def _hook_step(compiler: Compiler, member: nodes.HookBlock) -> Step:
    """`included do … end`: call statements get the host class as their first argument."""
    statements = tuple(_for_host(compiler, statement) for statement in member.body.statements)
    code = _synthetic(compiler, member.kind, nodes.Body(member.body.span, statements))
    kind = member.kind

    def add(frame: Frame, klass: SoliClass) -> None:
        klass.class_hooks.append((kind, Method(code, frame, klass)))

    return add


def _for_host(compiler: Compiler, statement: Any) -> Any:
    """A statement of a hook as it is run: a call is of a known function, or of the host class."""
    name = statement.callee if isinstance(statement, nodes.Call) else statement
    if not isinstance(name, nodes.Name):
        return statement
    if compiler.block.find(name.name) is None and name.name not in compiler.machine.globals:
        return nodes.MacroCall(statement.span, statement)
    if statement is name:
        return statement
    host = nodes.Argument(statement.span, nodes.This(statement.span))
    return nodes.Call(
        statement.span, statement.callee, (host, *statement.arguments), statement.block
    )


# --- instances ---


def construct(klass: SoliClass, arguments: list[Value], named: dict[str, Value] | None) -> Instance:
    """`new C(arguments)`: declared fields, superclass first, then the constructor (spec §8.2)."""
    if klass.is_module or klass.is_enum:
        raise SoliTypeError(f"cannot instantiate module {klass.name}")
    instance = ErrorValue(klass) if klass.instantiate is not None else Instance(klass)
    fields = instance.fields
    for ancestor in reversed(klass.ancestors):
        for name, initial in ancestor.fields:
            fields[name] = None if initial is None else initial.invoke(instance)  # type: ignore[attr-defined]
    constructor = klass.constructor
    if constructor is None:
        _fill_without_constructor(klass, instance, arguments, named)
    elif not named and constructor.arity == len(arguments):
        constructor.invoke(instance, *arguments)
    else:
        constructor.call(instance, arguments, named, None)
    return instance


def _fill_without_constructor(
    klass: SoliClass, instance: Instance, arguments: list[Value], named: dict[str, Value] | None
) -> None:
    if klass.instantiate is not None:
        instance.fields.update(klass.instantiate(klass, arguments, named).fields)
        return
    attributes = arguments[0] if len(arguments) == 1 else named
    if attributes.__class__ is dict:
        for key, item in attributes.items():
            if key.__class__ is str and not key.startswith("_"):
                instance.fields[key] = item


# --- enums ---


class VariantMaker:
    """`E.P`: called, it makes a payload value; by position or by name."""

    __slots__ = ("auto", "enum", "fields", "name")

    soli_type = "Function"

    def __init__(self, enum: SoliClass, name: str, fields: tuple[str, ...]) -> None:
        self.enum = enum
        self.name = name
        self.fields = fields
        self.auto = False

    def soli_call(
        self, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> EnumValue:
        values = dict(zip(self.fields, arguments, strict=False))
        for label, value in (named or {}).items():
            if label not in self.fields:
                raise SoliTypeError(f"{self.enum.name}.{self.name} has no field '{label}'")
            values[label] = value
        if len(arguments) > len(self.fields) or len(values) != len(self.fields):
            raise arity_error(len(self.fields), len(arguments) + len(named or ()))
        return EnumValue(self.enum, self.name, {name: values[name] for name in self.fields})

    def soli_text(self) -> str:
        return f"<native fn {self.enum.name}.{self.name}>"


class EnumParser:
    """`E.parse(stored)`: the value that its JSON form stands for."""

    __slots__ = ("auto", "enum", "name")

    soli_type = "Function"

    def __init__(self, enum: SoliClass) -> None:
        self.enum = enum
        self.name = "parse"
        self.auto = False

    def soli_call(
        self, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> Value:
        if len(arguments) != 1:
            raise arity_error(1, len(arguments))
        stored = arguments[0]
        payload: dict[str, Value] = stored if isinstance(stored, dict) else {"variant": stored}
        if not isinstance(stored, str | dict):
            return stored
        tag = str(payload.get("variant"))
        fields = self.enum.variants.get(tag)
        if fields is None:
            raise SoliValueError(f"{self.enum.name}.parse: unknown variant '{tag}'")
        if not fields:
            return self.enum.statics[tag]
        return EnumValue(self.enum, tag, {name: payload.get(name) for name in fields})

    def soli_text(self) -> str:
        return f"<native fn {self.enum.name}.parse>"


def compile_enum(compiler: Compiler, node: nodes.EnumDecl) -> Closure:
    put = store(compiler, compiler.block.declare(node.name))
    block = Block(compiler.block, file=compiler.scopes.file, is_function=True)
    block.declare(CLASS)
    steps = compiler.within(
        block, lambda: [_method_step(compiler, member) for member in node.methods]
    )

    def declare(frame: Frame) -> None:
        enum = SoliClass(node.name)
        enum.is_enum = True
        enum.construct = construct
        put(frame, enum)
        for variant in node.variants:
            names = tuple(field.name for field in variant.fields)
            enum.variants[variant.name] = names
            enum.statics[variant.name] = (
                VariantMaker(enum, variant.name, names)
                if names
                else EnumValue(enum, variant.name, {})
            )
        enum.statics["parse"] = EnumParser(enum)
        inner = [frame, enum]
        for step in steps:
            step(inner, enum)

    return declare
