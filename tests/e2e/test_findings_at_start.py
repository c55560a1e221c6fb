"""`soli run` says what `soli check` finds, once, and stops nothing for that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .support import write_files

SOLI = [sys.executable, "-m", "soli_runtime.cli"]
ELSE_IF = 'x = 5\nif x == 6\n  print("six")\nelif x == 5\n  print("five")\nend\nprint("end")\n'


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def soli(
    cwd: Path, cache: Path, *arguments: str, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOLI, *arguments],
        cwd=cwd,
        env={**os.environ, "SOLI_CACHE_DIR": str(cache)},
        input=text or "",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_script_runs_and_what_is_found_is_told(tmp_path: Path, cache: Path) -> None:
    """A branch that is not reached fails nowhere, so nobody else would say it."""
    write_files(tmp_path, {"a.soli": ELSE_IF})

    done = soli(tmp_path, cache, "run", "a.soli")

    assert (done.returncode, done.stdout) == (0, "end\n")
    assert "a.soli:4:1: error: Undefined variable 'elif' [unknown-name]" in done.stderr
    assert "hint: a condition is `if ... elsif ... else ... end`" in done.stderr


def test_an_error_that_stops_the_program_is_told_once(tmp_path: Path, cache: Path) -> None:
    """By the program, with its backtrace; other findings are told beside it."""
    write_files(tmp_path, {"a.soli": "def f()\n  prnt(2)\nend\nf()\nqrnt(3)\n"})

    done = soli(tmp_path, cache, "run", "a.soli")

    assert done.returncode == 70
    assert done.stderr.count("'prnt'") == 1
    assert "a.soli:5:1: error: Undefined variable 'qrnt'" in done.stderr


def test_what_was_found_is_kept_until_a_file_changes(tmp_path: Path, cache: Path) -> None:
    """The second run says the same without the checker; a change is looked at."""
    write_files(tmp_path, {"a.soli": ELSE_IF})
    first = soli(tmp_path, cache, "run", "a.soli")
    again = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "soli_runtime.cli", "run", "a.soli"],
        cwd=tmp_path,
        env={**os.environ, "SOLI_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "soli_lang.tools" not in again.stderr
    assert first.stderr in again.stderr

    write_files(tmp_path, {"a.soli": 'print("right")\n'})
    assert soli(tmp_path, cache, "run", "a.soli").stderr == ""


def test_a_changed_import_is_looked_at(tmp_path: Path, cache: Path) -> None:
    """What is found in a file depends on what another exports."""
    write_files(
        tmp_path, {"a.soli": 'import "./b"\nprint(one())\n', "b.soli": "export def one\n  1\nend\n"}
    )
    assert soli(tmp_path, cache, "run", "a.soli").stderr == ""

    write_files(tmp_path, {"a.soli": 'import { two } from "./b"\nprint(2)\n'})
    assert "two" in soli(tmp_path, cache, "run", "a.soli").stderr
    write_files(tmp_path, {"b.soli": "export def two\n  2\nend\n"})
    assert "does not export" not in soli(tmp_path, cache, "run", "a.soli").stderr


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"files": 5}', '{"files": [], "found": [{}]}'])
def test_a_spoilt_file_in_the_cache_is_ignored(tmp_path: Path, cache: Path, spoilt: str) -> None:
    """Somebody else may write there."""
    write_files(tmp_path, {"a.soli": ELSE_IF})
    first = soli(tmp_path, cache, "run", "a.soli")
    (kept,) = cache.glob("findings-*.json")
    kept.write_text(spoilt, "utf-8")

    assert soli(tmp_path, cache, "run", "a.soli").stderr == first.stderr


def test_no_check_says_nothing(tmp_path: Path, cache: Path) -> None:
    write_files(tmp_path, {"a.soli": ELSE_IF})

    assert soli(tmp_path, cache, "run", "--no-check", "a.soli").stderr == ""


def test_a_program_from_standard_input_is_checked(tmp_path: Path, cache: Path) -> None:
    """Nothing of it is kept: there is no file to know it by."""
    done = soli(tmp_path, cache, "run", "-", text=ELSE_IF)

    assert "<stdin>:4:1: error: Undefined variable 'elif'" in done.stderr
    assert list(cache.glob("findings-*.json")) == []


def test_findings_are_lines_of_a_json_log(tmp_path: Path, cache: Path) -> None:
    """Who reads the log with a program gets nothing else."""
    write_files(tmp_path, {"a.soli": ELSE_IF})

    done = soli(tmp_path, cache, "run", "--log-format", "json", "a.soli")

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(one["event"], one["code"], one["line"]) for one in lines] == [
        ("finding", "unknown-name", 4)
    ]


def test_a_large_app_is_checked_in_part(tmp_path: Path, cache: Path) -> None:
    """The first file that is served first; what is left out is said."""
    big = "".join(f"def f{n}(a)\n  a + {n}\nend\n" for n in range(10_000))
    main = 'def handle(event)\n  prnt(1)\n  {}\nend\nprint("on")\n'
    write_files(tmp_path, {"app.soli": main, "app/helpers/big.soli": big})

    done = soli(tmp_path, cache, "run", ".")

    assert (done.returncode, done.stdout) == (0, "on\n")
    assert "app.soli:2:3: error: Undefined variable 'prnt'" in done.stderr
    assert "1 file not checked, since the program is large: see soli check" in done.stderr


def test_many_findings_are_counted(tmp_path: Path, cache: Path) -> None:
    """Twenty are shown."""
    write_files(tmp_path, {"a.soli": "def f()\n" + "  prnt(1)\n" * 30 + "end\n"})

    done = soli(tmp_path, cache, "run", "a.soli")

    assert done.stderr.count("[unknown-name]") == 20
    assert "soli: 10 more findings (1 file: 30 errors, no warnings): see soli check" in done.stderr


@pytest.mark.parametrize("flags", [(), ("--dev",), ("--workers", "2")])
def test_a_served_app_says_it_once_before_it_listens(
    tmp_path: Path, cache: Path, flags: tuple[str, ...]
) -> None:
    """Not once per worker, and not again at a reload."""
    app = """router_websocket("/ws", "app#handle")
def handle(event)
  { "brodcast": event["mesage"] }
end
"""
    write_files(tmp_path, {"echo.soli": app})
    process = subprocess.Popen(
        [*SOLI, "run", "echo.soli", "--port", "0", *flags],
        cwd=tmp_path,
        env={**os.environ, "SOLI_CACHE_DIR": str(cache)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on ")
    finally:
        process.terminate()
        errors = process.communicate(timeout=30)[1]

    assert errors.count("[unknown-action]") == 1
    assert errors.count("[unknown-key]") == 1
    assert errors.index("[unknown-action]") < 2000
