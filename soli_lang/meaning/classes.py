"""Classes, modules and enums: mixing in, making instances and variants (docs/spec §8)."""

from __future__ import annotations

from ..base.errors import SoliTypeError, SoliValueError
from ..machine.machine import arity_error
from ..values.objects import EnumValue, ErrorValue, Instance, SoliClass
from ..values.values import Value
from .methods import Method

# --- mixins ---


def include(klass: SoliClass, module: SoliClass) -> None:
    """Copy *module*'s methods into *klass*; what is there already wins (docs/spec §8.10)."""
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


# --- instances ---


def construct(
    klass: SoliClass,
    arguments: list[Value],
    named: dict[str, Value] | None,
    fields: dict[str, Value] | None = None,
) -> Instance:
    """`new C(arguments)`: declared fields, superclass first, then the constructor (§8.2).

    *fields* is what keeps them, empty; None: a dict.
    """
    if klass.is_module or klass.is_enum:
        raise SoliTypeError(f"cannot instantiate module {klass.name}")
    if klass.instantiate is not None:
        instance: Instance = ErrorValue(klass)
    else:
        instance = Instance(klass, fields)
    fields = instance.fields
    for ancestor in reversed(klass.ancestors):
        for name, initial in ancestor.fields:
            if initial is None:
                dict.__setitem__(fields, name, None)  # not given yet: of no type
            else:
                fields[name] = initial.invoke(instance)  # type: ignore[attr-defined]
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
