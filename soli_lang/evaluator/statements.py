"""Statements: for their effect, and as the end of a function (spec/language.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import nodes
from ..errors import SoliError, SoliTypeError, Thrown
from ..machine import UNCATCHABLE
from ..objects import Instance
from ..semantics import to_text, type_name
from ..values import SKIP, UNSET, Value
from .compiler import BREAK, NEXT, Closure, Compiler, Effect, Frame, Tables, register, sequence
from .names import store
from .scopes import Block


def install(tables: Tables) -> None:
    effects, tails = tables.effects, tables.tails
    register(effects, nodes.Let)(_let)
    register(effects, nodes.Const)(_const)
    register(effects, nodes.If)(_if)
    register(effects, nodes.While)(_while)
    register(effects, nodes.For)(_for)
    register(effects, nodes.Return)(_return)
    register(effects, nodes.Break)(lambda compiler, node: _leave(compiler, BREAK))
    register(effects, nodes.Next)(lambda compiler, node: _leave(compiler, NEXT))
    register(effects, nodes.Throw)(_throw)
    register(effects, nodes.Try)(_try)
    register(effects, nodes.BlockStmt)(lambda compiler, node: body_effect(compiler, node.body))
    register(effects, nodes.Export)(lambda compiler, node: compiler.effect(node.declaration))
    register(effects, nodes.Import)(lambda compiler, node: sequence([]))
    register(effects, nodes.InterfaceDecl)(lambda compiler, node: sequence([]))
    register(effects, nodes.Logical)(_logical_effect)
    register(tails, nodes.If)(_if_tail)
    register(tails, nodes.Return)(_return_tail)
    register(tails, nodes.Break)(lambda compiler, node: _skip_tail(compiler))
    register(tails, nodes.Next)(lambda compiler, node: _skip_tail(compiler))
    register(tails, nodes.Try)(_try_tail)
    register(tails, nodes.Logical)(lambda compiler, node: compiler.expr(node))
    register(tails, nodes.BlockStmt)(lambda compiler, node: body_tail(compiler, node.body))
    register(tables.expressions, nodes.Next)(_misplaced_next)


# --- bodies ------------------------------------------------------------------------------------------


def in_frame(block: Block, run: Closure) -> Closure:
    """*run* in a new frame when *block* has one of its own."""
    if block.frame is not block:
        return run
    pad = (UNSET,) * (block.size - 1)
    return lambda frame: run([frame, *pad])


def body_effect(compiler: Compiler, body: nodes.Body) -> Effect:
    block = compiler.scopes.of(body)
    effect = compiler.within(
        block, lambda: sequence([compiler.effect(statement) for statement in body.statements])
    )
    return Effect(in_frame(block, effect.run), signals=effect.signals)


def body_tail(compiler: Compiler, body: nodes.Body) -> Closure:
    block = compiler.scopes.of(body)
    return in_frame(block, compiler.within(block, lambda: tail_sequence(compiler, body.statements)))


def tail_sequence(compiler: Compiler, statements: Sequence[Any]) -> Closure:
    """Statements whose last one gives the value of the function."""
    if not statements:
        return lambda frame: None
    steps = [_tail_step(compiler, statement) for statement in statements[:-1]]
    return _compose(steps, compiler.tail(statements[-1]))


def _tail_step(compiler: Compiler, statement: Any) -> tuple[str, Any, Any]:
    """(`guard`, condition, what it returns), (`signal`, run, -) or (`plain`, run, -)."""
    if (
        statement.__class__ is nodes.If
        and statement.otherwise is None
        and statement.then.statements
        and statement.then.statements[-1].__class__ is nodes.Return
    ):
        condition = compiler.condition(statement.condition)
        return ("guard", condition, body_tail(compiler, statement.then))
    effect = compiler.effect(statement)
    return ("signal" if effect.signals else "plain", effect.run, None)


def _compose(steps: list[tuple[str, Any, Any]], last: Closure) -> Closure:
    """*steps*, then *last*: neighbours of one kind share a closure."""
    if not steps:
        return last
    kind = steps[0][0]
    count = 1
    while count < len(steps) and count < 3 and steps[count][0] == kind:
        count += 1
    rest = _compose(steps[count:], last)
    group = steps[:count]
    if kind == "guard":
        return _guards(group, rest)
    if kind == "plain":
        return _plains([step[1] for step in group], rest)
    run = steps[0][1]
    rest = _compose(steps[1:], last)

    def signalling(frame: Frame) -> Value:
        signal = run(frame)
        if signal is None:
            return rest(frame)
        return signal[0] if signal.__class__ is tuple else SKIP

    return signalling


def _guards(group: list[tuple[str, Any, Any]], rest: Closure) -> Closure:
    _, first, first_value = group[0]
    if len(group) == 1:

        def guard_one(frame: Frame) -> Value:
            return first_value(frame) if first(frame) else rest(frame)

        return guard_one
    _, second, second_value = group[1]
    if len(group) == 2:

        def guard_two(frame: Frame) -> Value:
            if first(frame):
                return first_value(frame)
            return second_value(frame) if second(frame) else rest(frame)

        return guard_two
    _, third, third_value = group[2]

    def guard_three(frame: Frame) -> Value:
        if first(frame):
            return first_value(frame)
        if second(frame):
            return second_value(frame)
        return third_value(frame) if third(frame) else rest(frame)

    return guard_three


def _plains(runs: list[Closure], rest: Closure) -> Closure:
    first = runs[0]
    if len(runs) == 1:

        def plain_one(frame: Frame) -> Value:
            first(frame)
            return rest(frame)

        return plain_one
    second = runs[1]
    if len(runs) == 2:

        def plain_two(frame: Frame) -> Value:
            first(frame)
            second(frame)
            return rest(frame)

        return plain_two
    third = runs[2]

    def plain_three(frame: Frame) -> Value:
        first(frame)
        second(frame)
        third(frame)
        return rest(frame)

    return plain_three


# --- simple statements -----------------------------------------------------------------------------------


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


def _throw(compiler: Compiler, node: nodes.Throw) -> Effect:
    value = compiler.expr(node.value)
    span, source = node.span, compiler.source

    def throw(frame: Frame) -> Value:
        thrown = value(frame)
        raise Thrown(thrown, thrown_text(thrown), span, source)

    return Effect(throw)


def thrown_text(value: Value) -> str:
    """What an uncaught throw of *value* reports (spec/language.md §9.3)."""
    if isinstance(value, Instance):
        message = value.fields.get("message")
        if message is not None:
            return to_text(message)
        return f"<{value.soli_class.name} instance>"
    return to_text(value)


# --- if ------------------------------------------------------------------------------------------------


def _if(compiler: Compiler, node: nodes.If) -> Effect:
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


# --- loops -----------------------------------------------------------------------------------------------


def _loop_body(compiler: Compiler, body: nodes.Body) -> Effect:
    compiler.loops += 1
    try:
        return body_effect(compiler, body)
    finally:
        compiler.loops -= 1


def _while(compiler: Compiler, node: nodes.While) -> Effect:
    machine = compiler.machine
    condition = compiler.condition(node.condition)
    body = _loop_body(compiler, node.body)
    run = body.run
    if not body.signals:

        def loop(frame: Frame) -> None:
            while condition(frame):
                machine.fuel -= 1
                if machine.fuel <= 0:
                    machine.refuel()
                run(frame)

        return Effect(_located_loop(compiler, node, loop))

    def loop_with_signals(frame: Frame) -> Value:
        while condition(frame):
            machine.fuel -= 1
            if machine.fuel <= 0:
                machine.refuel()
            signal = run(frame)
            if signal is not None and signal is not NEXT:
                return None if signal is BREAK else signal
        return None

    return Effect(_located_loop(compiler, node, loop_with_signals), signals=True)


def _located_loop(compiler: Compiler, node: nodes.Node, loop: Closure) -> Closure:
    """A limit that ends in a loop is reported at the loop."""
    span, source = node.span, compiler.source

    def located(frame: Frame) -> Value:
        try:
            return loop(frame)
        except SoliError as error:
            error.locate(span, source)
            raise

    return located


def iterable_of(compiler: Compiler, node: nodes.Expr) -> Closure:
    """What a `for` walks: an array (live), or an `a..b` without making the array."""
    span, source = node.span, compiler.source
    if node.__class__ is nodes.Binary and node.operator == "..":  # type: ignore[attr-defined]
        from .operators import make_range

        first, last = compiler.expr(node.left), compiler.expr(node.right)  # type: ignore[attr-defined]
        machine = compiler.machine

        def lazy(frame: Frame) -> Value:
            start, end = first(frame), last(frame)
            if start.__class__ is int and end.__class__ is int:
                return range(start, end)
            try:
                return make_range(machine, start, end)
            except SoliError as error:
                error.locate(span, source)
                raise

        return lazy
    value = compiler.expr(node)

    def array(frame: Frame) -> Value:
        found = value(frame)
        if found.__class__ is not list:
            raise SoliTypeError(f"cannot iterate over {_iterated(found)}", span, source)
        return found

    return array


def _iterated(value: Value) -> str:
    name = type_name(value)
    if value.__class__ is str:
        return f'{name} "{value}"'
    if value.__class__ in (int, float, bool):
        return f"{name} {to_text(value)}"
    return name


def _for(compiler: Compiler, node: nodes.For) -> Effect:
    iterable = iterable_of(compiler, node.iterable)
    block = compiler.scopes.of(node)
    item_index = block.names[node.variable].index
    body = compiler.within(block, lambda: _loop_body(compiler, node.body))
    if block.frame is block or node.index is not None or block.is_file:
        return _general_for(compiler, node, iterable, block, body)
    machine, run = compiler.machine, body.run
    if not body.signals:

        def loop(frame: Frame) -> None:
            for item in iterable(frame):
                machine.fuel -= 1
                if machine.fuel <= 0:
                    machine.refuel()
                frame[item_index] = item
                run(frame)

        return Effect(_located_loop(compiler, node, loop))

    def loop_with_signals(frame: Frame) -> Value:
        for item in iterable(frame):
            machine.fuel -= 1
            if machine.fuel <= 0:
                machine.refuel()
            frame[item_index] = item
            signal = run(frame)
            if signal is not None and signal is not NEXT:
                return None if signal is BREAK else signal
        return None

    return Effect(_located_loop(compiler, node, loop_with_signals), signals=True)


def _general_for(
    compiler: Compiler, node: nodes.For, iterable: Closure, block: Block, body: Effect
) -> Effect:
    """Loops with an index or with variables that closures keep: a frame of its own each turn."""
    machine, run, signals = compiler.machine, body.run, body.signals
    own_frame = block.frame is block
    pad = (UNSET,) * (block.size - 1)
    item_index = block.names[node.variable].index
    position_index = block.names[node.index].index if node.index is not None else 0

    def loop(frame: Frame) -> Value:
        for position, item in enumerate(iterable(frame)):
            machine.fuel -= 1
            if machine.fuel <= 0:
                machine.refuel()
            inner = [frame, *pad] if own_frame else frame
            inner[item_index] = item
            if position_index:
                inner[position_index] = position
            signal = run(inner)
            if signals and signal is not None and signal is not NEXT:
                return None if signal is BREAK else signal
        return None

    return Effect(_located_loop(compiler, node, loop), signals=signals)


# --- try -------------------------------------------------------------------------------------------------


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
        depth = machine.depth
        try:
            return body(frame)
        except SoliError as error:
            if isinstance(error, UNCATCHABLE):
                raise
            machine.depth = depth
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
    run_final, signals = final.run, final.signals

    def with_final(frame: Frame) -> Value:
        replaced = None
        try:
            result = run(frame)
        finally:
            signal = run_final(frame)
            if signals and signal is not None:
                replaced = signal
                return replaced  # noqa: B012 - the language says that `finally` wins
        return result

    return with_final


def _try_tail(compiler: Compiler, node: nodes.Try) -> Closure:
    """`try … end` yields the value of the body or handler that ran (decision 16)."""
    body = body_tail(compiler, node.body)
    handlers = []
    for handler in node.handlers:
        block = compiler.scopes.of(handler)
        run = compiler.within(block, lambda handler=handler: body_tail(compiler, handler.body))
        handlers.append((handler, run))
    run = _handled(compiler, body, handlers)
    if node.final is None:
        return run
    final = body_effect(compiler, node.final)
    run_final, signals = final.run, final.signals

    def with_final(frame: Frame) -> Value:
        try:
            result = run(frame)
        finally:
            signal = run_final(frame)
            if signals and signal is not None:
                return signal[0] if signal.__class__ is tuple else SKIP  # noqa: B012 - as above
        return result

    return with_final
