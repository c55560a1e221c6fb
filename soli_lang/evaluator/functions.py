"""Functions, lambdas and methods: making them, entering them, binding their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import nodes
from ..errors import SoliNameError, SoliTypeError
from ..machine import Machine, arity_error
from ..objects import Instance, SoliClass
from ..semantics import type_name
from ..values import SKIP, UNSET, Function, FunctionCode, Value
from .compiler import Closure, Compiler, Frame, Tables, register
from .names import store
from .scopes import THIS, Block, Variable, mentions_this
from .statements import tail_sequence


def install(tables: Tables) -> None:
    register(tables.expressions, nodes.Lambda)(compile_lambda)
    register(tables.expressions, nodes.FunctionDecl)(compile_function_declaration)


def compile_lambda(compiler: Compiler, node: nodes.Lambda) -> Closure:
    code = compile_function(compiler, node.function)
    bind = code.bind
    variable = compiler.block.find(THIS)
    if variable is None or not mentions_this(node.function.body):
        return lambda frame: bind(frame, UNSET)
    this = compiler.expr(nodes.This(node.span))
    return lambda frame: bind(frame, this(frame))


def compile_function_declaration(compiler: Compiler, node: nodes.FunctionDecl) -> Closure:
    """`def name`: binds the name when executed, yields null."""
    make = compile_lambda(compiler, nodes.Lambda(node.span, node.function))
    put = store(compiler, compiler.block.declare(node.function.name))

    def declare(frame: Frame) -> None:
        put(frame, make(frame))

    return declare


class Method:
    """A function of a class. `invoke(this, *arguments)` takes exactly `arity` arguments."""

    __slots__ = ("arity", "auto", "call", "code", "frame", "invoke", "owner")

    def __init__(self, code: FunctionCode, frame: Frame, owner: SoliClass) -> None:
        self.code = code
        self.frame = frame
        self.owner = owner
        self.arity = code.arity
        self.auto = code.auto
        method_invoker, method_call = code.as_method
        self.invoke: Callable[..., Value] = method_invoker(frame)
        self.call: Callable[..., Value] = method_call(frame)

    @property
    def name(self) -> str:
        return self.code.name

    def bind(self, this: Value) -> Function:
        """The method as a function of its own, with `this` fixed."""
        return self.code.bind(self.frame, this)


def function_as_method(function: Function, owner: SoliClass) -> Method:
    """A lambda or function made a method (`define_method`): its `this` is then the receiver."""
    return Method(function.code, function.frame, owner)


# --- compiling -----------------------------------------------------------------------------------------


class Signature:
    """How arguments fill a frame: what `bind_arguments` needs to know of a function."""

    __slots__ = ("base", "block_index", "defaults", "names", "required", "size")

    def __init__(self, base: int) -> None:
        self.base = base
        """Slot of the first parameter."""
        self.names: list[str] = []
        self.defaults: list[Closure | None] = []
        self.required = 0
        self.block_index = 0
        """Slot of the `&block` parameter; 0 without one."""
        self.size = 0


def compile_function(
    compiler: Compiler, node: nodes.FunctionNode, *, is_method: bool = False
) -> FunctionCode:
    """The shared code of all functions made from *node*."""
    uses_this = is_method or mentions_this(node.body)
    block = Block(compiler.block, file=compiler.scopes.file, is_function=True)
    if uses_this:
        block.declare(THIS).is_plain = True
    signature = Signature(block.size)
    implicit = _declare_parameters(block, node, signature)
    compiler.scopes.declare_function(node.body, block)
    saved = (compiler.function_name, compiler.skips, compiler.loops)
    compiler.function_name, compiler.skips, compiler.loops = node.name, False, 0
    body = compiler.within(block, lambda: _compile_inside(compiler, node, signature))
    skips = compiler.skips
    compiler.function_name, compiler.skips, compiler.loops = saved
    signature.size = block.size
    if node.return_type is not None:
        body = _checked_return(compiler, node, node.return_type, body)
    return _make_code(compiler.machine, node, signature, body, uses_this, skips, implicit)


def _declare_parameters(block: Block, node: nodes.FunctionNode, signature: Signature) -> bool:
    """Declare the parameters; whether there is only the implicit `it`."""
    for param in node.params:
        variable = block.declare(param.name)
        variable.is_plain = True
        if param.is_block:
            signature.block_index = variable.index
        else:
            signature.names.append(param.name)
    if not node.params and node.name == "<lambda>" and _mentions_it(node.body):
        block.declare("it")
        signature.names.append("it")
        return True
    return False


def _mentions_it(body: nodes.Body) -> bool:
    """Whether a block without parameters reads `it` (calling `it(...)` does not count)."""
    from .scopes import children

    pending: list[Any] = [body]
    while pending:
        node = pending.pop()
        if node.__class__ is nodes.Name and node.name == "it":
            return True
        if node.__class__ is nodes.Call and node.callee.__class__ is nodes.Name:
            pending.extend(node.arguments)
            if node.block is not None:
                pending.append(node.block)
            continue
        pending.extend(children(node))
    return False


def _compile_inside(compiler: Compiler, node: nodes.FunctionNode, signature: Signature) -> Closure:
    positional = [param for param in node.params if not param.is_block]
    for param in positional:
        default = None if param.default is None else compiler.expr(param.default)
        signature.defaults.append(default)
        signature.required += default is None
    if len(signature.names) > len(positional):  # the implicit `it`
        signature.defaults.append(lambda frame: None)
    return tail_sequence(compiler, node.body.statements)


def _checked_return(
    compiler: Compiler, node: nodes.FunctionNode, wanted: nodes.TypeRef, body: Closure
) -> Closure:
    """Return types are enforced after a normal return (spec/language.md §7.2)."""
    accepts = return_type_test(wanted)
    span, source = node.span, compiler.source

    def checked(frame: Frame) -> Value:
        value = body(frame)
        if not accepts(value):
            raise SoliReturnTypeError(
                f"function '{node.name}' expected to return {wanted.text}, got {type_name(value)}",
                span,
                source,
            )
        return value

    return checked


class SoliReturnTypeError(SoliTypeError):
    prefix = ""


_TYPE_TESTS: dict[str, Callable[[Value], bool]] = {
    "any": lambda value: True,
    "fn": lambda value: type_name(value) == "Function",
    "void": lambda value: value is None,
}
_TYPE_NAMES = frozenset(
    {"int", "float", "decimal", "string", "bool", "array", "hash", "symbol", "null", "bytes"}
)


def return_type_test(wanted: nodes.TypeRef) -> Callable[[Value], bool]:
    """Whether a value may be returned where *wanted* is declared."""
    name = wanted.name.lower()
    if wanted.is_array:
        test: Callable[[Value], bool] = lambda value: value.__class__ is list  # noqa: E731 - one of several
    elif name == "function":
        test = _TYPE_TESTS["fn"]
    elif name in _TYPE_TESTS:
        test = _TYPE_TESTS[name]
    elif name in _TYPE_NAMES:
        test = lambda value: type_name(value) == name  # noqa: E731 - one of several
    else:
        test = lambda value: (  # noqa: E731 - one of several
            isinstance(value, Instance) and value.soli_class.name == wanted.name
        )
    if wanted.is_nullable:
        return lambda value: value is None or test(value)
    return test


def _make_code(
    machine: Machine,
    node: nodes.FunctionNode,
    signature: Signature,
    body: Closure,
    uses_this: bool,
    skips: bool,
    implicit: bool,
) -> FunctionCode:
    code = FunctionCode()
    code.name = node.name
    code.node = node
    code.required = signature.required
    code.auto = signature.required == 0
    code.skips = skips
    plain = implicit or (
        not signature.block_index and not any(param.default is not None for param in node.params)
    )
    code.arity = len(signature.names) if plain else -1
    pad = (UNSET,) * (signature.size - signature.base - len(signature.names))
    count = code.arity if plain else -2
    if uses_this:
        code.as_method = (
            _method_invoker(machine, node.name, body, pad, count),
            _method_call(machine, node.name, body, signature),
        )
        code.bind = _binder_with_this(code, body_skips=skips)
    else:
        invoker = _invoker(machine, node.name, body, pad, count)
        caller = _caller(machine, node.name, body, signature)
        code.as_method = (_ignoring_this(invoker), _call_ignoring_this(caller))
        code.bind = _binder(code, invoker, caller, body_skips=skips)
    return code


def _ignoring_this(invoker: Callable[[Any], Callable[..., Value]]) -> Any:
    def with_receiver(frame: Frame) -> Callable[..., Value]:
        invoke = invoker(frame)
        return lambda this, *arguments: invoke(*arguments)

    return with_receiver


def _call_ignoring_this(caller: Any) -> Any:
    def with_receiver(frame: Frame) -> Callable[..., Value]:
        call = caller(frame)
        return lambda this, arguments, named, block: call(arguments, named, block)

    return with_receiver


def _without_skip(invoke: Callable[..., Value]) -> Callable[..., Value]:
    def invoke_without_skip(*arguments: Value) -> Value:
        value = invoke(*arguments)
        return None if value is SKIP else value

    return invoke_without_skip


def _binder(code: FunctionCode, invoker: Any, caller: Any, *, body_skips: bool) -> Any:
    if not body_skips:
        return lambda frame, this: Function(code, frame, this, invoker(frame), caller(frame), None)

    def bind(frame: Frame, this: Value) -> Function:
        raw = invoker(frame)
        call = _without_skip(caller(frame))
        return Function(code, frame, this, _without_skip(raw), call, raw)

    return bind


def _binder_with_this(code: FunctionCode, *, body_skips: bool) -> Any:
    method_invoker, method_call = code.as_method

    def bind(frame: Frame, this: Value) -> Function:
        invoke_with, call_with = method_invoker(frame), method_call(frame)

        def raw(*arguments: Value) -> Value:
            return invoke_with(this, *arguments)

        def call(arguments: list[Value], named: dict[str, Value] | None, block: Value) -> Value:
            return call_with(this, arguments, named, block)

        if not body_skips:
            return Function(code, frame, this, raw, call, None)
        return Function(code, frame, this, _without_skip(raw), _without_skip(call), raw)

    return bind


# --- entering ------------------------------------------------------------------------------------------
#
# One closure per parameter count: building the frame as one list display and charging the budget
# inline is what makes calls cheap. The variants differ in nothing else.


def _invoker(machine: Machine, name: str, body: Closure, pad: tuple[Any, ...], count: int) -> Any:
    if count == 0:

        def make_0(parent: Frame) -> Callable[..., Value]:
            def invoke() -> Value:
                machine.fuel -= 1
                if machine.fuel <= 0:
                    machine.refuel()
                depth = machine.depth
                if depth >= machine.max_depth:
                    raise machine.too_deep(name)
                machine.depth = depth + 1
                try:
                    return body([parent, *pad])
                finally:
                    machine.depth = depth

            return invoke

        return make_0
    if count == 1:

        def make_1(parent: Frame) -> Callable[..., Value]:
            def invoke(a: Value) -> Value:
                machine.fuel -= 1
                if machine.fuel <= 0:
                    machine.refuel()
                depth = machine.depth
                if depth >= machine.max_depth:
                    raise machine.too_deep(name)
                machine.depth = depth + 1
                try:
                    return body([parent, a, *pad])
                finally:
                    machine.depth = depth

            return invoke

        return make_1
    if count == 2:

        def make_2(parent: Frame) -> Callable[..., Value]:
            def invoke(a: Value, b: Value) -> Value:
                machine.fuel -= 1
                if machine.fuel <= 0:
                    machine.refuel()
                depth = machine.depth
                if depth >= machine.max_depth:
                    raise machine.too_deep(name)
                machine.depth = depth + 1
                try:
                    return body([parent, a, b, *pad])
                finally:
                    machine.depth = depth

            return invoke

        return make_2
    enter = _enter(machine, name, body)

    def make_many(parent: Frame) -> Callable[..., Value]:
        return lambda *arguments: enter([parent, *arguments, *pad])

    return make_many


def _method_invoker(
    machine: Machine, name: str, body: Closure, pad: tuple[Any, ...], count: int
) -> Any:
    if count == 0:

        def make_0(parent: Frame) -> Callable[..., Value]:
            def invoke(this: Value) -> Value:
                machine.fuel -= 1
                if machine.fuel <= 0:
                    machine.refuel()
                depth = machine.depth
                if depth >= machine.max_depth:
                    raise machine.too_deep(name)
                machine.depth = depth + 1
                try:
                    return body([parent, this, *pad])
                finally:
                    machine.depth = depth

            return invoke

        return make_0
    if count == 1:

        def make_1(parent: Frame) -> Callable[..., Value]:
            def invoke(this: Value, a: Value) -> Value:
                machine.fuel -= 1
                if machine.fuel <= 0:
                    machine.refuel()
                depth = machine.depth
                if depth >= machine.max_depth:
                    raise machine.too_deep(name)
                machine.depth = depth + 1
                try:
                    return body([parent, this, a, *pad])
                finally:
                    machine.depth = depth

            return invoke

        return make_1
    enter = _enter(machine, name, body)

    def make_many(parent: Frame) -> Callable[..., Value]:
        return lambda this, *arguments: enter([parent, this, *arguments, *pad])

    return make_many


def _enter(machine: Machine, name: str, body: Closure) -> Closure:
    """Run *body* in a finished frame, charged and counted as a call."""

    def enter(frame: Frame) -> Value:
        machine.fuel -= 1
        if machine.fuel <= 0:
            machine.refuel()
        depth = machine.depth
        if depth >= machine.max_depth:
            raise machine.too_deep(name)
        machine.depth = depth + 1
        try:
            return body(frame)
        finally:
            machine.depth = depth

    return enter


def _caller(machine: Machine, name: str, body: Closure, signature: Signature) -> Any:
    enter = _enter(machine, name, body)

    def make(parent: Frame) -> Callable[..., Value]:
        def call(arguments: list[Value], named: dict[str, Value] | None, block: Value) -> Value:
            frame = [UNSET] * signature.size
            frame[0] = parent
            bind_arguments(signature, frame, arguments, named, block)
            return enter(frame)

        return call

    return make


def _method_call(machine: Machine, name: str, body: Closure, signature: Signature) -> Any:
    enter = _enter(machine, name, body)

    def make(parent: Frame) -> Callable[..., Value]:
        def call(
            this: Value, arguments: list[Value], named: dict[str, Value] | None, block: Value
        ) -> Value:
            frame = [UNSET] * signature.size
            frame[0] = parent
            frame[1] = this
            bind_arguments(signature, frame, arguments, named, block)
            value = enter(frame)
            return None if value is SKIP else value

        return call

    return make


def bind_arguments(
    signature: Signature,
    frame: Frame,
    arguments: list[Value],
    named: dict[str, Value] | None,
    block: Value,
) -> None:
    """Fill a frame from the arguments of a call (spec/language.md §6.3).

    Raises the arity error, `Undefined variable 'label'` or the duplicate label error.
    """
    names, base = signature.names, signature.base
    count, most = len(arguments), len(names)
    if count > most:
        if not (signature.block_index and block is None and count == most + 1):
            raise arity_error(most, count)
        block = arguments[-1]  # a `&block` parameter also takes a plain function
        arguments = arguments[:-1]
        count = most
    frame[base : base + count] = arguments
    if named:
        _bind_named(signature, frame, named, count)
    if count < most:
        for index in range(count, most):
            if frame[base + index] is UNSET:
                default = signature.defaults[index]
                if default is None:
                    raise arity_error(signature.required, count + len(named or ()))
                frame[base + index] = default(frame)
    if signature.block_index:
        frame[signature.block_index] = block


def _bind_named(signature: Signature, frame: Frame, named: dict[str, Value], count: int) -> None:
    for label, value in named.items():
        try:
            index = signature.names.index(label)
        except ValueError:
            raise SoliNameError(f"Undefined variable '{label}'") from None
        if index < count:
            raise SoliTypeError(f"duplicate named argument '{label}'")
        frame[signature.base + index] = value


__all__ = ["Method", "Variable", "compile_function", "function_as_method", "install"]
