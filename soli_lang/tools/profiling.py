"""Where a program spends its time and steps: by function, by line, and as stacks of calls.

Programs are rewritten before they are compiled, as for coverage: before each statement goes a call
that says which line begins. What passed since the last one belongs to the line before. So running
without a profile costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import thread_time
from typing import Any

from ..base.records import Record, changed
from ..interpreter import Interpreter
from ..machine.machine import Machine
from ..native.native import NativeFunction
from ..tree import nodes
from .coverage import Rewriting

MAIN = "main program"
OURS = "<runtime>"
"""The source of what the runtime itself writes in Soli."""
END = "%profile end"
MANY_STEPS = 2**53

Frame = tuple[str, str]
"""(source, function)"""
Stack = tuple[Frame, ...]


class Spent(Record):
    """What was spent on something."""

    seconds: float = 0.0
    """Of CPU."""
    steps: int = 0
    times: int = 0
    """How often one of its statements began."""

    def add(self, seconds: float, steps: int) -> None:
        """More of it."""
        self.seconds += seconds
        self.steps += steps

    def begin(self) -> None:
        """A statement begins."""
        self.times += 1


class _Line:
    """The line that runs."""

    __slots__ = ("at", "machine", "spent", "stack", "steps")

    def __init__(self, machine: Machine, spent: Spent, stack: Spent) -> None:
        self.machine = machine
        self.spent = spent
        self.stack = stack
        self.steps = machine.steps_used() or 0
        self.at = thread_time()


class Profile:
    """Of any number of interpreters: `watch` each before it loads programs."""

    def __init__(self, flow: Callable[[], object] = lambda: None) -> None:
        """*flow* says whose calls run: each flow has a stack of its own."""
        self.lines: dict[tuple[str, str, int], Spent] = {}
        """By source, function and line."""
        self.stacks: dict[Stack, Spent] = {}
        self._flow = flow
        self._open: dict[object, list[Frame]] = {}
        self._line: _Line | None = None

    def watch(self, interpreter: Interpreter) -> None:
        """From now on note what *interpreter* runs."""
        interpreter.instrument = partial(self._instrumented, interpreter)
        limits = interpreter.machine.limits
        if not limits.max_steps:  # steps are counted where they are limited
            interpreter.machine.limit_calls(changed(limits, max_steps=MANY_STEPS))

    def pause(self) -> None:
        """No program runs: what passes until the next line belongs to nobody."""
        line, self._line = self._line, None
        if line is not None:
            seconds = thread_time() - line.at
            steps = max(0, (line.machine.steps_used() or 0) - line.steps)
            line.spent.add(seconds, steps)
            line.stack.add(seconds, steps)

    def functions(self) -> dict[Frame, Spent]:
        """What each function spent, without those that it called."""
        found: dict[Frame, Spent] = {}
        for (source, function, _), spent in self.lines.items():
            total = found.setdefault((source, function), Spent())
            total.add(spent.seconds, spent.steps)
            total.times += spent.times
        return found

    def _instrumented(self, interpreter: Interpreter, program: nodes.Program) -> nodes.Program:
        name = program.source.name
        if name == OURS:
            return program
        probe = f"%profile {name}"  # no program can spell that
        rewriting = _Rewriting(program, probe)
        body = rewriting.body(program.body)
        begin = partial(self._begin, interpreter.machine, name, rewriting.functions)
        interpreter.machine.globals[probe] = NativeFunction(probe, 1, 1, begin)
        return nodes.Program(program.span, program.source, self._with_end(interpreter, body))

    def _with_end(self, interpreter: Interpreter, body: nodes.Body) -> nodes.Body:
        """*body*, after which no program runs."""
        interpreter.machine.globals[END] = NativeFunction(END, 0, 0, self.pause)
        end = nodes.Call(body.span, nodes.Name(body.span, END), ())
        return nodes.Body(body.span, (*body.statements, end))

    def _begin(self, machine: Machine, source: str, functions: dict[int, str], line: int) -> None:
        """A statement on *line* begins."""
        self.pause()
        function = functions[line]
        frames = self._open.setdefault(self._flow(), [])
        depth = machine.depth
        del frames[depth:]
        while len(frames) < depth:
            frames.append((source, "…"))  # called by a builtin
        frames.append((source, function))
        spent = self.lines.setdefault((source, function, line), Spent())
        spent.begin()
        self._line = _Line(machine, spent, self.stacks.setdefault(tuple(frames), Spent()))


class _Rewriting(Rewriting):
    def __init__(self, program: nodes.Program, probe: str) -> None:
        super().__init__(program, probe, set())
        self.functions: dict[int, str] = {}
        """The function that each line belongs to: of several on one line the first."""
        self._names = [MAIN]

    def _note(self, statement: nodes.Node) -> nodes.Call:
        line = self._source.position(statement.span.start).line
        self.functions.setdefault(line, self._names[-1])
        return super()._note(statement)

    def _node(self, node: Any) -> Any:
        if not isinstance(node, nodes.FunctionNode):
            return super()._node(node)
        line = self._source.position(node.span.start).line
        self._names.append(node.name if node.name[0] != "<" else f"block on line {line}")
        try:
            return super()._node(node)
        finally:
            self._names.pop()
