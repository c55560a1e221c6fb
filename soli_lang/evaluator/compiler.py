"""Dispatch from node classes to the functions that make closures, and what those share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from typing import Any

from ..base.errors import SoliError, SoliNameError
from ..base.source import Source, Span
from ..machine.machine import BYTES_PER_CLOSURE, STEPS_PER_CLOSURE, Machine, is_paid
from ..tree import nodes
from ..values.semantics import is_truthy
from ..values.values import Sentinel, Value
from .scopes import Block, Scopes

Frame = list[Any]
Closure = Callable[[Frame], Value]
Maker = Callable[["Compiler", Any], Closure]

BREAK = Sentinel("break")
NEXT = Sentinel("next")


class Effect:
    """A statement compiled to run for its effect.

    `signals`: `run` may return BREAK, NEXT or a one-tuple (a `return`); otherwise its result
    means nothing.
    """

    __slots__ = ("run", "signals")

    def __init__(self, run: Closure, *, signals: bool = False) -> None:
        self.run = run
        self.signals = signals


def _not_installed(*_: Any) -> Any:
    raise AssertionError("a module of the evaluator was not installed")


class Tables:
    """Node class -> what compiles it. Filled by the modules of this package, once."""

    def __init__(self) -> None:
        self.expressions: dict[type, Maker] = {}
        self.effects: dict[type, Callable[[Compiler, Any], Effect]] = {}
        self.tails: dict[type, Maker] = {}
        self.conditions: dict[type, Maker] = {}
        self.super_method_call: Callable[[Compiler, Any, Any], Closure] = _not_installed
        self.inlined: frozenset[type] = frozenset()
        self.inline: Maker = _not_installed
        self.call_lines: Callable[[Compiler, Any, Any], list[str] | None] = _not_installed
        """(compiler, inliner, call) -> Python lines of a call for its effect, or None."""
        self.slow_operator: Callable[[Compiler, Any], Any] = _not_installed
        self.element_reader: Callable[[Compiler, Any], Any] = _not_installed
        self.member_reader: Callable[[Compiler, Any], Any] = _not_installed
        self.member_writer: Callable[[Compiler, Any], Any] = _not_installed
        self.element_writer: Callable[[Compiler, Any], Any] = _not_installed


class Compiler:
    """Makes closures for one file. `block` is the lexical block that is being compiled."""

    def __init__(self, machine: Machine, source: Source, scopes: Scopes, tables: Tables) -> None:
        self.machine = machine
        self.source = source
        self.scopes = scopes
        self.tables = tables
        self._is_paid = is_paid(source)
        self.block = Block(None, file=scopes.file)
        self.ready: dict[int, tuple[Any, Closure]] = {}
        """Closures made in advance, by the identity of their node (kept, so that it stays one)."""
        self.skips = False
        """Whether the function being compiled may end in a stray `next` or `break`."""
        self.loops = 0
        """Loops of the current function around what is being compiled."""
        self._waiting: list[tuple[Block, Callable[[], None]]] = []

    # --- the four ways to compile a node -------------------------------------------------------

    def expr(self, node: Any) -> Closure:
        """*node* for its value."""
        if self._is_paid:
            self.machine.spend(STEPS_PER_CLOSURE)
            self.machine.claim(BYTES_PER_CLOSURE)
        if id(node) in self.ready:
            return self.ready.pop(id(node))[1]
        if node.__class__ in self.tables.inlined:
            return self.tables.inline(self, node)
        maker = self.tables.expressions.get(node.__class__)
        # Not through `closure`: nested constructs would need one more of Python's calls for each.
        return self.closure(node) if maker is None else maker(self, node)

    def closure(self, node: Any) -> Closure:
        """*node* for its value, in general: what inlined text falls back on."""
        maker = self.tables.expressions.get(node.__class__)
        if maker is None:
            raise AssertionError(f"no closure for the expression {node.__class__.__name__}")
        return maker(self, node)

    def slow_operator(self, node: nodes.Binary) -> Any:
        """(left value, right value) -> result of a binary operator, for any operands."""
        return self.tables.slow_operator(self, node)

    def element_reader(self, node: Any) -> Any:
        """(value, index) -> element, for an indexing node."""
        return self.tables.element_reader(self, node)

    def member_reader(self, node: Any) -> Any:
        """(value) -> member, for a member access without parentheses."""
        return self.tables.member_reader(self, node)

    def member_writer(self, node: Any) -> Any:
        """(receiver, value) -> None, for assigning to a member."""
        return self.tables.member_writer(self, node)

    def element_writer(self, node: Any) -> Any:
        """(collection, index, value) -> None, for assigning to an element."""
        return self.tables.element_writer(self, node)

    def condition(self, node: Any) -> Closure:
        """*node* for its truth: the closure's result is to Python as true as it is to Soli."""
        maker = self.tables.conditions.get(node.__class__)
        if maker is not None:
            return maker(self, node)
        value = self.expr(node)

        def truth(frame: Frame) -> Value:
            result = value(frame)
            if result.__class__ is bool:
                return result
            return is_truthy(result)

        return truth

    def effect(self, node: Any) -> Effect:
        """*node* for what it does."""
        maker = self.tables.effects.get(node.__class__)
        if maker is not None:
            return maker(self, node)
        return Effect(self.expr(node))

    def tail(self, node: Any) -> Closure:
        """*node* as the last statement of a function: the closure's result is the function's."""
        maker = self.tables.tails.get(node.__class__)
        if maker is not None:
            return maker(self, node)
        if node.__class__ in self.tables.effects:
            return self.tail_of_effect(self.tables.effects[node.__class__](self, node))
        return self.expr(node)

    def tail_of_effect(self, effect: Effect) -> Closure:
        """A function that ends in *effect* returns what that returned, else null."""
        run = effect.run
        if not effect.signals:

            def run_only(frame: Frame) -> Value:
                run(frame)
                return None

            return run_only

        def unwrap(frame: Frame) -> Value:
            signal = run(frame)
            return signal[0] if signal.__class__ is tuple else None

        return unwrap

    # --- scopes ----------------------------------------------------------------------------------

    def within(self, block: Block, make: Callable[[], Any]) -> Any:
        """What *make* compiles, in *block*."""
        outer = self.block
        self.block = block
        try:
            return make()
        finally:
            self.block = outer

    # --- bodies ----------------------------------------------------------------------------------

    def later(self, block: Block, make: Callable[[], None]) -> None:
        """Have `finish` call *make*, which compiles a body that stands in *block*.

        So functions in functions do not use up Python's stack.
        """
        self._waiting.append((block, make))

    def finish(self) -> None:
        """Compile what was put off, and what that puts off."""
        outer = (self.block, self.skips, self.loops)
        while self._waiting:
            self.block, make = self._waiting.pop()
            self.skips, self.loops = False, 0
            make()
        self.block, self.skips, self.loops = outer

    # --- errors ----------------------------------------------------------------------------------

    def place(self, node: nodes.Node) -> tuple[Span, Source]:
        """Where *node* stands, as `SoliError.locate` takes it."""
        return (node.span, self.source)

    def failure(self, error: SoliError, span: Span) -> SoliError:
        """*error*, located."""
        error.locate(span, self.source)
        return error

    def undefined(
        self, name: str, span: Span, block: Block, names: Set[str] | None = None
    ) -> SoliNameError:
        """`Undefined variable 'name'`, with the nearest known name as a hint.

        *names* are those to choose it from; by default all that are visible in *block*.
        """
        from ..base.foreign_words import foreign_hint  # only needed for what is wrong
        from ..base.near_names import did_you_mean

        known = names or {*block.visible_names(), *self.machine.globals}
        hint = foreign_hint(name, self.source.text[span.end : span.end + 1])
        hint = hint or did_you_mean(name, known)
        return SoliNameError(f"Undefined variable '{name}'", span, self.source, hint=hint)


def register(
    table: dict[type, Any], *kinds: type[nodes.Node]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated function into *table* for these node classes."""

    def put(maker: Callable[..., Any]) -> Callable[..., Any]:
        for kind in kinds:
            if kind in table:
                raise AssertionError(f"{kind.__name__} is compiled twice")
            table[kind] = maker
        return maker

    return put


def sequence(effects: Iterable[Effect]) -> Effect:
    """Effects one after another; stops at the first signal."""
    steps = list(effects)
    if not steps:
        return Effect(lambda frame: None)
    if len(steps) == 1:
        return steps[0]
    if not any(step.signals for step in steps):
        return Effect(_plain_sequence([step.run for step in steps]))
    return Effect(_signalling_sequence(steps), signals=True)


def _plain_sequence(runs: list[Closure]) -> Closure:
    if len(runs) == 2:
        first, second = runs

        def run_two(frame: Frame) -> None:
            first(frame)
            second(frame)

        return run_two
    if len(runs) == 3:
        first, second, third = runs

        def run_three(frame: Frame) -> None:
            first(frame)
            second(frame)
            third(frame)

        return run_three
    steps = tuple(runs)

    def run_all(frame: Frame) -> None:
        for step in steps:
            step(frame)

    return run_all


def _signalling_sequence(steps: list[Effect]) -> Closure:
    if len(steps) == 2:
        first, second = steps
        run_first, run_second = first.run, second.run
        if first.signals and second.signals:

            def run_both(frame: Frame) -> Value:
                signal = run_first(frame)
                if signal is not None:
                    return signal
                return run_second(frame)

            return run_both
    pairs = tuple((step.run, step.signals) for step in steps)

    def run_steps(frame: Frame) -> Value:
        for run, signals in pairs:
            signal = run(frame)
            if signals and signal is not None:
                return signal
        return None

    return run_steps
