"""The door through which Python functions become builtins: one declaration per function.

    @function("repeat", String, Int)
    def repeat(machine, text, times): ...

    @method("string", "trim", "strip", bare=True)
    def trim(text): ...

    @static("Math", "floor", Number)
    def floor(number): ...

A declaration names the builtin, its argument types and (in the docstring) what it does; arity and
type errors are made here and so read alike everywhere (docs/spec §L0.4). A Python function
whose first parameter is called `machine` is handed the machine. Rules for bodies: return Soli
values only (never a tuple), raise SoliError only, bound the size of what you build with
`machine.check_length` *before* building it, and charge long work with `machine.spend`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache, partial
from types import MethodType, ModuleType
from typing import Any, TypeVar

from ..base.errors import SoliError, SoliPlainTypeError, SoliTypeError
from ..base.records import Record, changed
from ..machine.charging import paid
from ..machine.machine import Machine, arity_error
from ..values.kinds import type_name
from ..values.objects import Instance, SoliClass
from ..values.values import Function, Symbol, Value
from .argument_checks import MISSING, checked, with_defaults

UNLIMITED = 10**9
_VARARGS = 0x04
"""The flag of code that takes `*args`; the module `inspect`, which names it, is slow to load."""

Kinds = tuple[type | None, ...]
"""The Python class of each argument of a call, None where it is not known."""

Written = Callable[..., Any]
"""(the evaluator's module `python`, *operands) -> an expression; operands are names."""


class NativeFunction:
    """A builtin function as a value."""

    __slots__ = ("auto", "code", "declaration", "high", "invoke", "low", "name", "quick")

    soli_type = "Function"

    def __init__(
        self,
        name: str,
        low: int,
        high: int,
        invoke: Callable[..., Value],
        declaration: Any = None,
        code: Callable[..., Value] | None = None,
    ) -> None:
        self.name = name
        self.code = code or invoke
        """The same without checks of the arguments' types."""
        self.low = low
        """Fewest arguments."""
        self.high = high
        """Most arguments."""
        self.invoke = invoke
        self.auto = high == 0
        """True when bare access calls it (docs/spec §6.6)."""
        self.declaration = declaration
        self.quick: dict[type, Written] = getattr(declaration, "quick", None) or {}
        """How a call with one argument is written out, by the Python class of that."""

    def given(self, kinds: Kinds) -> Callable[..., Value]:
        """What to call with arguments of these *kinds*."""
        return self.code if _are_accepted(self.declaration, kinds) else self.invoke

    def soli_call(
        self, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> Value:
        """Call with named arguments as one trailing hash and the block last (docs/spec §6.3)."""
        if named:
            arguments.append(named)
        if block is not None:
            arguments.append(block)
        count = len(arguments)
        if not self.low <= count <= self.high:
            called = shown_call(self.name, self.low, self.high, self.declaration)
            raise arity_error(self.expected(count), count, called)
        return self.invoke(*arguments)

    def expected(self, got: int) -> int:
        """The number that the arity error names."""
        declared = getattr(self.declaration, "arity_text", None)
        if declared is not None:
            return int(declared)
        return self.low if got < self.low or self.high == UNLIMITED else self.high

    def soli_text(self) -> str:
        return f"<native fn {self.name}>"

    def soli_inspect(self) -> str:
        return "<function>"


def shown_call(name: str, low: int, high: int, declaration: Any = None) -> str:
    """`name(…)` with what it takes, for hints."""
    from ..base.foreign_members import OTHER_ARITY  # only needed for what is wrong

    other = OTHER_ARITY.get(name)
    more = "" if other is None else f"; {other}"
    if declaration is not None:
        return f"`{name}({', '.join(parameters(declaration))})`{more}"
    if high == UNLIMITED:
        return f"`{name}`, which takes {low} or more"
    return f"`{name}`, which takes {low}" + (f" to {high}" if high != low else "") + more


def parameters(declaration: Declaration) -> list[str]:
    """The parameters of a builtin as its code names them: `channel`, `options = …`, `...values`."""
    names = _parameter_names(declaration)
    found = []
    for at, arg in enumerate(declaration.args):
        name = names[at].rstrip("_") if at < len(names) else arg.noun
        suffix = "" if arg.default is MISSING or arg.is_rest else " = …"
        found.append(f"...{name}" if arg.is_rest else name + suffix)
    return found


def _parameter_names(declaration: Declaration) -> tuple[str, ...]:
    known: tuple[str, ...] | None = getattr(declaration.code, "parameter_names", None)
    if known is not None:
        return known  # of a builtin that somebody answers for
    code = declaration.code.__code__
    names = code.co_varnames[: code.co_argcount + bool(code.co_flags & _VARARGS)]
    return names[declaration.takes_machine + (declaration.kind == "method") :]


class NativeMethod:
    """A builtin method of a type. `invoke(receiver, *arguments)`."""

    __slots__ = (
        "bare", "code", "declaration", "expected", "high", "invoke", "low", "name", "quick",
        "type_name", "when",
    )  # fmt: skip

    def __init__(
        self,
        type_name: str,
        name: str,
        declaration: Declaration,
        invoke: Callable[..., Value],
        code: Callable[..., Value],
    ):
        self.type_name = type_name
        self.name = name
        self.declaration = declaration
        self.low = declaration.low
        self.high = declaration.high
        self.bare = declaration.bare
        """True when `x.name` runs it; otherwise that gives a Method value."""
        self.expected = declaration.expected
        self.invoke = invoke
        self.code = code
        """The same without checks of the arguments' types."""
        self.quick: Written | None = declaration.quick
        """How a call with the fewest arguments is written out where `when` holds, if that is given:
        (`soli_lang.evaluator.python`, receiver, *arguments) -> an expression of Python's. It must
        cost little, never fail, and call nothing of the program. A method without arguments that
        has it must be `bare`."""
        self.when: Written | None = declaration.when

    def given(self, kinds: Kinds) -> Callable[..., Value]:
        """What to call with a receiver and arguments of these *kinds*."""
        return self.code if _are_accepted(self.declaration, kinds) else self.invoke

    def call(
        self, receiver: Value, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> Value:
        """Call with named arguments as one trailing hash and the block last."""
        if named:
            arguments.append(named)
        if block is not None:
            arguments.append(block)
        if not self.low <= len(arguments) <= self.high:
            called = shown_call(self.name, self.low, self.high, self.declaration)
            raise arity_error(self.expected, len(arguments), called)
        return self.invoke(receiver, *arguments)


class BoundMethod:
    """A builtin method taken as a value: `"a".contains` (docs/spec §L0.5)."""

    __slots__ = ("method", "receiver")

    soli_type = "Method"

    def __init__(self, receiver: Value, method: NativeMethod) -> None:
        self.receiver = receiver
        self.method = method

    def soli_call(
        self, arguments: list[Value], named: dict[str, Value] | None, block: Value
    ) -> Value:
        return self.method.call(self.receiver, arguments, named, block)

    def soli_text(self) -> str:
        return f"<method {self.method.type_name}.{self.method.name}>"


# --- argument types ---


class Arg(Record, frozen=True):
    """The type of one argument, and how errors speak of it.

    `noun` is used by functions (`len() expects string, got int`), `phrase` by methods
    (`split expects a string delimiter`). `types` None accepts anything.
    """

    noun: str
    phrase: str
    types: frozenset[type] | None = None
    default: Any = MISSING
    is_rest: bool = False
    message: str | None = None
    """The whole error text when neither pattern fits; may contain `{name}` and `{got}`."""
    hint: str | None = None
    """Where to get such a value, for people who passed another one."""

    def __call__(
        self,
        noun: str | None = None,
        *,
        phrase: str | None = None,
        message: str | None = None,
        hint: str | None = None,
    ) -> Arg:
        """The same type in other words: `Int(phrase="an integer index")`."""
        return changed(
            self,
            noun=noun or self.noun,
            phrase=phrase or self.phrase,
            message=message or self.message,
            hint=hint or self.hint,
        )

    def optional(self, default: Any = None) -> Arg:
        """The same type for an argument that may be left out."""
        return changed(self, default=default)

    def rest(self) -> Arg:
        """The same type for any number of further arguments (must come last)."""
        return changed(self, is_rest=True)

    def accepts(self, value: Value) -> bool:
        return self.types is None or value.__class__ in self.types


CALLABLES = frozenset({Function, NativeFunction, BoundMethod, SoliClass})

Any_ = Arg("value", "a value")
String = Arg("string", "a string argument", frozenset({str}))
Int = Arg("int", "an integer argument", frozenset({int}))
Float = Arg("float", "a float argument", frozenset({float}))
Number = Arg("number", "a numeric argument", frozenset({int, float}))
Bool = Arg("bool", "a boolean argument", frozenset({bool}))
Array = Arg("array", "an array argument", frozenset({list}))
Hash = Arg("hash", "a hash argument", frozenset({dict}))
Name = Arg("string or symbol", "a string or symbol argument", frozenset({str, Symbol}))
Callable_ = Arg("function", "a function argument", CALLABLES)
Text = Arg("string or bytes", "a string or bytes", frozenset({str, bytes}))


# --- declarations ---


class Declaration(Record, frozen=True):
    """What a decorated function declares. One source for arity, types, errors and documentation."""

    kind: str
    """`function`, `method` or `static`."""
    owner: str
    """Type name of a method's receiver (`string`, `any`), class of a static, else empty."""
    names: tuple[str, ...]
    args: tuple[Arg, ...]
    bare: bool
    mutates: bool
    arity_text: int | None
    code: Callable[..., Value]
    takes_machine: bool
    capability: str | None
    linear: bool
    """Whether its work grows with its texts and collections, and it does not pay by itself."""
    quick: Any
    """Written out by the evaluator instead of a call: see `NativeFunction.quick`, of methods
    `NativeMethod.quick`."""
    when: Written | None
    """See `NativeMethod.quick`."""
    direct: Callable[..., Value] | None
    """What does the same without a frame of Python: a function in C that needs no checks."""
    gives: type | None
    """The class of every result, where the evaluator can use that."""
    low: int
    """Fewest arguments."""
    high: int
    """Most arguments."""
    expected: int
    """The number that an arity error names."""

    def answered_by(self, answer: Callable[..., Value]) -> Declaration:
        """The same builtin; *answer* gets the arguments of its calls, and pays if it is to."""
        code: Any = partial(answer)
        code.parameter_names = _parameter_names(self)
        return changed(self, code=code, takes_machine=False, linear=False)

    def mismatch(self, name: str, arg: Arg, value: Value) -> SoliError:
        """The error for *value* where *arg* is wanted."""
        got = type_name(value)
        if arg.message is not None:
            text = arg.message.format(name=name, got=got)
            return SoliTypeError(text) if self.kind == "method" else SoliPlainTypeError(text)
        if self.kind == "method":
            return SoliTypeError(f"{name} expects {arg.phrase}")
        shown = f"{self.owner}.{name}" if self.owner else name
        return SoliPlainTypeError(f"{shown}() expects {arg.noun}, got {got}", hint=arg.hint)


def _arity(args: tuple[Arg, ...]) -> tuple[int, int]:
    """The fewest and the most arguments."""
    low = 0
    for arg in args:
        if arg.is_rest:
            return low, UNLIMITED
        if arg.default is MISSING:
            low += 1
    return low, len(args)


Code = TypeVar("Code", bound=Callable[..., Any])


def _declare(
    kind: str,
    owner: str,
    names: tuple[str, ...],
    args: tuple[Arg, ...],
    code: Code,
    options: dict[str, Any],
) -> Code:
    first = code.__code__.co_varnames[:1]
    arity_text = options.get("arity_text")
    low, high = _arity(args)
    declaration = Declaration(
        kind=kind,
        owner=owner,
        names=names,
        args=args,
        bare=options.get("bare", False),
        mutates=options.get("mutates", False),
        arity_text=arity_text,
        code=code,
        takes_machine=first == ("machine",),
        capability=options.get("capability"),
        linear=options.get("linear", False),
        quick=options.get("quick"),
        when=options.get("when"),
        direct=options.get("direct"),
        gives=options.get("gives"),
        low=low,
        high=high,
        expected=arity_text if arity_text is not None else low if high == UNLIMITED else high,
    )
    declared = getattr(code, "soli_declarations", ())
    code.soli_declarations = (*declared, declaration)  # type: ignore[attr-defined]
    return code


def function(name: str | tuple[str, ...], *args: Arg, **options: Any) -> Callable[[Code], Code]:
    """Declare a global function (several names: aliases). For options see `method`."""
    names = (name,) if isinstance(name, str) else name
    return lambda code: _declare("function", "", names, args, code, options)


def static(
    owner: str, name: str | tuple[str, ...], *args: Arg, **options: Any
) -> Callable[[Code], Code]:
    """Declare `Owner.name(...)`."""
    names = (name,) if isinstance(name, str) else name
    return lambda code: _declare("static", owner, names, args, code, options)


def method(
    owner: str, name: str | tuple[str, ...], *args: Arg, **options: Any
) -> Callable[[Code], Code]:
    """Declare a method of the builtin type *owner* (its `type()` name, or `any`).

    The receiver is the first Python argument (after `machine`). Options: `bare` (`x.name` runs
    it), `mutates` (documentation), `arity_text` (the number an arity error names), `linear` (its
    work grows with its texts and collections, and is paid for before it begins), `direct` (a C
    function that is called instead, of which the declared one says what it does).
    """
    names = (name,) if isinstance(name, str) else name
    return lambda code: _declare("method", owner, names, args, code, options)


@cache
def declarations(module: ModuleType) -> tuple[Declaration, ...]:
    """All declarations in a Python module, in source order."""
    return tuple(
        declaration
        for value in vars(module).values()
        if getattr(value, "__module__", None) == module.__name__
        for declaration in getattr(value, "soli_declarations", ())
    )


def _are_accepted(declaration: Declaration | None, kinds: Kinds) -> bool:
    """Whether arguments of these *kinds*, as many as it takes, need no check."""
    if declaration is None:
        return False
    args = declaration.args
    return not any(arg.is_rest for arg in args) and all(
        arg.types is None or kind in arg.types for arg, kind in zip(args, kinds, strict=False)
    )


# --- installation ---

BUILTIN_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float,),
    "decimal": (Decimal,),
    "string": (str,),
    "symbol": (Symbol,),
    "bool": (bool,),
    "null": (type(None),),
    "array": (list,),
    "hash": (dict,),
    "bytes": (bytes,),
    "function": (Function, NativeFunction),
}
BUILTIN_TYPES["any"] = tuple(kind for kinds in BUILTIN_TYPES.values() for kind in kinds)


def install(
    machine: Machine,
    declared: Iterable[Declaration],
    types: dict[str, tuple[type, ...]] | None = None,
) -> None:
    """Make builtins of declarations. *types* adds receivers: type name -> Python classes.

    A method declared for one type wins over one declared for `any`, whatever the order.
    """
    receivers = {**BUILTIN_TYPES, **(types or {})}
    for declaration in declared:
        if declaration.kind == "method":
            _install_method(machine, declaration, receivers[declaration.owner])
            continue
        for name in declaration.names:
            native = _native_function(machine, declaration, name)
            if declaration.kind == "function":
                machine.globals[name] = native
            else:
                native_class(machine, declaration.owner).statics[name] = native


def native_class(machine: Machine, name: str) -> SoliClass:
    """The class *name* among the globals, made when it is not there yet."""
    klass = machine.globals.get(name)
    if klass is None:
        klass = machine.globals[name] = SoliClass(name)
    return klass


def _native_function(machine: Machine, declaration: Declaration, name: str) -> NativeFunction:
    code = _code(machine, declaration)
    invoke = checked(declaration, name, code)
    shown = f"{declaration.owner}.{name}" if declaration.owner else name
    native = NativeFunction(shown, declaration.low, declaration.high, invoke, declaration, code)
    # Static methods that need no argument are called as those written in Soli are.
    if declaration.kind == "static" and declaration.high < UNLIMITED:
        native.auto = declaration.low == 0
    return native


def _code(machine: Machine, declaration: Declaration) -> Callable[..., Value]:
    code = with_defaults(declaration.code, declaration.args)
    if declaration.takes_machine:
        code = MethodType(code, machine)  # which Python calls without leaving its loop
    return paid(machine, code) if declaration.linear else code


def _install_method(machine: Machine, declaration: Declaration, classes: tuple[type, ...]) -> None:
    code = _code(machine, declaration)
    for name in declaration.names:
        table = machine.methods_named(name)
        invoke = declaration.direct or checked(declaration, name, code, offset=1)
        for kind in classes:
            taken = table.get(kind)
            if declaration.owner == "any" and taken is not None:
                continue
            shown = declaration.owner if declaration.owner != "any" else _shown(kind)
            unchecked = declaration.direct or code
            table[kind] = NativeMethod(shown, name, declaration, invoke, unchecked)


def _shown(kind: type) -> str:
    for name, classes in BUILTIN_TYPES.items():
        if kind in classes:
            return name
    return str(getattr(kind, "soli_type", "Function"))


def host_function(
    name: str, code: Callable[..., Any], suspend: Callable[[Any, str], Any] | None = None
) -> NativeFunction:
    """A plain Python callable of the host as a builtin: arity from its signature, any types.

    What a coroutine function returns is given to *suspend* (`Machine.suspend`).
    """
    import inspect

    low = high = 0
    for parameter in inspect.signature(code).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            high = UNLIMITED
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            high += 1
            low += parameter.default is parameter.empty
    invoke = code
    if suspend is not None and (
        inspect.iscoroutinefunction(code) or inspect.iscoroutinefunction(type(code).__call__)
    ):

        def invoke(*arguments: Any) -> Any:
            return suspend(code(*arguments), name)

    return NativeFunction(name, low, high, invoke)


__all__ = [
    "Any_",
    "Arg",
    "Array",
    "Bool",
    "BoundMethod",
    "Callable_",
    "Declaration",
    "Float",
    "Hash",
    "Instance",
    "Int",
    "Name",
    "NativeFunction",
    "NativeMethod",
    "Number",
    "String",
    "Text",
    "declarations",
    "function",
    "host_function",
    "install",
    "method",
    "native_class",
    "static",
]
