"""Code that is run as if it stood where a program has stopped: a closure made in that place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...base.errors import LimitError, SoliTypeError
from ...base.source import Source
from ...evaluator.code import Code
from ...evaluator.scopes import THIS, Scopes, Variable
from ...evaluator.unit import Unit
from ...tree import nodes
from ...values.values import UNSET, Value
from .frames import Frame

NAME = "<debugger>"
MOST_SECONDS = 2.0
"""Of computing for one evaluation: scripts have no limit, and nobody could end it."""


class Evaluated:
    """A piece of code for one statement, to be run in any frame that stopped there."""

    def __init__(self, text: str, frame: Frame) -> None:
        """Raises SoliSyntaxError."""
        from ...syntax.parser import parse

        site = frame.site
        assert site is not None
        # As far into the text as the statement: a name means what it means there.
        at = site.span.start
        program = parse(Source(NAME, " " * at + text))
        node = nodes.FunctionNode(program.span, NAME, (), None, program.body)
        unit = Unit(
            site.unit.machine, program.source, Scopes(site.unit.scopes.file), site.unit.space
        )
        unit.leave_unwatched()
        self._captured = self._variables(unit, node, frame, at)
        self._code = Code(unit, node, site.block, self._captured)

    def _variables(self, unit: Unit, node: Any, frame: Frame, at: int) -> list[Variable]:
        site = frame.site
        assert site is not None
        summary = unit.summaries.of(node)
        found = []
        for name in sorted(summary.mentioned | summary.assigned):
            variable = site.block.find(name, at)
            if variable is not None and variable.home is not None and name != THIS:
                found.append(variable)
        return found

    def bound(self, frame: Frame) -> Callable[[], Value]:
        """What runs it there."""
        places = [_place(frame, variable) for variable in self._captured]
        for variable in self._captured:
            variable.be_unset()
        self._code.ready()
        made = self._code.make
        if not self._code.has_this:
            return made(*places)  # type: ignore[no-any-return]
        return made(*places, frame.held.get("this", UNSET))  # type: ignore[no-any-return]


def _place(frame: Frame, variable: Variable) -> Any:
    place = frame.place(variable)
    if place is UNSET and variable.cell:
        return [UNSET]  # no code of the function mentions it: it has no value here
    return place


def evaluate(text: str, frame: Frame) -> Value:
    """The value of *text* in *frame*, under a budget of its own. Raises SoliError."""
    if frame.site is None:
        raise SoliTypeError("nothing can be evaluated in this frame")
    machine = frame.site.unit.machine

    def run() -> Value:
        machine.end_within(MOST_SECONDS)
        return Evaluated(text, frame).bound(frame)()

    try:
        value = machine.guarded(run)
    except LimitError as error:
        if error.message.startswith("time limit"):
            raise LimitError(f"it computes for longer than {MOST_SECONDS:g} s") from None
        raise
    return None if value is UNSET else value


def assign(frame: Frame, name: str, value: Value) -> Value:
    """Give the variable *name* of *frame*, or of its file, a value. Raises SoliTypeError."""
    site = frame.site
    variable = frame.variables().get(name)
    is_of_file = variable is None
    if variable is None:
        variable = frame.globals().get(name)
    if site is None or variable is None:
        raise SoliTypeError(f"there is no variable '{name}' here")
    if variable.is_const or name == THIS:
        raise SoliTypeError(f"'{name}' cannot be changed")
    check = site.unit.checks.get(variable)
    if check is not None:
        value = check(value)
    if is_of_file:
        frame.slots()[variable.index] = value
    else:
        frame.place(variable)[0] = value
    return value
