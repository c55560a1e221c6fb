"""Everything that can be seen of a program that was run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

from soli_lang import Capabilities, Interpreter, Limits, render
from soli_lang.base.errors import SoliError
from soli_lang.evaluator.scopes import FileScope
from soli_lang.interpreter import Program
from soli_lang.machine import machine as machines
from soli_lang.tree import nodes
from soli_lang.values.display import inspect
from soli_lang.values.values import UNSET, Function, Value


@dataclass(frozen=True)
class Evaluator:
    """One of the ways to run a program."""

    make: Callable[[Capabilities, Limits], Interpreter]
    around: Callable[[], AbstractContextManager[None]] = nullcontext
    """Entered while an interpreter is made, and while programs are compiled and run."""


LIMITS = Limits(
    max_steps=2_000,
    max_seconds=0,
    max_depth=25,
    max_value_bytes=1 << 14,
    max_call_bytes=1 << 19,
    max_source_bytes=1 << 24,
)
MODULES = {
    "lib": (
        "export def twice(x)\n  x * 2\nend\nexport let seven = 7\n"
        "export class Far\n  new(n)\n    @n = n\n  end\nend\n"
    ),
    "broken": "print(1)\nx = null + 1\nexport let never = 1\n",
}


@dataclass(frozen=True)
class Outcome:
    """How one run of a program, or one call of a function of it, ended."""

    what: str
    """`compile`, `run`, `variables` or the call."""
    value: str = ""
    printed: str = ""
    error: str = ""
    """As people see it: message, place, excerpt, hint, backtrace."""
    kind: str = ""
    place: tuple[int, int] | None = None
    """First character of the error and the one after its last."""
    backtrace: tuple[tuple[str, int], ...] = ()
    """Functions and first characters, all of them (people are shown twenty)."""
    steps: int | None = None
    bytes: int | None = None

    def differences(self, other: Outcome) -> str:
        """The fields in which *other* differs, as lines."""
        pairs = ((field.name, getattr(self, field.name), getattr(other, field.name))
                 for field in fields(self))  # fmt: skip
        return "\n".join(f"{self.what}: {name}\n  {_cut(one, two)}\n  {_cut(two, one)}"
                         for name, one, two in pairs if one != two)  # fmt: skip


SHOWN = 400
"""Characters of a value that are shown where two differ."""


def _cut(one: Any, other: Any) -> str:
    """*one* from shortly before where it differs from *other*."""
    text, against = repr(one), repr(other)
    same = next((at for at, pair in enumerate(zip(text, against, strict=False))
                 if pair[0] != pair[1]), min(len(text), len(against)))  # fmt: skip
    start = max(0, same - SHOWN // 2)
    return ("…" if start else "") + text[start : start + SHOWN]


class World:
    """An interpreter that runs one program after the other, none of which may leave a trace."""

    def __init__(
        self,
        evaluator: Evaluator,
        limits: Limits = LIMITS,
        modules: dict[str, str] | None = None,
    ) -> None:
        self._evaluator = evaluator
        self._printed: list[str] = []
        self._modules = MODULES if modules is None else modules
        self.limits = limits
        capabilities = Capabilities(
            output=self._printed.append,
            load_module=self._module,
            clock=lambda: 1.7e9,
            sleep=lambda seconds: None,
            random=Random(1),
        )
        with evaluator.around():
            self.interpreter = evaluator.make(capabilities, limits)
        self.machine = self.interpreter.machine

    def _module(self, path: str, importer: str) -> tuple[str, str] | None:
        return (path, self._modules[path]) if path in self._modules else None

    def run(
        self, node: nodes.Program, arguments: tuple[Any, ...] = (), **limits: int
    ) -> list[Outcome]:
        """Compile and run *node*, call its functions with *arguments*, look at its variables.

        *limits* bound each of these, instead of those of this world. Compiling is free here: how
        much of it there is, and when, is an evaluator's own.
        """
        self.machine.limit_calls(_but(self.limits, limits))
        self.machine.modules.clear()
        with self._evaluator.around(), patch.object(machines, "FREE_SOURCE", 1 << 30):
            return self._run(node, arguments)

    def _run(self, node: nodes.Program, arguments: tuple[Any, ...]) -> list[Outcome]:
        programs: list[Program] = []
        found = [
            self._observed(
                "compile",
                lambda: programs.append(Program(self.interpreter, node, FileScope())),
            )
        ]
        if programs:
            found.append(self._observed("run", programs[0]._run))
            found.extend(self._called(programs[0], arguments))
            found.append(self._observed("variables", lambda: _variables(programs[0])))
        assert self.machine.depth == 0
        return found

    def _called(self, program: Program, arguments: tuple[Any, ...]) -> Iterator[Outcome]:
        for name, function in sorted(program.functions().items()):
            wanted = sum(not param.is_block for param in function.node.params)
            for first in range(0, len(arguments), 2):
                given = [_fresh(arguments[(first + at) % len(arguments)]) for at in range(wanted)]
                call = partial(self.machine.call, function, *given)
                yield self._observed(f"{name}{tuple(given)}", call)

    def _observed(self, what: str, work: Callable[[], Value]) -> Outcome:
        self._printed.clear()
        spent: dict[str, Any] = {}

        def measured() -> Value:
            try:
                return work()
            finally:
                spent["steps"] = self.machine.steps_used()
                spent["bytes"] = self.machine.limits.max_call_bytes - self.machine.bytes_left

        try:
            value = self.machine.guarded(measured)
        except SoliError as error:
            ending = _ending(error)
        else:
            ending = {"value": _shown(value)}
        return Outcome(what, printed="".join(self._printed), **ending, **spent)


def _but(limits: Limits, changed: dict[str, int]) -> Limits:
    values = {name: getattr(limits, name) for name in Limits.record_fields}
    return Limits(**{**values, **changed}) if changed else limits


def _ending(error: SoliError) -> dict[str, Any]:
    span = error.span
    return {
        "error": render(error),
        "kind": type(error).__name__,
        "place": None if span is None else (span.start, span.end),
        "backtrace": tuple((one.function, one.span.start) for one in error.backtrace),
    }


def _shown(value: Value) -> str:
    return "unset" if value is UNSET else inspect(value, lambda steps: None)


def _variables(program: Program) -> dict[str, str]:
    """The text of each variable of the file."""
    values = ((name, program.file.get(name)) for name in sorted(program.file.names))
    return {name: _shown(value) for name, value in values if value.__class__ is not Function}


def _fresh(value: Any) -> Any:
    """A value of its own for each call: the one before may have changed it."""
    if isinstance(value, list):
        return [_fresh(item) for item in value]
    if isinstance(value, dict):
        return {key: _fresh(item) for key, item in value.items()}
    return value
