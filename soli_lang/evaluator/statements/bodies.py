"""Bodies: statements in a block, for their effect or as the end of a function.

A body becomes one closure. Its simple statements (assignments, conditions, returns) are lines of
that closure, with their expressions written out by `inline`; all others are closures it calls.
How a `return`, `break` or `next` leaves depends on what is being written, its *mode*:

    TAIL    the body of a function: `return` leaves the closure with the value
    EFFECT  a block inside a function: the closure returns a signal
    LOOP    the body of a loop, written inside the loop's closure
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...tree import nodes
from ...values.values import UNSET
from ..compiler import Closure, Compiler, Effect
from ..scopes import Block
from ..written_out.inline import Inliner
from ..written_out.shapes import is_test
from ..written_out.templates import SPEND

TAIL, EFFECT, LOOP = "tail", "effect", "loop"

MAX_LINES = 120
"""Lines of one closure; what follows goes into another."""
MAX_INDENT = 8
"""Conditions inside conditions that are written out."""

_ASSIGNING = frozenset({nodes.Assign, nodes.CompoundAssign})
_ARITHMETIC = frozenset("+-*/%")

_LEAVE_FOR_SIGNAL = {
    TAIL: ["if s is not None: return s[0] if s.__class__ is tuple else SKIP"],
    EFFECT: ["if s is not None: return s"],
    LOOP: [
        "if s is not None:",
        "    if s is NEXT: continue",
        "    if s is BREAK: break",
        "    return s",
    ],
}
_NEXT_LINE = {TAIL: "return SKIP", EFFECT: "return NEXT", LOOP: "continue"}
_BREAK_LINE = {TAIL: "return SKIP", EFFECT: "return BREAK", LOOP: "break"}


def in_frame(block: Block, run: Closure) -> Closure:
    """*run* in a new frame when *block* has one of its own."""
    if block.frame is not block:
        return run
    pad = (UNSET,) * (block.size - 1)
    return lambda frame: run([frame, *pad])


def body_effect(compiler: Compiler, body: nodes.Body) -> Effect:
    """A block for its effect."""
    block = compiler.scopes.of(body)
    writer = compiler.within(block, lambda: _written(compiler, body.statements, EFFECT))
    return Effect(in_frame(block, writer.closure()), signals=writer.signals)


def body_tail(compiler: Compiler, body: nodes.Body) -> Closure:
    """A block whose value is that of the function around it."""
    block = compiler.scopes.of(body)
    writer = compiler.within(block, lambda: _written(compiler, body.statements, TAIL))
    return in_frame(block, writer.closure())


def tail_writer(compiler: Compiler, statements: Sequence[Any]) -> BodyWriter:
    """Statements whose last one gives the value of the function, written but not made yet."""
    return _written(compiler, statements, TAIL)


def _written(compiler: Compiler, statements: Sequence[Any], mode: str) -> BodyWriter:
    writer = BodyWriter(compiler, mode)
    writer.statements(statements)
    return writer


class BodyWriter:
    """Writes statements as lines of one closure."""

    def __init__(self, compiler: Compiler, mode: str, inliner: Inliner | None = None) -> None:
        self._compiler = compiler
        self._mode = mode
        self.inliner = inliner or Inliner(compiler)
        self.lines: list[str] = []
        self.signals = False
        """Whether the closure may return a signal (never in mode TAIL)."""
        self.ends_in_test = False
        """Whether what was written last returns a Bool of Python's."""
        self._indent = 0

    def closure(self) -> Closure:
        """The closure of what was written."""
        if not self.lines:
            return lambda frame: None
        return self.inliner.make(*self.lines)

    def statements(self, statements: Sequence[Any]) -> None:
        """Write a whole body; in mode TAIL its last statement returns."""
        for index, statement in enumerate(statements):
            is_last = index == len(statements) - 1
            if len(self.lines) >= MAX_LINES and not is_last:
                self._rest(statements[index:])
                return
            if is_last and self._mode == TAIL:
                self._last(statement)
            else:
                self._statement(statement)
        if not statements and self._mode == TAIL:
            self._line("return None")

    def _line(self, text: str) -> None:
        self.lines.append("    " * self._indent + text)

    def _rest(self, statements: Sequence[Any]) -> None:
        """Put *statements* into a closure of their own."""
        self._pay_for_lines()
        if self._mode == TAIL:
            rest = _written(self._compiler, statements, TAIL).closure()
            self._line(f"return {self.inliner.bind(rest)}(frame)")
            return
        inner = _written(self._compiler, statements, EFFECT)
        self.run(Effect(inner.closure(), signals=inner.signals))

    def run(self, effect: Effect) -> None:
        """Call a closure; pass on its signal."""
        call = f"{self.inliner.bind(effect.run)}(frame)"
        if not effect.signals:
            self._line(call)
            return
        self._line(f"s = {call}")
        for line in _LEAVE_FOR_SIGNAL[self._mode]:
            self._line(line)
        self._signalled()

    def _signalled(self) -> None:
        self.signals = self.signals or self._mode != TAIL

    # --- statements ---

    def _statement(self, node: Any) -> None:
        kind = node.__class__
        if kind in _ASSIGNING:
            if not self._assignment(node):
                self.run(self._compiler.effect(node))
        elif kind is nodes.If and self._indent < MAX_INDENT:
            self._if(node)
        elif kind is nodes.Return:
            value = "None" if node.value is None else self.inliner.value(node.value)
            self._line(f"return {value}" if self._mode == TAIL else f"return ({value},)")
            self._signalled()
        elif kind is nodes.Next or kind is nodes.Break:
            self._leave(node)
        elif kind is nodes.Call and self._call(node):
            pass
        else:
            self.run(self._compiler.effect(node))

    def _leave(self, node: Any) -> None:
        if self._compiler.loops == 0:
            self._compiler.skips = True
        self._line((_NEXT_LINE if node.__class__ is nodes.Next else _BREAK_LINE)[self._mode])
        self._signalled()

    def _assignment(self, node: Any) -> bool:
        """Write an assignment; False when its target is out of reach."""
        if isinstance(node, nodes.CompoundAssign):
            if node.operator not in _ARITHMETIC:
                return False
            value = nodes.Binary(node.span, node.operator, node.target, node.value)
            node = nodes.Assign(node.span, node.target, value)
        lines = self.inliner.assignment(node)
        if lines is None:
            return False
        for line in lines:
            self._line(line)
        return True

    def _call(self, node: nodes.Call) -> bool:
        """Write a call for its effect; False for one that is a closure."""
        lines = self._compiler.tables.call_lines(self._compiler, self.inliner, node)
        for line in lines or ():
            self._line(line)
        return lines is not None

    def _if(self, node: nodes.If) -> None:
        self._line(f"if {self.inliner.truth(node.condition)}:")
        self._branch(node.then, is_last=False)
        if node.otherwise is not None:
            self._line("else:")
            self._branch(node.otherwise, is_last=False)

    def _branch(self, body: nodes.Body, *, is_last: bool) -> None:
        self._indent += 1
        block = self._compiler.scopes.of(body)
        if block.frame is block:
            self._framed(body, is_last=is_last)
        else:
            self._compiler.within(block, lambda: self._inner(body.statements, is_last=is_last))
        self._indent -= 1

    def _framed(self, body: nodes.Body, *, is_last: bool) -> None:
        if is_last:
            self._line(f"return {self.inliner.bind(body_tail(self._compiler, body))}(frame)")
        else:
            self.run(body_effect(self._compiler, body))

    def _inner(self, statements: Sequence[Any], *, is_last: bool) -> None:
        if not statements:
            self._line("return None" if is_last else "pass")
        for index, statement in enumerate(statements):
            if index % MAX_LINES == MAX_LINES - 1:
                self._pay_for_lines()
            if is_last and index == len(statements) - 1:
                self._last(statement)
            else:
                self._statement(statement)

    def _pay_for_lines(self) -> None:
        """A call or turn costs one step; a body of thousands of lines costs more."""
        self._line(f"{SPEND}({MAX_LINES})")

    # --- the last statement of a function ---

    def _last(self, node: Any) -> None:
        kind = node.__class__
        if kind is nodes.If and self._indent < MAX_INDENT:
            self._line(f"if {self.inliner.truth(node.condition)}:")
            self._branch(node.then, is_last=True)
            if node.otherwise is None:
                self._line("return None")
            else:
                self._line("else:")
                self._branch(node.otherwise, is_last=True)
        elif kind is nodes.Return or kind is nodes.Next or kind is nodes.Break:
            self._statement(node)
        elif kind in _ASSIGNING and self._assignment(node):
            self._line("return result")
        elif kind in self._compiler.tables.tails or kind in self._compiler.tables.effects:
            self._line(f"return {self.inliner.bind(self._compiler.tail(node))}(frame)")
        else:
            self.ends_in_test = is_test(node)
            self._line(f"return {self.inliner.value(node)}")
