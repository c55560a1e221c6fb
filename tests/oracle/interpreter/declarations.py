"""What a class, module, interface or enum declaration does when it is run (docs/spec §8)."""

from __future__ import annotations

from soli_lang.base.errors import SoliNameError, SoliTypeError, SoliValueError
from soli_lang.native.native import NativeFunction
from soli_lang.tree import nodes
from soli_lang.tree.class_macros import CLASS_FUNCTIONS, FRAMEWORK_MACROS
from soli_lang.values.objects import EnumValue, SoliClass
from soli_lang.values.values import UNSET, Function, Value

from .calling import Given, call_value, given
from .functions import Code, bind
from .interpreting import answers
from .members import Site, class_member
from .reflection import CLASS_MEMBERS
from .scopes import Scope


@answers(nodes.ClassDecl)
def class_(node: nodes.ClassDecl, scope: Scope) -> None:
    superclass = None if node.superclass is None else scope.get(node.superclass, node)
    if node.superclass is not None and not isinstance(superclass, SoliClass):
        raise SoliTypeError(f"Cannot instantiate '{node.superclass}'")
    klass = SoliClass(node.name, superclass, is_module=node.is_module)
    inside = scope.inner()
    for member in node.members:
        add(member, klass, inside)
    scope.define(node.name, klass)
    finish(node, klass, inside)


def add(member: nodes.Node, klass: SoliClass, scope: Scope) -> None:
    """What is there before anything of the body of a class is run in *scope*."""
    if isinstance(member, nodes.MethodDecl):
        add_method(member, klass, scope)
    elif isinstance(member, nodes.ClassMethods):
        for method in member.methods:
            klass.statics[method.function.name] = host_method(method.function, klass, scope)
    elif isinstance(member, nodes.FieldDecl) and not member.is_static:
        add_field(member, klass, scope)
    elif isinstance(member, nodes.HookBlock):
        klass.class_hooks.append((member.kind, (member, scope)))


def add_method(member: nodes.MethodDecl, klass: SoliClass, scope: Scope) -> None:
    code = Code(member.function, klass)
    code.static = member.is_static
    function = code.bind(scope, UNSET)
    if member.is_constructor:
        klass.constructor = function
    elif member.is_static:
        klass.statics[code.name] = function
    else:
        klass.add_method(code.name, function)


def host_method(node: nodes.FunctionNode, home: SoliClass, scope: Scope) -> Function:
    """A static method that a module gives: `this` in it is the class that it is called on."""
    code = Code(node, home)
    code.static = code.takes_class = True
    return code.bind(scope, UNSET)


def add_field(member: nodes.FieldDecl, klass: SoliClass, scope: Scope) -> None:
    """A field of instances; its initial value is computed with `this` bound."""
    node = member.value
    if member.is_const:
        klass.constants.add(member.name)

    def compute(value: Value) -> Value:
        return initial(node, bound(scope, value, klass))

    klass.fields.append((member.name, compute))


def bound(scope: Scope, this: Value, home: SoliClass | None = None) -> Scope:
    """A scope in which `this` is something."""
    inner = scope.call()
    inner.this = this
    inner.home = home
    return inner


def initial(node: nodes.Expr | None, scope: Scope) -> Value:
    """The value that a field begins with, computed in a scope of its own."""
    if node is None:
        return None
    return scope.evaluate(nodes.BlockExpr(node.span, nodes.Body(node.span, (node,))))


RUN = (nodes.FieldDecl, nodes.Mixin, nodes.StaticBlock, nodes.ClassDecl, nodes.MacroCall)
"""What of the body of a class is run when it is declared, in that order."""


def finish(node: nodes.ClassDecl, klass: SoliClass, scope: Scope) -> None:
    """What declaring runs (docs/spec §8.1)."""
    above = klass.superclass
    if above is not None and isinstance(above.find_static("inherited"), Function):
        class_member(Site(node.span, scope), above, "inherited", Given([klass]))
    for member in sorted(
        node.members, key=lambda one: RUN.index(type(one)) if type(one) in RUN else 0
    ):
        if isinstance(member, nodes.ClassDecl):
            scope.evaluate(member)
            klass.statics[member.name] = scope.names[member.name]
        elif isinstance(member, RUN):
            bound(scope, klass, klass).evaluate(member)


@answers(nodes.FieldDecl)
def static_field(node: nodes.FieldDecl, scope: Scope) -> None:
    klass = scope.receiver()
    if node.is_static:
        klass.statics[node.name] = initial(node.value, scope)
        if node.is_const:
            klass.constants.add("." + node.name)


@answers(nodes.StaticBlock)
def static_block(node: nodes.StaticBlock, scope: Scope) -> Value:
    return scope.block(node.body)


@answers(nodes.Mixin)
def mixin(node: nodes.Mixin, scope: Scope) -> None:
    """`include A, B` or `extend A, B` in the body of a class."""
    klass = scope.receiver()
    for name in node.names:
        module = scope.get(name, node)
        is_class = isinstance(module, SoliClass)
        if not is_class or not module.is_module:
            got = f"class {module.name}" if is_class else name
            raise SoliTypeError(f"can only {node.kind} a module (got {got})")
        if node.kind == "include":
            include(module, klass)
        else:
            extend(module, klass)
        run_hooks(Site(node.span, scope), node.kind.rstrip("e") + "ed", module, klass)


def all_methods(module: SoliClass) -> dict[str, Function]:
    """The instance methods of a module, its own before those of modules that it includes."""
    found = dict(module.methods)
    for one in module.mixins:
        found = {**all_methods(one), **found}
    return found


def extend(module: SoliClass, klass: SoliClass) -> None:
    for name, method in all_methods(module).items():
        assert isinstance(method.code, Code)
        copy = host_method(method.node, method.code.home, method.captured)
        klass.statics.setdefault(name, copy)


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


def run_hooks(site: Site, kind: str, module: SoliClass, klass: SoliClass) -> None:
    for hook_kind, (hook, scope) in module.class_hooks:
        if hook_kind == kind:
            bound(scope, klass).evaluate(hook)
    if isinstance(module.statics.get(kind), Function):
        class_member(site, module, kind, Given([klass]))


@answers(nodes.HookBlock)
def hook_block(node: nodes.HookBlock, scope: Scope) -> None:
    """Each call `f(args)` is `f(Host, args)` where f is a function, others run as written."""
    for statement in node.body.statements:
        if isinstance(statement, nodes.Call) and isinstance(statement.callee, nodes.Name):
            hook_call(statement, scope.find(statement.callee.name, statement.span.start), scope)
        else:
            scope.evaluate(statement)


def hook_call(node: nodes.Call, holder: Scope | None, scope: Scope) -> None:
    assert isinstance(node.callee, nodes.Name)
    if holder is None:
        scope.evaluate(nodes.MacroCall(node.span, node))
        return
    passed = given(node, scope)
    passed.values.insert(0, scope.receiver())
    call_value(holder.names[node.callee.name], passed, node.span, scope)


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
    return class_member(Site(node.span, scope), klass, name, passed)


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
        make = Payload(klass, variant, scope)
        klass.statics[variant.name] = make if names else make.soli_call([], None, None)
    if "parse" not in klass.statics:
        parse = NativeFunction(f"{node.name}.parse", 1, 1, lambda stored: parsed(klass, stored))
        klass.statics["parse"] = parse


class Payload(NativeFunction):
    """`E.P`: makes values of a variant, from arguments bound as those of a function."""

    __slots__ = ("klass", "node", "scope")

    def __init__(self, klass: SoliClass, node: nodes.Variant, scope: Scope) -> None:
        super().__init__(node.name, len(node.fields), len(node.fields), lambda *_: None)
        self.klass = klass
        self.scope = scope
        empty = nodes.Body(node.span, ())
        self.node = nodes.FunctionNode(node.span, node.name, node.fields, None, empty)

    def soli_call(
        self, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> Value:
        inner = self.scope.call()
        bind(self.node, inner, arguments, named or {}, block)
        return EnumValue(self.klass, self.name, dict(inner.names))


def parsed(klass: SoliClass, stored: Value) -> Value:
    """`E.parse`: the value that a tag or a Hash with `variant` stands for."""
    if isinstance(stored, dict) and "variant" in stored:
        variant = stored["variant"]
        if variant in klass.variants:
            fields = klass.variants[variant]
            return EnumValue(klass, variant, {name: stored.get(name) for name in fields})
    elif isinstance(stored, str):
        variant = stored
        if klass.variants.get(variant) == ():
            return klass.statics[variant]
    else:
        return stored
    raise SoliValueError(f"{klass.name}.parse: unknown variant '{variant}'")
