"""Simple statements and `if` (spec/language.md §5.1-5.2, §5.4)."""

from __future__ import annotations

from typing import Any

from ...base.errors import SoliTypeError
from ...tree import nodes
from ...values.semantics import is_truthy
from ...values.values import SKIP, Value
from ..compiler import BREAK, NEXT, Closure, Compiler, Effect, Frame, Tables, register, sequence
from ..expressions.names import store
from .bodies import body_effect, body_tail


def install(tables: Tables) -> None:
    effects, tails = tables.effects, tables.tails
    register(effects, nodes.Let)(_let)
    register(effects, nodes.Const)(_const)
    register(effects, nodes.If)(_if)
    register(effects, nodes.Return)(_return)
    register(effects, nodes.Break)(lambda compiler, node: _leave(compiler, BREAK))
    register(effects, nodes.Next)(lambda compiler, node: _leave(compiler, NEXT))
    register(effects, nodes.BlockStmt)(lambda compiler, node: body_effect(compiler, node.body))
    register(effects, nodes.Export)(lambda compiler, node: compiler.effect(node.declaration))
    register(effects, nodes.Import)(lambda compiler, node: sequence([]))
    register(effects, nodes.InterfaceDecl)(lambda compiler, node: sequence([]))
    register(effects, nodes.Logical)(_logical_effect)
    register(tails, nodes.If)(_if_tail)
    register(tails, nodes.Return)(_return_tail)
    register(tails, nodes.Break)(lambda compiler, node: _skip_tail(compiler))
    register(tails, nodes.Next)(lambda compiler, node: _skip_tail(compiler))
    register(tails, nodes.Logical)(_logical_tail)
    register(tails, nodes.BlockStmt)(lambda compiler, node: body_tail(compiler, node.body))
    register(tables.expressions, nodes.Next)(_misplaced_next)


def _let(compiler: Compiler, node: nodes.Let) -> Effect:
    value = (lambda frame: None) if node.value is None else compiler.expr(node.value)
    variable = compiler.block.declare(node.name)
    variable.is_const = False
    return Effect(_declare(compiler, variable, value))


def _const(compiler: Compiler, node: nodes.Const) -> Effect:
    value = compiler.expr(node.value)
    variable = compiler.block.declare(node.name)
    variable.is_const = True
    return Effect(_declare(compiler, variable, value))


def _declare(compiler: Compiler, variable: Any, value: Closure) -> Closure:
    put = store(compiler, variable)

    def declare(frame: Frame) -> None:
        put(frame, value(frame))

    return declare


def _return(compiler: Compiler, node: nodes.Return) -> Effect:
    if node.value is None:
        return Effect(lambda frame: (None,), signals=True)
    value = compiler.expr(node.value)
    return Effect(lambda frame: (value(frame),), signals=True)


def _return_tail(compiler: Compiler, node: nodes.Return) -> Closure:
    return (lambda frame: None) if node.value is None else compiler.expr(node.value)


def _leave(compiler: Compiler, signal: Any) -> Effect:
    if compiler.loops == 0:
        compiler.skips = True
    return Effect(lambda frame: signal, signals=True)


def _skip_tail(compiler: Compiler) -> Closure:
    compiler.skips = True
    return lambda frame: SKIP


def _misplaced_next(compiler: Compiler, node: nodes.Next) -> Closure:
    span, source = node.span, compiler.source

    def refuse(frame: Frame) -> Value:
        raise SoliTypeError("'next' can only be a statement of its own", span, source)

    return refuse


def _logical_effect(compiler: Compiler, node: nodes.Logical) -> Effect:
    """`c && next`: the right side as a statement (spec §5.3 allows `next` as an operand)."""
    if node.right.__class__ is not nodes.Next or node.operator == "??":
        return Effect(compiler.expr(node))
    condition = compiler.condition(node.left)
    run = compiler.effect(node.right).run
    wanted = node.operator == "&&"

    def maybe(frame: Frame) -> Value:
        return run(frame) if bool(condition(frame)) is wanted else None

    return Effect(maybe, signals=True)


def _logical_tail(compiler: Compiler, node: nodes.Logical) -> Closure:
    if node.right.__class__ is not nodes.Next or node.operator == "??":
        return compiler.expr(node)
    compiler.skips = True
    left, wanted = compiler.expr(node.left), node.operator == "&&"

    def maybe(frame: Frame) -> Value:
        value = left(frame)
        return SKIP if is_truthy(value) is wanted else value

    return maybe


def _if(  # noqa: C901 - variants of one closure
    compiler: Compiler, node: nodes.If
) -> Effect:
    condition = compiler.condition(node.condition)
    then = body_effect(compiler, node.then)
    run_then = then.run
    if node.otherwise is None:
        if then.signals:

            def maybe(frame: Frame) -> Value:
                return run_then(frame) if condition(frame) else None

            return Effect(maybe, signals=True)

        def only(frame: Frame) -> None:
            if condition(frame):
                run_then(frame)

        return Effect(only)
    otherwise = body_effect(compiler, node.otherwise)
    run_otherwise = otherwise.run
    if not then.signals and not otherwise.signals:

        def choose(frame: Frame) -> None:
            if condition(frame):
                run_then(frame)
            else:
                run_otherwise(frame)

        return Effect(choose)
    then_signals, otherwise_signals = then.signals, otherwise.signals

    def branch(frame: Frame) -> Value:
        if condition(frame):
            signal = run_then(frame)
            return signal if then_signals else None
        signal = run_otherwise(frame)
        return signal if otherwise_signals else None

    return Effect(branch, signals=True)


def _if_tail(compiler: Compiler, node: nodes.If) -> Closure:
    condition = compiler.condition(node.condition)
    then = body_tail(compiler, node.then)
    if node.otherwise is None:

        def maybe(frame: Frame) -> Value:
            return then(frame) if condition(frame) else None

        return maybe
    otherwise = body_tail(compiler, node.otherwise)

    def choose(frame: Frame) -> Value:
        return then(frame) if condition(frame) else otherwise(frame)

    return choose
