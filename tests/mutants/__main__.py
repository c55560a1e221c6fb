"""Put one fault after the other into a copy of the tree, and see which test finds it.

    python -m tests.mutants                    # all of them
    python -m tests.mutants core ws            # those with `core` or `ws` in their room or name
    python -m tests.mutants --table            # and rows for README.md
    python -m tests.mutants --check            # only whether each still has its place

The status says whether any was not found, or has lost its place.
"""

from __future__ import annotations

import argparse
import sys

from .search import MUTANTS, Mutant, Place, Tree, tests_that_are_missing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("parts", nargs="*", help="of rooms or names")
    parser.add_argument("--table", action="store_true", help="print rows for README.md")
    parser.add_argument("--check", action="store_true", help="run no tests")
    given = parser.parse_args()
    chosen = [
        one
        for one in MUTANTS
        if not given.parts or any(part in f"{one.room}: {one.name}" for part in given.parts)
    ]
    if not chosen:
        parser.error(f"no mutant has {' or '.join(given.parts)} in its room or name")
    if given.check:
        return _check(chosen)
    return _search(chosen, given.table)


def _check(chosen: list[Mutant]) -> int:
    lost = [fault for one in chosen for fault in (*Place.faults(one), *tests_that_are_missing(one))]
    print("\n".join(lost) or f"{len(chosen)} mutants have their place and their tests")
    return 1 if lost else 0


def _search(chosen: list[Mutant], as_table: bool) -> int:
    missed = 0
    with Tree() as tree:
        for one in chosen:
            found = tree.search(one)
            missed += found.test is None
            print(found.row() if as_table else found, flush=True)
    print(f"{missed} of {len(chosen)} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
