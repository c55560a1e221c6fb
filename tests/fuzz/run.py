"""Fuzz the front end for as long as you like: `python -m tests.fuzz.run --count 1000000`.

Prints what it did and every text that broke a rule; exit status 1 when there was one.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from itertools import islice

from soli_runtime.calling.recursion import raise_recursion_limit

from .front import Front
from .inputs import Inputs, corpus

MOST_FAILURES = 20
"""Kinds of failures that are shown; each kind once."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    raise_recursion_limit()
    front, outcomes, failures = Front(), Counter[str](), Counter[str]()
    begin = time.process_time()
    inputs = islice(Inputs(chosen.seed, corpus()), chosen.count)
    for number, (kind, text) in enumerate(inputs, 1):
        try:
            outcomes[f"{kind}: {front.examine(text)}"] += 1
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            cause = f"{type(error).__name__} in {where.name}: {str(error)[:80]}"
            failures[cause] += 1
            if failures[cause] == 1 and len(failures) <= MOST_FAILURES:
                print(f"FAILED {cause}\n  text: {text!a}", flush=True)
        if number % 50_000 == 0:
            print(f"{number} texts, {sum(failures.values())} failures", flush=True)
    _report(outcomes, failures, time.process_time() - begin)
    return 1 if failures else 0


def _report(outcomes: Counter[str], failures: Counter[str], seconds: float) -> None:
    for outcome, count in sorted(outcomes.items()):
        print(f"{count:>9}  {outcome}")
    for cause, count in failures.most_common():
        print(f"{count:>9}  FAILED {cause}")
    print(f"{seconds:.0f} s of CPU time")


if __name__ == "__main__":
    sys.exit(main())
