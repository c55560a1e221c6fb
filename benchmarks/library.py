"""The library: what its calls cost now, at an earlier version, and beside the first implementation.

    python -m benchmarks.library [--before PYTHON] [--commit 419c472|9835d3d] [--only NAME,…]
                                 [--rounds N] [--markdown]

`--before` is the Python of an environment in which the earlier version is installed, `--commit`
says which: of these two it is known how long they took beside the first implementation. Both take
turns on one core; a time is the best of all rounds. `programs/library/…/NAME.soli` has
`prepare(n)`, not measured, and `run(prepared)`.

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
    """*name* is `ROOM/PROGRAM`; the others are times of two commits over the first
    implementation's. None where nothing is known.
    """

    name: str
    at_419c472: float | None
    """Where only a range is known for several calls together, the middle of it."""
    at_9835d3d: float | None
    """The best of three runs on a machine with other work; of programs of the first implementation
    that do the same as ours, not of the same text. `times/now` was measured with a clock that took
    a system call, 6.4; with a real one it is 1.85.
    """


TABLE = (
    Row("texts/replace_all", 62, 1.2),
    Row("texts/replace_all_pattern", None, None),
    Row("texts/append", 46, 6.4),
    Row("times/end_of_month", 29, 4.6),
    Row("arrays/sum", 27, 28.0),
    Row("numbers/floats", 22, 1.7),
    Row("times/parse", 21, 5.0),
    Row("hashes/each", 21, 13.7),
    Row("arrays/min_by", 16, 1.8),
    Row("arrays/max_by", 16, 1.6),
    Row("times/format", 10, 2.4),
    Row("arrays/flatten", 9, 3.2),
    Row("times/beginning_of_month", 6, None),
    Row("times/beginning_of_day", 6, None),
    Row("times/add_days", 6, None),
    Row("times/to_iso", 6, None),
    Row("times/year", 6, 1.8),
    Row("times/weekday", 6, None),
    Row("times/between", 6, 1.4),
    Row("times/of_hours", 6, None),
    Row("times/humanize", 6, None),
    Row("arrays/map", 6.3, 6.2),
    Row("arrays/each", 6.3, 7.0),
    Row("arrays/filter", 6.3, 4.7),
    Row("arrays/tally", 5.5, 2.0),
    Row("arrays/avg_by", 5.5, 1.5),
    Row("arrays/sum_by", 5.5, 1.5),
    Row("arrays/filter_by", 5.5, 1.8),
    Row("arrays/intersection", 5.5, 4.6),
    Row("hashes/transform_values", 5.5, 3.8),
    Row("arrays/union", None, 6.9),
    Row("times/subtract_days", None, 6.4),
    Row("times/now", None, 1.85),
    Row("times/from_unix", None, 4.3),
    Row("hashes/select", None, 4.0),
    Row("times/add_hours", None, 3.6),
    Row("arrays/difference", None, 3.5),
    Row("hashes/invert", None, 3.3),
    Row("numbers/int_loop", None, 3.0),
    Row("hashes/has_key", None, 2.9),
    Row("arrays/uniq", None, 2.8),
    Row("arrays/index_of", None, 2.7),
    Row("texts/index_of", None, 2.5),
    Row("hashes/set", None, 2.5),
    Row("control/closure_call", None, 2.5),
    Row("times/to_unix", None, 2.5),
    Row("arrays/includes", None, 2.3),
    Row("arrays/build", None, 2.3),
    Row("arrays/index_by", None, 2.2),
    Row("control/fn_call", None, 2.2),
    Row("arrays/join", None, 2.2),
    Row("arrays/group_by", None, 2.2),
    Row("numbers/modulo", None, 1.9),
    Row("hashes/merge", None, 1.8),
    Row("hashes/get", None, 1.7),
    Row("arrays/reduce", None, 1.6),
    Row("texts/interpolate", None, 1.6),
    Row("arrays/find_by", None, 1.5),
    Row("hashes/build", None, 1.4),
    Row("hashes/keys", None, 1.4),
    Row("arrays/count_by", None, 1.4),
    Row("arrays/uniq_by", None, 1.3),
    Row("times/of_days", None, 1.3),
    Row("texts/capitalize", None, 1.0),
    Row("hashes/values", None, 0.8),
    Row("texts/bytes", None, 0.7),
    Row("arrays/sort", None, 0.7),
    Row("texts/split", None, 0.6),
    Row("arrays/reverse", None, 0.3),
    Row("texts/chars", None, 0.1),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--before", help="Python of an environment with the earlier version")
    parser.add_argument("--commit", choices=("419c472", "9835d3d"), default="9835d3d")
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
    print(_table(found, options))


def _rounds(row: Row, versions: list[_Version], options: argparse.Namespace) -> list[list[float]]:
    """Seconds of each version, in turns."""
    taken: list[list[float]] = [[] for _ in versions]
    for _ in range(options.rounds):
        for version, times in zip(versions, taken, strict=True):
            times.append(version.seconds(row.name))
    return taken


# --- the table ------------------------------------------------------------------------------------


def _table(found: list[tuple[Row, list[float]]], options: argparse.Namespace) -> str:
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
            cells += _beside_the_first(ratio, getattr(row, f"at_{options.commit}"), ratios)
        lines.append(cells)
    if ratios:
        mean = exp(sum(map(log, ratios)) / len(ratios))
        lines.append(["geometric mean", *[""] * 4, f"{mean:.2f}"])
    return _markdown(titles, lines) if options.markdown else _plain(titles, lines)


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
