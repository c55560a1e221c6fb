"""Runs the catalogue in a process of its own, with little memory and the usual stack.

One line of JSON per program. Should one of them take the process down, the lines say which: the
first that is missing.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from soli_runtime.calling.greenlets import Failure, Runners
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, Limits, SoliError
from soli_lang.base.errors import render

from .catalogue import PROGRAMS, RECURSION, Hostile

MEMORY = 1536 << 20
"""Bytes of address space: several times what the limits below allow a program to hold."""
STACK = 8 << 20
READABLE = 20_000
"""Characters of an error as people are shown it."""
LIMITS = Limits(
    max_steps=1_000_000,
    max_seconds=0.2,
    max_value_bytes=16 << 20,
    max_call_bytes=128 << 20,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--recursion-limit", type=int, default=10_000)
    parser.add_argument("--inside", choices=("main", "runner", "thread"), default="main")
    parser.add_argument("--only-recursion", action="store_true")
    parser.add_argument("--match", default="")
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_STACK, (STACK, resource.RLIM_INFINITY))
    sys.setrecursionlimit(chosen.recursion_limit)
    programs = RECURSION if chosen.only_recursion else PROGRAMS
    _INSIDE[chosen.inside](lambda: run_all([p for p in programs if chosen.match in p.name]))


def _in_runner(work: Callable[[], None]) -> None:
    """As the server calls handlers: in a greenlet."""
    outcome = Runners().run(lambda _: work(), None, lambda _: None)
    if isinstance(outcome, Failure):
        raise outcome.error


def _in_thread(work: Callable[[], None]) -> None:
    """As a host might: on a thread, whose stack does not grow."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


_INSIDE: dict[str, Callable[[Callable[[], None]], None]] = {
    "main": lambda work: work(),
    "runner": _in_runner,
    "thread": _in_thread,
}


def run_all(programs: Iterable[Hostile]) -> None:
    witness = new_interpreter([])
    for program in programs:
        line = run(program)
        # The host goes on: another interpreter notices nothing.
        assert witness.run("1 + 1") == 2
        print(json.dumps(line), flush=True)


def run(program: Hostile) -> dict[str, Any]:
    """How *program* ended, and what that took."""
    printed: list[str] = []
    interpreter = new_interpreter(printed)
    before = time.process_time()
    kind, message = outcome(lambda: interpreter.run(program.text, program.name))
    seconds = time.process_time() - before
    # So does the interpreter itself, with a new budget.
    assert interpreter.run("2 + 2") == 4
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {
        "name": program.name,
        "kind": kind,
        "message": message,
        "seconds": seconds,
        "megabytes": megabytes,
    }


def outcome(work: Callable[[], object]) -> tuple[str, str]:
    """(kind of error, its message) or (`value`, …); `!` before what should never come out."""
    try:
        work()
    except SoliError as error:
        kind = error.kind if len(render(error)) < READABLE else "!an error that nobody can read"
        return kind, error.message[:200]
    except BaseException as error:
        return f"!{type(error).__name__}", str(error)[:200]
    return "value", ""


def new_interpreter(printed: list[str]) -> Interpreter:
    capabilities = Capabilities(
        output=printed.append,
        clock=lambda: 1.7e9,
        random=Random(1),
        sleep=lambda seconds: None,
        environment={},
    )
    return Interpreter(install, capabilities=capabilities, limits=LIMITS)


if __name__ == "__main__":
    main()
