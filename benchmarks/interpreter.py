"""The language: programs against CPython running the same, and the time until hello."""

from __future__ import annotations

import os
import runpy
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soli_stdlib

from soli_lang import Interpreter, Limits

from .processes import OUT, ROOT

PROGRAMS = Path(__file__).resolve().with_name("programs")
HELLO = ROOT / "examples" / "hello.soli"


@dataclass(frozen=True)
class Program:
    """`NAME.soli` and `NAME.py` both define `run(n)`; *at_most* is the ratio aimed at."""

    name: str
    title: str
    size: int
    at_most: float


TABLE = (
    Program("chat", "the chat handler of the page", 30_000, 4.0),
    Program("fib", "calls: fib", 20, 10.0),
    Program("methods", "calls: methods and fields", 50_000, 10.0),
    Program("while", "a counting loop", 100_000, 10.0),
    Program("for", "a loop over a range", 100_000, 10.0),
    Program("strings", "building strings", 20_000, 3.0),
    Program("hash", "hash churn", 30_000, 3.0),
    Program("map_filter_sort", "map, filter, sort_by", 30_000, 3.0),
    Program("sort", "sort, reverse, uniq", 10_000, 3.0),
    Program("fields", "map(&:name), filter of objects", 30_000, 3.0),
    Program("searches", "find, reject, any?", 30_000, 3.0),
    Program("totals", "each, sum, max, min, join", 30_000, 3.0),
    Program("small_methods", "methods of short strings", 30_000, 10.0),
)


def programs(rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """For each program the milliseconds of CPU that both take, and their ratio (medians)."""
    return {program.name: _compare(program, rounds, say) for program in TABLE}


def _compare(program: Program, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    loaded = Interpreter(soli_stdlib.install, limits=Limits.off()).load(
        (PROGRAMS / f"{program.name}.soli").read_text("utf-8"), program.name
    )
    native = runpy.run_path(str(PROGRAMS / f"{program.name}.py"))["run"]
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(max(3, rounds * 3)):
        mine, soli_ms = _timed(lambda: loaded.call("run", program.size))
        other, python_ms = _timed(lambda: native(program.size))
        assert mine == other, f"{program.name}: {mine} is not {other}"
        ours.append(soli_ms)
        theirs.append(python_ms)
    found = {
        "title": program.title,
        "soli_ms": statistics.median(ours),
        "python_ms": statistics.median(theirs),
        "ratio": statistics.median([a / b for a, b in zip(ours, theirs, strict=True)]),
        "at_most": program.at_most,
    }
    say(f"program {program.name:16} {found['ratio']:5.1f} × CPython")
    return found


def _timed(code: Callable[[], Any]) -> tuple[Any, float]:
    """The value, and milliseconds of CPU time."""
    start = time.process_time()
    value = code()
    return value, (time.process_time() - start) * 1000


def cold_start(rounds: int, say: Callable[[str], None]) -> dict[str, float]:
    """Milliseconds from starting `soli run hello.soli` to its end, caches warm.

    CPU time counts both user and system; on a calm machine the wall clock says the same.
    """
    soli = str(Path(sys.executable).with_name("soli"))
    wall: list[float] = []
    cpu: list[float] = []
    bare: list[float] = []
    for index in range(rounds + 1):
        taken = _process([soli, "run", str(HELLO)])
        if index:  # the first one fills the caches
            wall.append(taken[0])
            cpu.append(taken[1])
            bare.append(_process([sys.executable, "-c", "pass"])[0])
    found = {
        "wall_ms": statistics.median(wall),
        "cpu_ms": statistics.median(cpu),
        "least_wall_ms": min(wall),
        "python_wall_ms": statistics.median(bare),
    }
    say(f"start {found}")
    return found


def _process(command: list[str]) -> tuple[float, float]:
    """Milliseconds by the wall clock and of CPU time that a process takes."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(OUT / "bytecode")
    before = os.times()
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - start
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return wall * 1000, used * 1000
