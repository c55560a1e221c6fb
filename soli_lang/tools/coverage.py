"""Which lines of a program were run.

Programs are rewritten before they are compiled: before each statement goes a call that notes its
line. So running without coverage costs nothing, and the evaluator knows nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..interpreter import Interpreter
from ..native.native import NativeFunction
from ..tree import nodes

_UNCOUNTED = (nodes.Import, nodes.InterfaceDecl)
"""Statements that do nothing when they are run."""


@dataclass(slots=True)
class FileCoverage:
    """The lines of one file on which statements begin, and those that were run."""

    lines: set[int] = field(default_factory=set)
    run: set[int] = field(default_factory=set)

    @property
    def missed(self) -> list[int]:
        return sorted(self.lines - self.run)


class Coverage:
    """Collects for any number of interpreters: `watch` each before it loads programs."""

    def __init__(self) -> None:
        self.files: dict[str, FileCoverage] = {}
        """By the name of the source."""

    def watch(self, interpreter: Interpreter) -> None:
        """From now on note what *interpreter* runs."""

        def instrument(program: nodes.Program) -> nodes.Program:
            return self._instrumented(program, interpreter)

        interpreter.instrument = instrument

    def add(self, other: Coverage) -> None:
        """Count what *other* has seen, too."""
        for name, file in other.files.items():
            known = self.files.setdefault(name, FileCoverage())
            known.lines |= file.lines
            known.run |= file.run

    def _instrumented(self, program: nodes.Program, interpreter: Interpreter) -> nodes.Program:
        name = program.source.name
        known = self.files.setdefault(name, FileCoverage())
        probe = f"%line {name}"  # no program can spell that
        interpreter.machine.globals[probe] = NativeFunction(probe, 1, 1, known.run.add)
        rewritten = Rewriting(program, probe, known.lines).body(program.body)
        return nodes.Program(program.span, program.source, rewritten)


class Rewriting:
    """Puts a call of a probe before each statement, with the line."""

    def __init__(self, program: nodes.Program, probe: str, lines: set[int]) -> None:
        self._source = program.source
        self._probe = probe
        self._lines = lines

    def body(self, body: nodes.Body) -> nodes.Body:
        statements: list[Any] = []
        for statement in body.statements:
            if not isinstance(statement, _UNCOUNTED):
                statements.append(self._note(statement))
            statements.append(self._node(statement))
        return nodes.Body(body.span, tuple(statements))

    def _note(self, statement: nodes.Node) -> nodes.Call:
        span = statement.span
        line = self._source.position(span.start).line
        self._lines.add(line)
        argument = nodes.Argument(span, nodes.Literal(span, line))
        return nodes.Call(span, nodes.Name(span, self._probe), (argument,))

    def _node(self, node: Any) -> Any:
        """*node* with all bodies in it rewritten."""
        if isinstance(node, nodes.Body):
            return self.body(node)
        values = [getattr(node, name) for name in type(node).field_names]
        changed = [self._value(value) for value in values]
        if all(new is old for new, old in zip(changed, values, strict=True)):
            return node
        return type(node)(*changed)

    def _value(self, value: Any) -> Any:
        if isinstance(value, nodes.Node):
            return self._node(value)
        if value.__class__ is not tuple:
            return value
        items = [self._value(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else tuple(items)
