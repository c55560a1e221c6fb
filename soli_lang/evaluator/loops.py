"""`while` and `for` (spec/language.md §5.3)."""

from __future__ import annotations

from .. import nodes
from ..errors import SoliError, SoliTypeError
from ..semantics import to_text, type_name
from ..values import UNSET, Value
from .arithmetic import make_range
from .bodies import body_effect
from .compiler import BREAK, NEXT, Closure, Compiler, Effect, Frame, Tables, register
from .scopes import Block


def install(tables: Tables) -> None:
    register(tables.effects, nodes.While)(_while)
    register(tables.effects, nodes.For)(_for)


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
    if isinstance(node, nodes.Binary) and node.operator == "..":
        first, last = compiler.expr(node.left), compiler.expr(node.right)
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
