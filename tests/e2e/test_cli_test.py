"""`soli test`, `check`, `fmt` and `doc` as processes: what they print and how they end."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .support import write_files
from .test_command_line import soli

PASSING = 'describe("a") do\n  test("one") do\n    assert(true)\n  end\nend\n'
FAILING = 'describe("a") do\n  test("two") do\n    assert(false)\n  end\nend\n'


def run_tests(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return soli("test", *arguments, cwd=root)


def test_the_last_line_counts_and_the_status_is_0_when_all_pass(tmp_path: Path) -> None:
    write_files(tmp_path, {"tests/a_spec.soli": PASSING})

    done = run_tests(tmp_path)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_the_status_is_1_when_anything_failed(tmp_path: Path) -> None:
    write_files(tmp_path, {"tests/a_spec.soli": PASSING, "tests/b_test.soli": FAILING})

    done = run_tests(tmp_path)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 passed, 1 failed")


def test_a_file_that_does_not_parse_is_one_failure_and_the_others_run(tmp_path: Path) -> None:
    write_files(tmp_path, {"tests/a_spec.soli": "def f(", "tests/b_spec.soli": PASSING})

    done = run_tests(tmp_path)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 passed, 1 failed")
    assert "Traceback" not in done.stdout + done.stderr


def test_skipped_tests_are_counted_and_named(tmp_path: Path) -> None:
    write_files(tmp_path, {"tests/a_spec.soli": 'test("later") do\n  skip("soon")\nend\n'})

    done = run_tests(tmp_path)

    assert done.stdout.splitlines()[-1] == "0 passed, 0 failed, 1 skipped"
    assert "  - later (soon)" in done.stdout.splitlines()


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    done = run_tests(tmp_path, "nope")

    assert (done.returncode, done.stderr) == (1, "Error: Test path 'nope' does not exist\n")


def test_no_files_are_no_failure(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()

    done = run_tests(tmp_path)

    assert (done.returncode, done.stdout) == (0, "No test files found.\n")


def test_filter_and_fail_fast(tmp_path: Path) -> None:
    write_files(tmp_path, {"tests/a_spec.soli": PASSING + FAILING + FAILING})

    assert run_tests(tmp_path, "--filter", "one").stdout.splitlines()[-1] == "1 passed, 0 failed"
    assert run_tests(tmp_path, "--fail-fast").stdout.splitlines()[-1] == "1 passed, 1 failed"


def test_json_on_standard_output_is_nothing_but_json(tmp_path: Path) -> None:
    """What programs print goes to standard error then."""
    write_files(tmp_path, {"tests/a_spec.soli": 'print("noise")\n' + FAILING})

    done = run_tests(tmp_path, "--format", "json")

    assert json.loads(done.stdout)["failed"] == 1
    assert done.stderr == "noise\n"
    assert done.returncode == 1


def test_coverage_names_the_lines_that_were_not_run(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "lib.soli": "export def f(c)\n  if c\n    1\n  else\n    2\n  end\nend\n",
            "tests/a_spec.soli": (
                'import "../lib"\ntest("one") do\n  assert_eq(f(true), 1)\nend\n'
            ),
        },
    )

    done = run_tests(tmp_path, "--coverage")

    assert any("lib.soli" in line and "not run: 5" in line for line in done.stdout.splitlines())


def test_check_reports_and_ends_with_65(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.soli": "prnt(1)\n"})

    done = soli("check", "a.soli", cwd=tmp_path)

    assert done.returncode == 65
    assert done.stdout.startswith("a.soli:1:1: error: Undefined variable 'prnt' [unknown-name]\n")
    assert "did you mean 'print'?" in done.stdout


def test_check_ends_with_0_when_there_are_only_warnings(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.soli": "print -1\n"})

    done = soli("check", "a.soli", cwd=tmp_path)

    assert done.returncode == 0
    assert "1 file: no errors, 1 warning" in done.stdout


def test_check_tells_all_syntax_errors_to_editors(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.soli": "x = = 1\ny = 2\nz = = 3\n"})

    done = soli("check", "--format", "json", "a.soli", cwd=tmp_path)

    found = json.loads(done.stdout)
    assert [(one["line"], one["code"], one["severity"]) for one in found] == [
        (1, "syntax", "error"),
        (3, "syntax", "error"),
    ]
    assert done.returncode == 65


def test_fmt_rewrites_files_in_place(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.soli": "x=1\n", "b.soli": "y = 2\n"})

    done = soli("fmt", ".", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, "reformatted a.soli\n")
    assert (tmp_path / "a.soli").read_text() == "x = 1\n"


def test_fmt_check_changes_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.soli": "x=1\n"})

    done = soli("fmt", "--check", "a.soli", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (1, "would reformat a.soli\n")
    assert (tmp_path / "a.soli").read_text() == "x=1\n"


def test_fmt_leaves_what_is_no_program(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.soli": "x = (\n"})

    done = soli("fmt", "a.soli", cwd=tmp_path)

    assert done.returncode == 65
    assert (tmp_path / "a.soli").read_text() == "x = (\n"


def test_fmt_reads_standard_input(tmp_path: Path) -> None:
    assert soli("fmt", "-", cwd=tmp_path, text="x=1").stdout == "x = 1\n"


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [("Math.floor", 0, "Math.floor(number: number)\n"), ("trimm", 64, "did you mean trim")],
)
def test_doc_shows_a_builtin_or_suggests_one(
    tmp_path: Path, name: str, status: int, text: str
) -> None:
    done = soli("doc", name, cwd=tmp_path)

    assert done.returncode == status
    assert text in done.stdout + done.stderr


TYPED = """
def total(n: Int)
  n
end
test("wants an Int") do
  assert_eq(total("three"), "three")
end
"""


AT_THE_PROMPT = "def total(n: Int)\n  n\nend\ntotal('three')\n"


def test_declared_types_are_checked_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a flag, or by the variable that `soli run` reads; also in further processes."""
    for name in ("a_spec.soli", "b_spec.soli"):
        (tmp_path / name).write_text(TYPED, "utf-8")
    said = "'total' takes Int as 'n', this is String"

    assert soli("test", ".", cwd=tmp_path).returncode == 0
    for flags in (["--check-types"], ["--check-types", "--jobs", "2"]):
        done = soli("test", ".", *flags, cwd=tmp_path)
        assert (done.returncode, done.stdout.count(said)) == (1, 2), done.stdout
    monkeypatch.setenv("SOLI_CHECK_TYPES", "true")
    assert soli("test", ".", cwd=tmp_path).returncode == 1
    assert soli("test", ".", "--no-check-types", cwd=tmp_path).returncode == 0
    assert said in soli("repl", cwd=tmp_path, text=AT_THE_PROMPT).stderr
    monkeypatch.setenv("SOLI_CHECK_TYPES", "perhaps")
    done = soli("test", ".", cwd=tmp_path)
    assert (done.returncode, "SOLI_CHECK_TYPES" in done.stderr) == (1, True)
