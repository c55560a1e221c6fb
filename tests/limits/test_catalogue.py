"""Programs that nobody trusts: each ends in an error of ours, within its budget; the host goes on.

They run in processes of their own, with little memory and the usual stack: a crash there fails the
tests of the programs that got no further.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from .catalogue import PROGRAMS, RECURSION, Hostile

MOST_SECONDS = 3.0
"""CPU time of one program: fifteen times its budget of computing, for busy machines."""
PATIENCE = 400
"""Seconds by the wall clock for all of them, whoever else wants the machine."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(PATIENCE + 60)]

Report = dict[str, Any]


@cache
def reports(*flags: str) -> tuple[dict[str, Report], str]:
    """What became of each program, by name; and what the process said when it broke down."""
    command = [sys.executable, "-m", "tests.limits.child", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        try:
            out, errors = child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:  # not raised: every test would begin it anew
            child.kill()
            out, errors = child.communicate()[0], f"ended after {PATIENCE} s".encode()
    lines = [json.loads(line) for line in out.splitlines(keepends=True) if line.endswith(b"\n")]
    fate = f"exit status {child.returncode}: {errors.decode()[-500:]}" if child.returncode else ""
    return {line["name"]: line for line in lines}, fate


def judge(program: Hostile, *flags: str) -> None:
    found, fate = reports(*flags)
    report = found.get(program.name)
    assert report is not None, f"the process did not survive ({fate})"
    assert report["kind"] in program.ends.split("|") or _is_out_of_time(report), report
    assert report["seconds"] < MOST_SECONDS, report


def _is_out_of_time(report: dict[str, Any]) -> bool:
    """On a busy machine the time may be over before the program fails otherwise."""
    return report["kind"] == "LimitError" and report["message"].startswith("time limit")


def _names(programs: tuple[Hostile, ...]) -> list[str]:
    return [program.name for program in programs]


def test_every_program_has_a_name_of_its_own() -> None:
    """Otherwise one of them would be judged by the fate of another."""
    assert len(set(_names(PROGRAMS))) == len(PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS, ids=_names(PROGRAMS))
def test_a_hostile_program_ends(program: Hostile) -> None:
    """In the command line's process."""
    judge(program)


def test_the_process_outlives_them_all() -> None:
    """It ends by itself, having used less memory than it was allowed."""
    _, fate = reports()
    assert fate == ""


@pytest.mark.parametrize("program", RECURSION, ids=_names(RECURSION))
@pytest.mark.parametrize(
    "flags",
    [
        ("--inside", "runner"),
        ("--inside", "thread"),
        ("--recursion-limit", "1000"),
        ("--recursion-limit", "100000"),
    ],
    ids=[
        "in a greenlet",
        "on a thread",
        "in a host with Python's own limit",
        "with a careless one",
    ],
)
def test_recursion_ends_wherever_it_runs(program: Hostile, flags: tuple[str, ...]) -> None:
    """Neither the host's recursion limit nor its stack matters."""
    judge(program, "--only-recursion", *flags)
