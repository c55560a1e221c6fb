"""The door: run a program, and say what came of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from soli_stdlib import install

from soli_lang.base.errors import LimitError, SoliError
from soli_lang.base.limits import Capabilities, Limits
from soli_lang.base.source import Source
from soli_lang.machine.machine import Machine
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.objects import Instance
from soli_lang.values.values import Value

from .interpreter import (
    calling,
    classes,
    declarations,
    expressions,
    files,
    members,
    patterns,
    pipelines,
    statements,
    targets,
)
from .interpreter.interpreting import ANSWERS, Oracle, Unsupported

STACK_BYTES = 256 * 1024 * 1024
MOST_STEPS = 400_000
MOST_CALLS = 1000

MODULES = (
    calling,
    classes,
    declarations,
    expressions,
    files,
    members,
    patterns,
    pipelines,
    statements,
    targets,
)  # fmt: skip
"""Those that declare answers."""


@dataclass(frozen=True)
class ErrorShown:
    """An error as a program or a person sees it."""

    kind: str
    message: str
    line: int
    column: int
    backtrace: tuple[str, ...]
    hint: str | None = field(default=None, compare=False)
    """What to do about it: `comparing.difference` looks at it where both have the means."""


@dataclass(frozen=True)
class Outcome:
    """What came of a program. `value_shown` is `shown` of its last statement."""

    value_shown: str | None
    output: str
    error: ErrorShown | None
    limited: bool


def shown(value: Value, depth: int = 0) -> str:
    """A value as text that tells more apart than its display form."""
    if depth > 20:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(shown(item, depth + 1) for item in value)}]"
    if isinstance(value, dict):
        pairs = (
            f"{shown(from_key(k), depth + 1)}: {shown(v, depth + 1)}" for k, v in value.items()
        )
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, Instance):
        fields = (f"{name}={shown(item, depth + 1)}" for name, item in value.shown_fields())
        return f"{type_name(value)}({', '.join(fields)})"
    return f"{type_name(value)} {to_text(value)!r}"


def error_shown(error: SoliError) -> ErrorShown:
    line, column = error.place
    frames = tuple(str(frame).strip() for frame in error.backtrace)
    return ErrorShown(error.kind, error.message, line, column, frames, error.hint)


def run(
    source: str,
    *,
    file: str = "program.soli",
    most_steps: int = MOST_STEPS,
    most_calls: int = MOST_CALLS,
    capabilities: dict[str, Any] | None = None,
    library: Callable[[Machine], None] = install,
) -> Outcome:
    """Run *source*. Raises `Unsupported` for a kind of node that has no answer.

    *capabilities* are more of `soli_lang.Capabilities`; *library* is as `Interpreter` takes it.
    """
    output: list[str] = []
    granted = Capabilities(output=output.append, **(capabilities or {}))
    machine = Machine(Limits(max_depth=0), granted)
    library(machine)
    oracle = Oracle(machine, most_steps, most_calls)
    text = Source(file, source)

    def work() -> Outcome:
        machine.start_budget()
        try:
            value = files.run_file(oracle.builtins, text)[2]
            return Outcome(shown(value), "".join(output), None, False)
        except RecursionError:
            return Outcome(None, "".join(output), None, True)
        except SoliError as error:
            limited = isinstance(error, LimitError)
            return Outcome(None, "".join(output), error_shown(error), limited)

    outcome: Outcome = on_a_deep_stack(work)
    return outcome


def on_a_deep_stack(work: Callable[[], Any]) -> Any:
    """What *work* returns or raises, run where nesting needs not fear for Python's stack."""
    found: list[Any] = []

    def target() -> None:
        try:
            found.append((True, work()))
        except BaseException as error:
            found.append((False, error))

    size, limit = threading.stack_size(STACK_BYTES), sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    fine, result = found[0]
    if not fine:
        raise result
    return result


__all__ = ["ANSWERS", "ErrorShown", "Outcome", "Unsupported", "run", "shown"]
