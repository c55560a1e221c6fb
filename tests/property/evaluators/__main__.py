"""Compare evaluators on many random programs.

    python -m tests.property.evaluators --count 20000 --seed 1 --pair current plain

Each difference is printed with the seed that makes the program again; the status says whether
there were any.
"""

from __future__ import annotations

import argparse
import sys
import time
from random import Random

from .comparing import Comparison, calls_blocks_often, random_program
from .evaluators import EVALUATORS

MOST_SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1_000, help="the first of them")
    parser.add_argument("--pair", nargs=2, choices=EVALUATORS, default=["current", "plain"])
    parser.add_argument("--budgets", type=int, default=3, help="early ends of each program")
    parser.add_argument("--without-bytes", action="store_true")
    chosen = parser.parse_args()
    first, second = (EVALUATORS[name] for name in chosen.pair)
    compared = Comparison(first, second, bytes_count=not chosen.without_bytes)
    started, ran, bad = time.monotonic(), 0, 0
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        node = random_program(seed)
        ran += 1
        loose = calls_blocks_often(node)
        found = compared.differences(node, loose=loose)
        if not found and not loose:
            found = compared.differences_under_budgets(node, Random(seed), chosen.budgets)
        if found:
            bad += 1
            if bad <= MOST_SHOWN:
                print(f"--- seed {seed}\n{found}", flush=True)
    seconds = time.monotonic() - started
    print(f"{ran} programs, {bad} differ, {ran / seconds:.0f} a second")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
