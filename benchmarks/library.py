"""The library: what its calls cost now, at an earlier version, and beside the first implementation.

    python -m benchmarks.library [--before PYTHON] [--only NAME,…] [--rounds N] [--markdown]

`--before` is the Python of an environment in which the earlier version is installed (419c472, for
the ratios to the first implementation in the table). Both take turns on one core; a time is the
best of all rounds. `programs/library/…/NAME.soli` has `prepare(n)`, not measured, and
`run(prepared)`.

Run as a file, this module answers names on its input with seconds: that is how each version is
measured by the same code (`python -P benchmarks/library.py --serve`).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import IO, Any

PROGRAMS = Path(__file__).resolve().parent / "programs" / "library"
SIZE = 20_000
"""Elements, or turns."""


@dataclass(frozen=True)
class Row:
    """*name* is `ROOM/PROGRAM`; *before* the time of 419c472 over the first implementation's.

    Where only a range is known for several calls together, it is the middle of it; None where
    nothing is known.
    """

    name: str
    before: float | None


TABLE = (
    Row("texts/replace_all", 62),
    Row("texts/replace_all_pattern", None),
    Row("texts/append", 46),
    Row("times/end_of_month", 29),
    Row("arrays/sum", 27),
    Row("numbers/floats", 22),
    Row("times/parse", 21),
    Row("hashes/each", 21),
    Row("arrays/min_by", 16),
    Row("arrays/max_by", 16),
    Row("times/format", 10),
    Row("arrays/flatten", 9),
    Row("times/beginning_of_month", 6),
    Row("times/beginning_of_day", 6),
    Row("times/add_days", 6),
    Row("times/to_iso", 6),
    Row("times/year", 6),
    Row("times/weekday", 6),
    Row("times/between", 6),
    Row("times/of_hours", 6),
    Row("times/humanize", 6),
    Row("arrays/map", 6.3),
    Row("arrays/each", 6.3),
    Row("arrays/filter", 6.3),
    Row("arrays/tally", 5.5),
    Row("arrays/avg_by", 5.5),
    Row("arrays/sum_by", 5.5),
    Row("arrays/filter_by", 5.5),
    Row("arrays/intersection", 5.5),
    Row("hashes/transform_values", 5.5),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--before", help="Python of an environment with the earlier version")
    parser.add_argument("--only", default="", help="programs, by parts of their names")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--markdown", action="store_true", help="for docs/performance.md")
    options = parser.parse_args()
    if options.serve:
        _serve()
        return
    wanted = [part for part in options.only.split(",") if part]
    rows = [row for row in TABLE if not wanted or any(part in row.name for part in wanted)]
    with ExitStack() as stack:
        pythons = [sys.executable] + ([options.before] if options.before else [])
        versions = [stack.enter_context(_version(python)) for python in pythons]
        found = [(row, [min(times) for times in _rounds(row, versions, options)]) for row in rows]
    print(_table(found, options.markdown))


def _rounds(row: Row, versions: list[_Version], options: argparse.Namespace) -> list[list[float]]:
    """Seconds of each version, in turns."""
    taken: list[list[float]] = [[] for _ in versions]
    for _ in range(options.rounds):
        for version, times in zip(versions, taken, strict=True):
            times.append(version.seconds(row.name))
    return taken


# --- the table ------------------------------------------------------------------------------------


def _table(found: list[tuple[Row, list[float]]], markdown: bool) -> str:
    compared = all(len(times) == 2 for _, times in found)
    titles = ["", "now ms"]
    if compared:
        titles += ["before ms", "now ÷ before", "before ÷ first", "now ÷ first"]
    lines = []
    ratios = []
    for row, times in found:
        cells = [row.name, *(f"{seconds * 1000:.2f}" for seconds in times)]
        if compared:
            ratio = times[0] / times[1]
            cells.append(f"{ratio:.3f}")
            cells += _beside_the_first(ratio, row.before, ratios)
        lines.append(cells)
    if ratios:
        mean = exp(sum(map(log, ratios)) / len(ratios))
        lines.append(["geometric mean", *[""] * 4, f"{mean:.1f}"])
    return _markdown(titles, lines) if markdown else _plain(titles, lines)


def _beside_the_first(ratio: float, before: float | None, ratios: list[float]) -> list[str]:
    if before is None:
        return ["–", "–"]
    ratios.append(ratio * before)
    return [f"{before:g}", f"{ratio * before:.1f}"]


def _plain(titles: list[str], lines: list[list[str]]) -> str:
    return "\n".join(
        f"{cells[0]:28}" + "".join(f"{cell:>16}" for cell in cells[1:])
        for cells in [titles, *lines]
    )


def _markdown(titles: list[str], lines: list[list[str]]) -> str:
    rule = ["---", *["--:"] * (len(titles) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [titles, rule, *lines])


# --- one version ----------------------------------------------------------------------------------


class _Version:
    """A process that measures with the packages of one environment."""

    def __init__(self, given: IO[str], answers: IO[str]) -> None:
        self._given = given
        self._answers = answers

    def seconds(self, name: str) -> float:
        self._given.write(name + "\n")
        self._given.flush()
        return float(json.loads(self._answers.readline()))


@contextmanager
def _version(python: str) -> Iterator[_Version]:
    elsewhere = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        [python, "-P", str(Path(__file__).resolve()), "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=None if python == sys.executable else elsewhere,
        preexec_fn=lambda: os.sched_setaffinity(0, {max(os.sched_getaffinity(0))}),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield _Version(process.stdin, process.stdout)
    finally:
        process.stdin.close()
        process.wait()


def _serve() -> None:
    import soli_stdlib

    from soli_lang import Interpreter, Limits

    # 419c472 has no limits unless it is given some.
    limits = Limits.off() if hasattr(Limits, "off") else Limits()
    ready: dict[str, Any] = {}
    for line in sys.stdin:
        name = line.strip()
        if name not in ready:
            text = (PROGRAMS / f"{name}.soli").read_text("utf-8")
            program = Interpreter(soli_stdlib.install, limits=limits).load(text, name)
            ready[name] = program, program.call("prepare", SIZE)
        program, given = ready[name]
        gc.collect()
        start = time.process_time()
        program.call("run", given)
        print(json.dumps(time.process_time() - start), flush=True)


if __name__ == "__main__":
    main()
