"""`value.name` and `value.name(…)` by the kind of value (docs/spec §4.8, §6.6).

Arguments are None where there are no parentheses.
"""

from __future__ import annotations

from collections.abc import Callable

from soli_lang.base.errors import SoliAttributeError, SoliPlainTypeError, SoliTypeError
from soli_lang.base.source import Span
from soli_lang.native.native import UNLIMITED, BoundMethod, NativeFunction, NativeMethod
from soli_lang.tree import nodes
from soli_lang.values.display import to_text
from soli_lang.values.kinds import owner_name, type_name
from soli_lang.values.objects import EnumValue, ErrorValue, Instance, SoliClass, is_callable
from soli_lang.values.values import UNSET, Function, Value

from .calling import Given, call_value, given, traced
from .functions import Code, wrong_number
from .interpreting import answers
from .reflection import CLASS_MEMBERS, INSTANCE_MEMBERS, NEED_NOTHING, Run
from .scopes import Scope


class Site:
    """Where a member is used. One that is *quiet* leaves no lines in backtraces."""

    def __init__(self, span: Span, scope: Scope, *, quiet: bool = False) -> None:
        self.span = span
        self.scope = scope
        self.is_quiet = quiet

    def quiet(self) -> Site:
        """The same place, for what is called by another name (`send`)."""
        return Site(self.span, self.scope, quiet=True)

    def traced(self, label: str | None, run: Callable[[], Value]) -> Value:
        """Run a call with a line of the backtrace for it."""
        return traced(None if self.is_quiet else label, self.span, self.scope, run)

    def use(self, function: Function, passed: Given | None, label: str | None = None) -> Value:
        """A function that was found as a member: without parentheses it may be the value."""
        if passed is None and not function.auto:
            return function
        return self.traced(label, lambda: (passed or Given([])).call(function))

    def held(self, value: Value, passed: Given | None) -> Value:
        """`x.name(…)` where `x.name` is a value that x holds."""
        if passed is None:
            return value
        if isinstance(value, Function):
            return self.traced(None, lambda: passed.call(value))
        if is_callable(value):
            return call_value(value, passed, self.span, self.scope)
        if not passed.is_plain:
            raise SoliTypeError(f"{type_name(value)} is not callable")
        if passed.values:
            raise SoliPlainTypeError("Cannot call non-function value")
        return value

    def reflect(self, run: Run, value: Value, name: str, passed: Given | None) -> Value:
        """What all instances or all classes answer to."""
        if name in NEED_NOTHING:
            if passed is not None and passed.values:
                raise wrong_number(0, len(passed.values))
            return run(self, value, Given([]))
        if passed is None:
            return native(name, lambda given: run(self, value, given))
        return run(self, value, passed)


def native(name: str, run: Callable[[Given], Value]) -> NativeFunction:
    """A member as a value that takes any arguments."""
    return NativeFunction(name, 0, UNLIMITED, lambda *values: run(Given(list(values))))


def unknown(value: Value, name: str) -> SoliAttributeError:
    return SoliAttributeError(f"Cannot access property '{name}' on {owner_name(value)}")


@answers(nodes.Member)
def member_(node: nodes.Member, scope: Scope) -> Value:
    value = scope.evaluate(node.object)
    if value is None and node.is_safe:
        return None
    return member(Site(node.span, scope), value, node.name, None)


def member(site: Site, value: Value, name: str, passed: Given | None) -> Value:
    if isinstance(value, SoliClass):
        return class_member(site, value, name, passed)
    if isinstance(value, Instance):
        return instance_member(site, value, name, passed)
    return builtin_member(site, value, name, passed)


def builtin_member(site: Site, value: Value, name: str, passed: Given | None) -> Value:
    oracle = site.scope.oracle
    added = oracle.added.get(type(value), {}).get(name)
    if added is not None:
        return site.use(added.rebind(value), passed)
    method = oracle.machine.find_method(value, name)
    if isinstance(method, NativeMethod):
        if passed is None and not method.bare:
            return BoundMethod(value, method)
        passed = passed or Given([])
        return method.call(value, passed.values, passed.named, passed.block)
    if isinstance(value, dict) and (name in value or passed is None):
        return site.held(value.get(name), passed)
    raise unknown(value, name)


def instance_member(site: Site, value: Instance, name: str, passed: Given | None) -> Value:
    if name in INSTANCE_MEMBERS:
        return site.reflect(INSTANCE_MEMBERS[name], value, name, passed)
    if name in value.fields:
        return site.held(value.fields[name], passed)
    method = value.soli_class.find_method(name)
    if isinstance(method, Function):
        return site.use(method.rebind(value), passed, f"{value.soli_class.name}#{name}")
    if isinstance(value, ErrorValue) and is_of_text(site.scope, name):
        return builtin_member(site, to_text(value), name, passed)
    if isinstance(value, EnumValue) and name == "variant":
        if passed is not None and passed.values:
            raise wrong_number(0, len(passed.values))
        return value.variant
    missing = value.soli_class.find_method("method_missing")
    if missing is None:
        raise unknown(value, name)
    if passed is None:
        return native(name, lambda given: call_missing(site, value, name, given, missing))
    return call_missing(site, value, name, passed, missing)


def is_of_text(scope: Scope, name: str) -> bool:
    """Whether strings have the method *name*, for an error that acts as its text (§9.1)."""
    return name in scope.oracle.added.get(str, {}) or bool(
        scope.oracle.machine.find_method("", name)
    )


def call_missing(site: Site, value: Instance, name: str, passed: Given, missing: Function) -> Value:
    """`method_missing(name, args)`: a last parameter `args` takes the rest as an array, others
    that are not given are null."""
    arguments = [name, *passed.values]
    params = [one for one in missing.node.params if not one.is_block]
    named = dict(passed.named or {})
    if params and params[-1].name == "args":
        params.pop()
        named["args"] = arguments[len(params) :]
        del arguments[len(params) :]
    for one in params[len(arguments) :]:
        if one.default is None:
            named.setdefault(one.name, None)
    return site.use(missing.rebind(value), Given(arguments, named, passed.block))


def class_member(site: Site, klass: SoliClass, name: str, passed: Given | None) -> Value:
    held = klass.find_static(name, UNSET)
    code = held.code if isinstance(held, Function) else None
    if isinstance(code, Code):
        if code.takes_class:
            held = held.rebind(klass)
        elif passed is None and not code.static:
            return held  # a static field
    elif passed is None and held is not UNSET and not isinstance(held, NativeFunction):
        return held
    if name == "new" and held is UNSET and klass.constructor is not None:
        return make_new(site, klass, passed or Given([]))
    label = f"{klass.name}.{name}"
    return site.traced(label, lambda: class_function(site.quiet(), klass, name, held, passed))


def class_function(
    site: Site, klass: SoliClass, name: str, held: Value, passed: Given | None
) -> Value:
    if isinstance(held, NativeFunction) and passed is None and held.auto:
        return held.soli_call([], None, None)
    if held is UNSET and klass.is_module and not klass.is_enum and name in klass.methods:
        held = klass.methods[name].rebind(klass)
    if isinstance(held, Function):
        if passed is None and not held.auto:
            return held
        return (passed or Given([])).call(held)
    if held is not UNSET:
        return site.held(held, passed)
    if name == "new":
        return make_new(site, klass, passed or Given([]))
    if name in CLASS_MEMBERS:
        return site.reflect(CLASS_MEMBERS[name], klass, name, passed)
    missing = klass.find_static("method_missing")
    if not isinstance(missing, Function):
        raise unknown(klass, name)
    if passed is None:
        return native(name, lambda given: class_member(site, klass, name, given))
    arguments = passed.values + ([dict(passed.named)] if passed.named else [])
    return missing.call([name, arguments], None, passed.block)


def make_new(site: Site, klass: SoliClass, passed: Given) -> Value:
    """`C.new(…)`"""
    from .classes import check_attributes, make_instance

    check_attributes(klass, passed, site.scope)
    return make_instance(klass, passed, f"{klass.name}.new", site.span, site.scope)


@answers(nodes.ScopedName)
def scoped(node: nodes.ScopedName, scope: Scope) -> Value:
    value = scope.named(node.object)
    held = value.find_static(node.name, UNSET) if isinstance(value, SoliClass) else UNSET
    if held is UNSET:
        raise unknown(value, node.name)
    return held


@answers(nodes.SuperMember)
def super_member(node: nodes.SuperMember, scope: Scope) -> Value:
    return above(Site(node.span, scope), node.name, None)


def call_super_member(callee: nodes.SuperMember, node: nodes.Call, scope: Scope) -> Value:
    scope.home_class()  # `super` comes before the arguments
    return above(Site(node.span, scope), callee.name, given(node, scope))


def above(site: Site, name: str, passed: Given | None) -> Value:
    """`super.name`: the method above the class in which the running one stands."""
    home = site.scope.home_class()
    this = site.scope.receiver(None)
    if home.superclass is None:
        raise SoliTypeError("class has no superclass")
    if this is None or isinstance(this, SoliClass):  # a static method, or a class's own body
        this = this or home
        found = home.superclass.find_static(name, UNSET)
        label = f"{this.name}.{name}"
    else:
        method = home.superclass.find_method(name)
        label = f"{this.soli_class.name}#{name}"
        if not isinstance(method, Function):
            if name not in this.fields:
                raise unknown(this, name)
            return site.held(this.fields[name], passed)
        found = method.rebind(this)
    if found is UNSET:
        raise unknown(this, name)
    return (
        site.use(found, passed, label) if isinstance(found, Function) else site.held(found, passed)
    )


def write_member(value: Value, name: str, new: Value) -> None:
    """`value.name = new`"""
    if isinstance(value, SoliClass):
        if value.is_enum and name in value.variants:
            raise SoliTypeError(f"cannot reassign enum variant '{name}'")
        if value.is_const("." + name):
            raise SoliTypeError(f"cannot reassign static const field '{name}'")
        value.statics[name] = new
    elif isinstance(value, Instance):
        if value.soli_class.is_const(name):
            raise SoliTypeError(f"cannot reassign const field '{name}'")
        value.fields[name] = new
    elif isinstance(value, dict):
        value[name] = new
    else:
        raise SoliTypeError(f"cannot set property on {type_name(value)}")
