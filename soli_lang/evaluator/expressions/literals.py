"""Literals, interpolation, comprehensions, indexing and block expressions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...base.errors import CapabilityError, SoliError, SoliIndexError, SoliTypeError
from ...machine.machine import CROWDED
from ...tree import nodes
from ...values.display import error_text
from ...values.kinds import to_key, type_name
from ...values.objects import ErrorValue, Instance
from ...values.values import BoolKey, DecimalKey, Symbol, Value
from ..compiler import Closure, Compiler, Frame, Tables, register
from ..statements.bodies import body_tail
from ..statements.loops import iterable_of

__all__ = ["index_value", "install"]


LARGE_LITERAL = 64
"""Items or entries from which on a literal is paid for each time."""


def install(tables: Tables) -> None:
    expressions = tables.expressions
    tables.element_reader = element_reader
    register(expressions, nodes.Literal)(_literal)
    register(expressions, nodes.ArrayLiteral)(_array)
    register(expressions, nodes.HashLiteral)(_hash)
    register(expressions, nodes.ArrayComprehension)(_array_comprehension)
    register(expressions, nodes.HashComprehension)(_hash_comprehension)
    register(expressions, nodes.Index)(compile_index)
    register(expressions, nodes.SafeIndex)(compile_index)
    register(expressions, nodes.BlockExpr)(_block_expression)
    register(expressions, nodes.Rescue)(_rescue)
    register(expressions, nodes.ShellCommand)(_shell_command)
    register(expressions, nodes.Unsupported)(_unsupported)


def _literal(compiler: Compiler, node: nodes.Literal) -> Closure:
    value = node.value
    return lambda frame: value


def _array(compiler: Compiler, node: nodes.ArrayLiteral) -> Closure:
    if any(item.__class__ is nodes.Spread for item in node.items):
        return _array_with_spread(compiler, node)
    items = tuple(compiler.expr(item) for item in node.items)
    if not items:
        return lambda frame: []
    if len(items) == 1:
        only = items[0]
        return lambda frame: [only(frame)]
    return _charged(compiler, len(items), lambda frame: [item(frame) for item in items])


def _charged(compiler: Compiler, size: int, build: Closure) -> Closure:
    """*build*, paid for when it makes more than a few values: a step of its own is for a few."""
    if size <= LARGE_LITERAL:
        return build
    machine = compiler.machine

    def charged(frame: Frame) -> Value:
        machine.check_length(8 * size)
        machine.spend(size)
        return build(frame)

    return charged


def _array_with_spread(compiler: Compiler, node: nodes.ArrayLiteral) -> Closure:
    machine, source = compiler.machine, compiler.source
    items = tuple(
        (True, compiler.expr(item.value), item.span)
        if isinstance(item, nodes.Spread)
        else (False, compiler.expr(item), item.span)
        for item in node.items
    )

    def build(frame: Frame) -> Value:
        result: list[Value] = []
        for is_spread, value, span in items:
            found = value(frame)
            if not is_spread:
                result.append(found)
            elif found.__class__ is list:
                try:
                    machine.check_growth(8 * (len(result) + len(found)))
                    machine.spend(len(found) >> 3)
                    machine.claim(8 * len(found))
                except SoliError as error:
                    error.locate(span, source)
                    raise
                result.extend(found)
            else:
                raise SoliTypeError("cannot spread non-array value", span, source)
        return result

    return build


def _hash(compiler: Compiler, node: nodes.HashLiteral) -> Closure:
    if not node.pairs:
        return lambda frame: {}
    constant_keys = [
        key.value
        for key, _ in node.pairs
        if key.__class__ is nodes.Literal and key.value.__class__ in (str, int)
    ]
    values = tuple(compiler.expr(value) for _, value in node.pairs)
    if len(constant_keys) == len(values):
        return _charged(compiler, len(values), _hash_of_constants(constant_keys, values))
    keys = tuple((compiler.expr(key), key.span) for key, _ in node.pairs)
    source = compiler.source

    def build(frame: Frame) -> Value:
        result = {}
        for (key, span), value in zip(keys, values, strict=True):
            found = key(frame)
            if found.__class__ is not str:
                try:
                    found = to_key(found)
                except SoliError as error:
                    error.locate(span, source)
                    raise
            result[found] = value(frame)
        return result

    return _charged(compiler, len(keys), build)


def _hash_of_constants(keys: list[Any], values: tuple[Closure, ...]) -> Closure:
    if len(keys) == 1:
        key, value = keys[0], values[0]
        return lambda frame: {key: value(frame)}
    if len(keys) == 2:
        (first_key, second_key), (first, second) = keys, values
        return lambda frame: {first_key: first(frame), second_key: second(frame)}
    pairs = tuple(zip(keys, values, strict=True))
    return lambda frame: {key: value(frame) for key, value in pairs}


def _comprehension_source(compiler: Compiler, node: Any) -> tuple[Closure, Any]:
    return iterable_of(compiler, node.iterable), compiler.scopes.of(node)


def _array_comprehension(compiler: Compiler, node: nodes.ArrayComprehension) -> Closure:
    iterable, block = _comprehension_source(compiler, node)
    element = compiler.within(block, lambda: compiler.expr(node.element))
    accept = _filter(compiler, node, block)
    turn = _turns(compiler, block, node.variable)

    def build(frame: Frame) -> Value:
        return [
            element(inner)
            for inner in turn(frame, iterable(frame))
            if accept is None or accept(inner)
        ]

    return build


def _hash_comprehension(compiler: Compiler, node: nodes.HashComprehension) -> Closure:
    iterable, block = _comprehension_source(compiler, node)
    key = compiler.within(block, lambda: compiler.expr(node.key))
    value = compiler.within(block, lambda: compiler.expr(node.value))
    accept = _filter(compiler, node, block)
    turn = _turns(compiler, block, node.variable)
    span, source, machine = node.key.span, compiler.source, compiler.machine

    def build(frame: Frame) -> Value:
        result: dict[Any, Value] = {}
        for inner in turn(frame, iterable(frame)):
            if accept is not None and not accept(inner):
                continue
            try:
                found = to_key(key(inner))
            except SoliError as error:
                error.locate(span, source)
                raise
            result[found] = value(inner)
            if found.__class__ is int and len(result) > CROWDED:
                machine.check_time()
        return result

    return build


def _filter(compiler: Compiler, node: Any, block: Any) -> Closure | None:
    if node.condition is None:
        return None
    return compiler.within(block, lambda: compiler.condition(node.condition))  # type: ignore[no-any-return]


def _turns(compiler: Compiler, block: Any, variable: str) -> Any:
    """A generator of the frames in which a comprehension's turns run."""
    machine = compiler.machine
    own_frame = block.frame is block
    size, index = block.size, block.names[variable].index

    def turn(frame: Frame, values: Any) -> Any:
        for item in values:
            machine.fuel -= 1
            if machine.fuel <= 0:
                machine.refuel()
            inner = [frame] + [None] * (size - 1) if own_frame else frame
            inner[index] = item
            yield inner

    return turn


# --- indexing ---


def compile_index(compiler: Compiler, node: nodes.Index | nodes.SafeIndex) -> Closure:
    element = element_reader(compiler, node)
    target, index = compiler.expr(node.object), compiler.expr(node.index)
    return lambda frame: element(target(frame), index(frame))


def element_reader(compiler: Compiler, node: nodes.Index | nodes.SafeIndex) -> Any:
    """(value, index) -> the element; of null null, when *node* is a `SafeIndex`."""
    span, source, is_safe = node.span, compiler.source, isinstance(node, nodes.SafeIndex)
    machine = compiler.machine

    def element(value: Value, at: Value) -> Value:
        kind = value.__class__
        if kind is dict:
            if at.__class__ is str:
                return value.get(at)
            if at.__class__ is int:
                if len(value) > CROWDED:
                    machine.check_time()
                return value.get(at)
        elif kind is list:
            if at.__class__ is int and -len(value) <= at < len(value):
                return value[at]
        elif value is None and is_safe:
            return None
        try:
            return index_value(value, at)
        except SoliError as error:
            error.locate(span, source)
            raise

    return element


_HASHABLE = frozenset({str, int, type(None), Symbol, bool, Decimal, BoolKey, DecimalKey})


def index_value(value: Value, index: Value) -> Value:
    """`value[index]` (spec/language.md §3.7-3.9, §4.8)."""
    kind = value.__class__
    if kind is dict:
        return value.get(to_key(index)) if index.__class__ in _HASHABLE else None
    if kind is list or kind is str or kind is bytes:
        if index.__class__ is not int:
            raise SoliTypeError(f"cannot index {type_name(value)} with {type_name(index)}")
        if not -len(value) <= index < len(value):
            raise SoliIndexError(f"Index out of bounds: {index} (length {len(value)})")
        return value[index]
    if isinstance(value, ErrorValue) and index.__class__ is int:
        return index_value(error_text(value), index)
    if isinstance(value, Instance) and index.__class__ in (str, Symbol):
        return value.fields.get(index if isinstance(index, str) else index.name)
    raise SoliTypeError(f"cannot index {type_name(value)}")


# --- the rest ---


def _block_expression(compiler: Compiler, node: nodes.BlockExpr) -> Closure:
    """`return v` inside ends only the block with v, `break` and `next` end it with null."""
    from ...values.values import SKIP

    run: Closure

    def complete() -> None:
        nonlocal run
        run = body_tail(compiler, node.body)

    compiler.later(compiler.block, complete)

    def evaluate(frame: Frame) -> Value:
        value = run(frame)
        return None if value is SKIP else value

    return evaluate


def _rescue(compiler: Compiler, node: nodes.Rescue) -> Closure:
    from ...machine.machine import UNCATCHABLE

    body, fallback = compiler.expr(node.body), compiler.expr(node.fallback)

    def attempt(frame: Frame) -> Value:
        try:
            return body(frame)
        except SoliError as error:
            if isinstance(error, UNCATCHABLE):
                raise
        return fallback(frame)

    return attempt


def _shell_command(compiler: Compiler, node: nodes.ShellCommand) -> Closure:
    """Backticks run through `System.shell_sync`, if the host grants a shell by its name."""
    text = compiler.expr(nodes.Interpolation(node.span, node.parts))
    machine, span, source = compiler.machine, node.span, compiler.source

    def run(frame: Frame) -> Value:
        command = text(frame)
        try:
            system = machine.globals.get("System")
            shell = system.statics.get("shell_sync") if system is not None else None
            if shell is None:
                raise CapabilityError("a command in backticks needs the library's System class")
            machine.capabilities.require("shell", "a command in backticks")
            return shell.invoke(command)
        except SoliError as error:
            error.locate(span, source)
            raise

    return run


def _unsupported(compiler: Compiler, node: nodes.Unsupported) -> Closure:
    span, source, message = node.span, compiler.source, node.message

    def refuse(frame: Frame) -> Value:
        raise SoliTypeError(message, span, source)

    return refuse
