"""What a class, module, interface or enum declaration does when it is run (docs/spec §8)."""

from __future__ import annotations

from soli_lang.base.errors import SoliError, SoliNameError, SoliTypeError, SoliValueError
from soli_lang.native.native import NativeFunction
from soli_lang.tree import nodes
from soli_lang.tree.class_macros import CLASS_FUNCTIONS, FRAMEWORK_MACROS
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Function, Value

from .calling import Given, call_value, given
from .classes import call_class_member, enum_value, new_method
from .functions import Code, wrong_number
from .interpreting import answers
from .members import Site
from .reflection import CLASS_MEMBERS
from .scopes import Scope


@answers(nodes.ClassDecl)
def class_(node: nodes.ClassDecl, scope: Scope) -> None:
    inside = scope.inner()
    klass = declared(node, scope, inside)
    scope.define(node.name, klass)
    finish(node, klass, inside)


def superclass_of(node: nodes.ClassDecl, scope: Scope) -> SoliClass | None:
    if node.superclass is None:
        return None
    found = scope.get(node.superclass)
    if not isinstance(found, SoliClass):
        raise SoliTypeError(f"Cannot instantiate '{node.superclass}'")
    return found


def declared(node: nodes.ClassDecl, outside: Scope, scope: Scope) -> SoliClass:
    """The class with its methods, before anything of its body is run in *scope*."""
    superclass = superclass_of(node, outside)
    klass = SoliClass(node.name, superclass, is_module=node.is_module)
    for member in node.members:
        if isinstance(member, nodes.MethodDecl):
            add_method(member, klass, scope)
        elif isinstance(member, nodes.ClassMethods):
            for method in member.methods:
                klass.statics[method.function.name] = class_method(method, klass, scope)
        elif isinstance(member, nodes.FieldDecl) and not member.is_static:
            add_field(member, klass, scope)
        elif isinstance(member, nodes.HookBlock):
            klass.class_hooks.append((member.kind, member))
    return klass


def class_method(node: nodes.MethodDecl, klass: SoliClass, scope: Scope) -> Function:
    """A method in `class_methods`: `this` in it is the class that it is called on."""
    function = new_method(node, klass, scope)
    assert isinstance(function.code, Code)
    function.code.static = function.code.takes_class = True
    return function


def add_method(member: nodes.MethodDecl, klass: SoliClass, scope: Scope) -> None:
    function = new_method(member, klass, scope)
    if member.is_constructor:
        klass.constructor = function
    elif member.is_static:
        klass.statics[member.function.name] = function
    else:
        klass.add_method(member.function.name, function)


def add_field(member: nodes.FieldDecl, klass: SoliClass, scope: Scope) -> None:
    """A field of instances; its initial value is computed with `this` bound."""
    if member.is_const:
        klass.constants.add(member.name)
    if member.value is None:
        klass.fields.append((member.name, None))
        return
    node = member.value

    def compute(value: Value) -> Value:
        inner = scope.call()
        inner.this = value
        inner.home = klass
        return inner.evaluate(node)

    klass.fields.append((member.name, compute))


def finish(node: nodes.ClassDecl, klass: SoliClass, scope: Scope) -> None:
    """What declaring runs, in the order of docs/spec §8.1."""
    above = klass.superclass
    if above is not None and isinstance(above.find_static("inherited"), Function):
        site = Site(node.span, scope)
        call_class_member(site, above, "inherited", Given([klass]))
    members = node.members
    for kind in (nodes.FieldDecl, nodes.Mixin, nodes.StaticBlock, nodes.ClassDecl, nodes.MacroCall):
        inner = scope.call()
        inner.this = klass
        for member in members:
            if isinstance(member, kind):
                run_member(member, klass, scope, inner)


def run_member(member: nodes.Node, klass: SoliClass, scope: Scope, inner: Scope) -> None:
    if isinstance(member, nodes.FieldDecl):
        if member.is_static:
            static_field(member, klass, scope)
    elif isinstance(member, nodes.ClassDecl):
        inside = scope.inner()
        nested = declared(member, scope, inside)
        klass.statics[member.name] = nested
        scope.define(member.name, nested)
        finish(member, nested, inside)
    elif isinstance(member, nodes.Mixin):
        for name in member.names:
            mix_located(member, name, klass, inner)
    else:
        inner.evaluate(member)


def mix_located(node: nodes.Mixin, name: str, klass: SoliClass, scope: Scope) -> None:
    try:
        mix(node, name, klass, scope)
    except SoliError as error:
        error.locate(node.span, scope.source)
        raise


def static_field(member: nodes.FieldDecl, klass: SoliClass, scope: Scope) -> None:
    inner = scope.call()
    inner.this = klass
    value = None if member.value is None else inner.evaluate(member.value)
    klass.statics[member.name] = value
    if member.is_const:
        klass.constants.add("." + member.name)


@answers(nodes.StaticBlock)
def static_block(node: nodes.StaticBlock, scope: Scope) -> Value:
    return scope.block(node.body)


# --- mixins ---


def mix(node: nodes.Mixin, name: str, klass: SoliClass, scope: Scope) -> None:
    """`include name` or `extend name` in the body of *klass*."""
    module = scope.get(name)
    verb = node.kind
    if not isinstance(module, SoliClass):
        raise SoliTypeError(f"can only {verb} a module (got {name})")
    if not module.is_module:
        raise SoliTypeError(f"can only {verb} a module (got class {module.name})")
    if verb == "include":
        include(module, klass)
    else:
        for method_name, method in all_methods(module).items():
            klass.statics.setdefault(method_name, static_copy(method))
    run_hooks(node, verb, module, klass, scope)


def all_methods(module: SoliClass) -> dict[str, Function]:
    """The instance methods of a module, its own before those of modules that it includes."""
    found = dict(module.methods)
    for mixin in module.mixins:
        for name, method in all_methods(mixin).items():
            found.setdefault(name, method)
    return found


def static_copy(method: Function) -> Function:
    """A module's method as a static one of the class that extends it."""
    assert isinstance(method.code, Code)
    code = Code(method.code.node, method.code.home)
    code.static = code.takes_class = True
    return code.bind(method.captured, method.receiver)


def include(module: SoliClass, klass: SoliClass) -> None:
    if module in klass.mixins:
        return
    klass.mixins.append(module)
    for name, method in all_methods(module).items():
        if name not in klass.methods:
            klass.add_method(name, method)
    for name, value in module.statics.items():
        if isinstance(value, Function) and isinstance(value.code, Code) and value.code.takes_class:
            klass.statics.setdefault(name, value)


def run_hooks(
    node: nodes.Mixin, verb: str, module: SoliClass, klass: SoliClass, scope: Scope
) -> None:
    kind = {"include": "included", "extend": "extended"}[verb]
    for hook_kind, hook in module.class_hooks:
        if hook_kind == kind:
            inner = scope.call()
            inner.this = klass
            inner.evaluate(hook)
    if isinstance(module.statics.get(kind), Function):
        site = Site(node.span, scope)
        call_class_member(site, module, kind, Given([klass]))


@answers(nodes.HookBlock)
def hook_block(node: nodes.HookBlock, scope: Scope) -> Value:
    """Each call statement `f(args)` is `f(Host, args)`, others run as written."""
    for statement in node.body.statements:
        if is_hook_call(statement):
            assert isinstance(statement, nodes.Call)
            hook_call(statement, scope)
        else:
            scope.evaluate(statement)
    return None


def is_hook_call(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.callee, nodes.Name)


def hook_call(node: nodes.Call, scope: Scope) -> Value:
    """A call in a hook: of a function, which gets the host class first, else of the host's own."""
    assert isinstance(node.callee, nodes.Name)
    holder = scope.find(node.callee.name)
    if holder is None:
        return macro(nodes.MacroCall(node.span, node), scope)
    passed = given(node, scope)
    passed.values.insert(0, scope.receiver())
    callee = holder.names[node.callee.name]
    return call_value(callee, passed, node.span, scope)


@answers(nodes.MacroCall)
def macro(node: nodes.MacroCall, scope: Scope) -> Value:
    """A call in a class body: of a static method of the class, else maybe a framework's macro."""
    klass = scope.receiver()
    name = node.name
    known = isinstance(klass.find_static(name), Function | NativeFunction)
    if not known and not (name in CLASS_FUNCTIONS and name in CLASS_MEMBERS):
        if name in FRAMEWORK_MACROS:
            return None
        raise SoliNameError(f"Undefined variable '{name}'")
    passed = Given([])
    if isinstance(node.call, nodes.Call):
        passed = given(node.call, scope)
    return call_class_member(Site(node.span, scope), klass, name, passed)


# --- interfaces and enums ---


@answers(nodes.InterfaceDecl)
def interface(node: nodes.InterfaceDecl, scope: Scope) -> None:
    """Interfaces have no effect and bind no name."""


@answers(nodes.EnumDecl)
def enum(node: nodes.EnumDecl, scope: Scope) -> None:
    klass = SoliClass(node.name, is_module=True)
    klass.is_enum = True
    scope.define(node.name, klass)
    for method in node.methods:
        add_method(method, klass, scope)
    for variant in node.variants:
        names = tuple(field.name for field in variant.fields)
        klass.variants[variant.name] = names
        made = payload(klass, variant.name, names) if names else enum_value(klass, variant.name, [])
        klass.statics[variant.name] = made
    if "parse" not in klass.statics:
        parse = NativeFunction(f"{node.name}.parse", 1, 1, lambda stored: parsed(klass, stored))
        klass.statics["parse"] = parse


class Payload(NativeFunction):
    """`E.P`: makes values of a variant, by position or by name."""

    __slots__ = ("fields", "klass")

    def __init__(self, klass: SoliClass, variant: str, fields: tuple[str, ...]) -> None:
        super().__init__(variant, len(fields), len(fields), lambda *_: None)
        self.klass = klass
        self.fields = fields

    def soli_call(
        self, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> Value:
        given = dict(zip(self.fields, arguments, strict=False))
        for name in named or {}:
            if name not in self.fields:
                raise SoliNameError(f"Undefined variable '{name}'")
            if name in given:
                raise SoliTypeError(f"duplicate named argument '{name}'")
            given[name] = (named or {})[name]
        count = len(arguments) + len(named or {})
        if count != len(self.fields):
            raise wrong_number(len(self.fields), count)
        return enum_value(self.klass, self.name, [given[name] for name in self.fields])


def payload(klass: SoliClass, variant: str, fields: tuple[str, ...]) -> Payload:
    return Payload(klass, variant, fields)


def parsed(klass: SoliClass, stored: Value) -> Value:
    """`E.parse`: the value that a tag or a Hash with `variant` stands for."""
    if isinstance(stored, dict) and "variant" in stored:
        variant = stored["variant"]
        if variant in klass.variants:
            fields = klass.variants[variant]
            return enum_value(klass, variant, [stored.get(name) for name in fields])
    elif isinstance(stored, str):
        variant = stored
        if klass.variants.get(variant) == ():
            return klass.statics[variant]
    else:
        return stored
    raise SoliValueError(f"{klass.name}.parse: unknown variant '{variant}'")
