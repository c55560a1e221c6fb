"""Judge the language on random programs for as long as it is told.

    python -m tests.oracle --seconds 3600            # seeds of its own, which it prints
    python -m tests.oracle --seconds 60 --seed 7     # the same programs again
    python -m tests.oracle --faults                  # is the judge any good?

Each difference is printed as a program made small; the status says whether there were any.
Texts that the parser refuses are counted apart, and fail a run where they are many.
"""

from __future__ import annotations

import argparse
import sys
from random import SystemRandom

from . import faults
from .campaign import Campaign

SEEDS = 1 << 40
"""Where fresh seeds begin is drawn from so many."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle")
    parser.add_argument("--seconds", type=float, default=60, help="of CPU")
    parser.add_argument("--seed", type=int, help="the first one; fresh without it")
    parser.add_argument("--failures", type=int, default=20, help="the most to look for")
    parser.add_argument("--as-they-are", action="store_true", help="make no failure smaller")
    parser.add_argument("--faults", nargs="?", const="", metavar="PART", help="look for faults")
    given = parser.parse_args()
    return _faults(given.faults) if given.faults is not None else _programs(given)


def _programs(given: argparse.Namespace) -> int:
    seed = given.seed if given.seed is not None else SystemRandom().randrange(SEEDS)
    campaign = Campaign(seed, given.seconds, given.failures, shrinks=not given.as_they_are)
    failures = campaign.run(lambda text: print(text, flush=True))
    print(campaign.summary())
    return 1 if failures or campaign.refuses_too_many else 0


def _faults(part: str) -> int:
    missed = 0
    for fault in faults.FAULTS:
        if part in fault.name:
            found = faults.search(fault)
            missed += found.seconds is None
            print(found, flush=True)
    print(f"{missed} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
