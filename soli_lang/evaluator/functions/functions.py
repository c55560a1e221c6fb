"""Functions, lambdas and methods: making them, entering them, binding their arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...base.errors import SoliTypeError
from ...machine.machine import Machine
from ...tree import nodes
from ...values.kinds import type_name
from ...values.objects import Instance
from ...values.values import UNSET, Function, FunctionCode, Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from ..expressions.names import read_variable, store
from ..scopes import HIDDEN, THIS, Block, mentions_this
from ..statements.bodies import tail_writer
from ..written_out.item_loops import looper
from .entering import FunctionBody, Signature, method_caller
from .entering import caller as make_caller
from .entering import invoker as make_invoker
from .methods import without_skip


def install(tables: Tables) -> None:
    register(tables.expressions, nodes.Lambda)(compile_lambda)
    register(tables.expressions, nodes.FunctionDecl)(compile_function_declaration)


def compile_lambda(compiler: Compiler, node: nodes.Lambda) -> Closure:
    code = compile_function(compiler, node.function)
    variable = compiler.block.find(THIS)
    if variable is None or not mentions_this(node.function.body):
        return lambda frame: code.bind(frame, UNSET)
    this = read_variable(compiler, variable)  # unset where only an inner function gets one
    return lambda frame: code.bind(frame, this(frame))


def compile_function_declaration(compiler: Compiler, node: nodes.FunctionDecl) -> Closure:
    """`def name`: binds the name when executed, yields null."""
    make = compile_lambda(compiler, nodes.Lambda(node.span, node.function))
    put = store(compiler, compiler.block.declare(node.function.name))

    def declare(frame: Frame) -> None:
        put(frame, make(frame))

    return declare


# --- compiling ---


def compile_function(
    compiler: Compiler,
    node: nodes.FunctionNode,
    *,
    is_method: bool = False,
    has_this: bool = True,
) -> FunctionCode:
    """The shared code of all functions made from *node*.

    Its body is compiled later (`Compiler.finish`), so that functions inside functions do not use
    up Python's stack; until then nothing but `name` and `node` may be asked for. A method that
    has no `this` takes its receiver all the same, and cannot name it.
    """
    code = FunctionCode()
    code.name, code.node = node.name, node
    block = Block(compiler.block, file=compiler.scopes.file, is_function=True)
    block.is_method = is_method and has_this
    receiver = THIS if has_this else HIDDEN
    compiler.later(block, lambda: _complete(compiler, code, block, receiver if is_method else None))
    return code


def _complete(compiler: Compiler, code: FunctionCode, block: Block, receiver: str | None) -> None:
    """Compile the body of *code*, a function whose root block is *block*."""
    node = code.node
    uses_this = receiver is not None or mentions_this(node.body)
    if uses_this:
        block.declare(receiver or THIS)
    signature = Signature(block.size, node.name)
    implicit = _declare_parameters(block, node, signature)
    compiler.scopes.declare_function(node, block)
    body = _compile_inside(compiler, node, signature)
    signature.size = block.size
    if node.return_type is not None:
        body.wrap(partial(_checked_return, compiler, node, node.return_type))
    _fill(compiler, code, signature, body, uses_this=uses_this, implicit=implicit)


def _declare_parameters(block: Block, node: nodes.FunctionNode, signature: Signature) -> bool:
    """Declare the parameters; whether there is only the implicit `it`."""
    for param in node.params:
        variable = block.declare(param.name)
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
    """Whether a block without parameters reads `it` (calling `it(...)` does not count).

    Blocks in it that have no parameters either read an `it` of their own.
    """
    from ..scopes import children

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
        if node.__class__ is nodes.FunctionNode and _has_own_it(node):
            continue
        pending.extend(children(node))
    return False


def _has_own_it(node: nodes.FunctionNode) -> bool:
    if node.params:
        return any(param.name == "it" for param in node.params)
    return bool(node.name == "<lambda>")


def _compile_inside(
    compiler: Compiler, node: nodes.FunctionNode, signature: Signature
) -> FunctionBody:
    positional = [param for param in node.params if not param.is_block]
    for param in positional:
        default = None if param.default is None else compiler.expr(param.default)
        signature.defaults.append(default)
        signature.required += default is None
    if len(signature.names) > len(positional):  # the implicit `it`
        signature.defaults.append(lambda frame: None)
    return FunctionBody(tail_writer(compiler, node.body.statements))


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


def _fill(
    compiler: Compiler,
    code: FunctionCode,
    signature: Signature,
    body: FunctionBody,
    *,
    uses_this: bool,
    implicit: bool,
) -> None:
    machine, node, skips = compiler.machine, code.node, compiler.skips
    code.required = signature.required
    code.auto = signature.required == 0
    code.skips = skips
    plain = implicit or (
        not signature.block_index and not any(param.default is not None for param in node.params)
    )
    code.arity = len(signature.names) if plain else -1
    code.is_leaf = code.arity >= 0 and not body.calls
    code.loop = None
    if code.arity == 1 and not skips:
        code.loop = looper(machine, body, signature, with_this=uses_this)
    if uses_this:
        call = method_caller(machine, node.name, body, signature)
        invoke = _entry(machine, code, body, signature, call, with_this=True)
        code.as_method = (invoke, call)
        code.bind = _binder_with_this(code, body_skips=skips)
    else:
        call = make_caller(machine, node.name, body, signature)
        invoke = _entry(machine, code, body, signature, call, with_this=False)
        code.as_method = (_ignoring_this(invoke), _call_ignoring_this(call))
        code.bind = _binder(code, invoke, call, body_skips=skips)


def _entry(
    machine: Machine,
    code: FunctionCode,
    body: FunctionBody,
    signature: Signature,
    call: Any,
    *,
    with_this: bool,
) -> Any:
    """The maker of `invoke`; of a function with defaults or a block parameter, through `call`."""
    if code.arity >= 0:
        pad = signature.size - signature.base - code.arity
        return make_invoker(machine, code.name, body, pad, code.arity, with_this=with_this)
    return _method_through_call(call) if with_this else _through_call(call)


def _through_call(make_call: Any) -> Any:
    def make(frame: Frame) -> Callable[..., Value]:
        call = make_call(frame)
        return lambda *arguments: call(list(arguments), None, None)

    return make


def _method_through_call(make_call: Any) -> Any:
    def make(frame: Frame) -> Callable[..., Value]:
        call = make_call(frame)
        return lambda this, *arguments: call(this, list(arguments), None, None)

    return make


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


def _binder(code: FunctionCode, invoker: Any, caller: Any, *, body_skips: bool) -> Any:
    if not body_skips:
        return lambda frame, this: Function(code, frame, this, invoker(frame), caller(frame), None)

    def bind(frame: Frame, this: Value) -> Function:
        raw = invoker(frame)
        call = without_skip(caller(frame))
        return Function(code, frame, this, without_skip(raw), call, raw)

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
        return Function(code, frame, this, without_skip(raw), without_skip(call), raw)

    return bind
