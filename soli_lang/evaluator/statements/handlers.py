"""`throw`, `try`, `catch`, `finally` (spec/language.md §5.5, decisions 16 and 18-19)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from ...base.errors import SoliError, Thrown
from ...machine.machine import UNCATCHABLE
from ...tree import nodes
from ...values.display import to_text
from ...values.objects import Instance
from ...values.semantics import Spend
from ...values.values import SKIP, UNSET, Value
from ..compiler import Closure, Compiler, Effect, Frame, Tables, register
from .bodies import body_effect, body_tail


def install(tables: Tables) -> None:
    register(tables.effects, nodes.Throw)(_throw)
    register(tables.effects, nodes.Try)(_try)
    register(tables.tails, nodes.Try)(_try_tail)


def _throw(compiler: Compiler, node: nodes.Throw) -> Effect:
    value = compiler.expr(node.value)
    span, source, spend = node.span, compiler.source, compiler.machine.spend

    def throw(frame: Frame) -> Value:
        thrown = value(frame)
        raise Thrown(thrown, thrown_text(thrown, spend), span, source)

    return Effect(throw)


def thrown_text(value: Value, spend: Spend) -> str:
    """What an uncaught throw of *value* reports (spec/language.md §9.3)."""
    if isinstance(value, Instance):
        message = value.fields.get("message")
        if message is not None:
            return to_text(message, spend)
        return f"<{value.soli_class.name} instance>"
    return to_text(value, spend)


def _try(compiler: Compiler, node: nodes.Try) -> Effect:
    body = body_effect(compiler, node.body)
    handlers = [(handler, body_effect_of_handler(compiler, handler)) for handler in node.handlers]
    run = _handled(
        compiler,
        _signal_or_null(body),
        [(handler, _signal_or_null(effect)) for handler, effect in handlers],
    )
    signals = body.signals or any(effect.signals for _, effect in handlers)
    if node.final is None:
        return Effect(run, signals=signals)
    final = body_effect(compiler, node.final)
    return Effect(_finally(run, final), signals=signals or final.signals)


def _signal_or_null(effect: Effect) -> Closure:
    if effect.signals:
        return effect.run
    run = effect.run

    def quiet(frame: Frame) -> None:
        run(frame)

    return quiet


def body_effect_of_handler(compiler: Compiler, handler: nodes.Handler) -> Effect:
    block = compiler.scopes.of(handler)
    return compiler.within(block, lambda: body_effect(compiler, handler.body))  # type: ignore[no-any-return]


def _handled(
    compiler: Compiler, body: Closure, handlers: list[tuple[nodes.Handler, Closure]]
) -> Closure:
    if not handlers:
        return body
    machine = compiler.machine
    entries = [
        (handler.type_name, _bind_error(compiler, handler, run)) for handler, run in handlers
    ]

    def attempt(frame: Frame) -> Value:
        try:
            return body(frame)
        except SoliError as error:
            if isinstance(error, UNCATCHABLE):
                raise
            value = machine.caught(error)
            for type_name_wanted, handle in entries:
                if type_name_wanted is None or (
                    isinstance(value, Instance) and value.soli_class.is_a(type_name_wanted)
                ):
                    return handle(frame, value)
            raise

    return attempt


def _bind_error(compiler: Compiler, handler: nodes.Handler, run: Closure) -> Any:
    block = compiler.scopes.of(handler)
    index = block.names[handler.variable].index if handler.variable else 0
    own_frame = block.frame is block
    pad = (UNSET,) * (block.size - 1)

    def handle(frame: Frame, value: Value) -> Value:
        inner = [frame, *pad] if own_frame else frame
        if index:
            inner[index] = value
        return run(inner)

    return handle


def _finally(run: Closure, final: Effect) -> Closure:
    """*final* runs on every way out; its own signal or error replaces what was in progress."""
    return _with_final(run, final, lambda signal: signal)


def _with_final(run: Closure, final: Effect, left: Callable[[Any], Value]) -> Closure:
    """*run*, then *final* on every way out; `left` makes a signal of it the result.

    An error that no program may catch is not replaced either (decision 19).
    """
    run_final, signals = final.run, final.signals

    def with_final(frame: Frame) -> Value:
        try:
            result = run(frame)
        except BaseException as error:
            if not isinstance(error, SoliError) or isinstance(error, UNCATCHABLE):
                _finish_regardless(run_final, frame)
                raise
            signal = run_final(frame)
            if signals and signal is not None:
                return left(signal)
            raise
        signal = run_final(frame)
        return left(signal) if signals and signal is not None else result

    return with_final


def _finish_regardless(run_final: Closure, frame: Frame) -> None:
    """Run a `finally` whose own end does not matter."""
    with suppress(SoliError):
        run_final(frame)


def _try_tail(compiler: Compiler, node: nodes.Try) -> Closure:
    """`try … end` yields the value of the body or handler that ran (decision 16)."""
    body = body_tail(compiler, node.body)
    handlers = []
    for handler in node.handlers:
        block = compiler.scopes.of(handler)
        handlers.append(
            (handler, compiler.within(block, partial(body_tail, compiler, handler.body)))
        )
    run = _handled(compiler, body, handlers)
    if node.final is None:
        return run
    final = body_effect(compiler, node.final)
    return _with_final(run, final, lambda signal: signal[0] if signal.__class__ is tuple else SKIP)
