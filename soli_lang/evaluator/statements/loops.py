"""`while` and `for` (spec/language.md §5.3)."""

from __future__ import annotations

from ...base.errors import SoliError, SoliTypeError
from ...tree import nodes
from ...values.display import to_text
from ...values.kinds import type_name
from ...values.values import UNSET, Value
from ..compiler import Closure, Compiler, Effect, Frame, Tables, register
from ..expressions.arithmetic import make_range
from ..written_out.inline import Inliner
from .bodies import LOOP, BodyWriter, body_effect


def install(tables: Tables) -> None:
    register(tables.effects, nodes.While)(_while)
    register(tables.effects, nodes.For)(_for)


def _loop(
    compiler: Compiler, node: nodes.For | nodes.While, head: str, inliner: Inliner, start: list[str]
) -> Effect:
    """A loop's closure: *head* is its Python header, *start* what each turn begins with."""
    machine, site = inliner.bind(compiler.machine), inliner.bind(compiler.place(node))
    writer = BodyWriter(compiler, LOOP, inliner)
    block = compiler.scopes.of(node.body)
    compiler.loops += 1
    if block.frame is block:
        writer.run(body_effect(compiler, node.body))
    else:
        compiler.within(block, lambda: writer.statements(node.body.statements))
    compiler.loops -= 1
    run = inliner.make(
        "try:",
        f"    {head}",
        f"        fuel = {machine}.fuel - 1",
        f"        {machine}.fuel = fuel",
        f"        if fuel <= 0: {machine}.refuel()",
        *(f"        {line}" for line in (*start, *writer.lines)),
        "except SoliError as error:",
        f"    error.locate(*{site})",  # a limit that ends in a loop is reported at the loop
        "    raise",
    )
    return Effect(run, signals=writer.signals)


def _while(compiler: Compiler, node: nodes.While) -> Effect:
    inliner = Inliner(compiler)
    return _loop(compiler, node, f"while {inliner.truth(node.condition)}:", inliner, [])


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
    """`for x in xs`, `for x, i in xs`; a frame of its own each turn when closures keep `x`."""
    inliner = Inliner(compiler)
    iterable = inliner.bind(iterable_of(compiler, node.iterable))
    block = compiler.scopes.of(node)
    item = f"frame[{block.names[node.variable].index}]"
    head, start = f"for item in {iterable}(frame):", []
    if block.frame is block:
        head = f"outer = frame\n            {head}"
        start = [f"frame = [outer, *{inliner.bind((UNSET,) * (block.size - 1))}]"]
    start.append(f"{item} = item")
    if node.index is not None:
        head = head.replace(
            f"for item in {iterable}(frame)", f"for position, item in enumerate({iterable}(frame))"
        )
        start.append(f"frame[{block.names[node.index].index}] = position")
    return compiler.within(block, lambda: _loop(compiler, node, head, inliner, start))  # type: ignore[no-any-return]
