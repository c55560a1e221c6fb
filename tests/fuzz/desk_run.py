"""Fuzz check, fmt, lsp and doc: `python -m tests.fuzz.desk_run --seconds 3600 --seed 7`.

Prints every kind of failure once, with the lines of a program that are enough for it. The exit
status is 1 when there was one.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections import Counter

from soli_runtime.calling.recursion import raise_recursion_limit

from .desk import Desk, failing_part, until
from .front import PROGRAM, REFUSED
from .inputs import Changed, Program, programs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.desk_run", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if chosen.seed is None else chosen.seed
    print(f"seed {seed}", flush=True)
    raise_recursion_limit()
    failures, outcomes = look(Desk(), seed, chosen.seconds)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))
    for cause, count in failures.most_common():
        print(f"{count:>9}  FAILED {cause}")
    return 1 if failures else 0


def look(desk: Desk, seed: int, seconds: float) -> tuple[Counter[str], Counter[str]]:
    """(kinds of failures, what became of the texts) of so many seconds of CPU time."""
    changed = Changed(seed, programs())
    failures, outcomes = Counter[str](), Counter[str]()
    for number in until(seconds):
        program = changed.one()
        outcome, cause = judged(desk, program, number)
        outcomes[outcome] += 1
        if cause is None:
            continue
        failures[cause] += 1
        if failures[cause] == 1:
            _show(desk, program, number, cause)
    return failures, outcomes


def judged(desk: Desk, program: Program, seed: int) -> tuple[str, str | None]:
    """What became of a text, and what came out that should not."""
    try:
        return (PROGRAM if desk.examine(program, seed) else REFUSED), None
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        said = re.sub(r"\d{6,}", "…", str(error))[:80]  # identities differ from run to run
        return "failed", f"{type(error).__name__} in {frame.name}: {said}"


def _show(desk: Desk, program: Program, seed: int, cause: str) -> None:
    def fails(one: Program) -> bool:
        return judged(desk, one, seed)[1] == cause

    part = failing_part(program, fails)
    print(f"FAILED {cause}\n  in {program.path}, text {seed}:\n{part.text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
