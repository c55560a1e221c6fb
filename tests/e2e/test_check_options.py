"""`soli check --fix`, `--strict` and the formats for editors and code review."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from soli_runtime.cli.checking.command import check
from soli_runtime.cli.exits import UsageError

from .test_command_line import soli

WRONG = """router_websocket("/ws", "app#handel")
dfe helper(x: Strng)
  x.uppcase
end
def handle(event)
  prnt(None)
  return { "brodcast": event["mesage"] } if event["type"] == "mesage"
  totl
  {}
end
"""
FIXED = """router_websocket("/ws", "app#handle")
def helper(x: String)
  x.upcase
end
def handle(event)
  print(null)
  return { "broadcast": event["message"] } if event["type"] == "message"
  totl
  {}
end
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_fix_writes_what_is_certain_and_reports_the_rest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a syntax error hid is fixed, too; a name of the program's own is left to its author."""
    file = folder / "app.soli"
    file.write_text(WRONG, "utf-8")

    assert check(["--fix", "app.soli"]) == 65

    assert file.read_text("utf-8") == FIXED
    shown = capsys.readouterr()
    assert "app.soli:2:1: fixed: 'dfe' is 'def' now" in shown.err
    assert shown.err.count("fixed:") == 9
    assert "Undefined variable 'totl'" in shown.out
    assert "1 file: 1 error, no warnings" in shown.out


def test_fix_leaves_right_files_and_their_line_ends_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file without findings is not even written."""
    right = folder / "right.soli"
    right.write_bytes(b"x = 1\r\nprint(x)\r\n")
    before = right.stat().st_mtime_ns
    wrong = folder / "wrong.soli"
    wrong.write_bytes(b"x = True\r\nprnt(x)\r\n")

    assert check(["--fix", "right.soli", "wrong.soli"]) == 0

    assert right.stat().st_mtime_ns == before
    assert wrong.read_bytes() == b"x = true\r\nprint(x)\r\n"


def test_a_fix_that_makes_something_else_wrong_is_not_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`prints` is near to `print`, which gives null."""
    text = "x = prind(1) - 2\n"
    (folder / "a.soli").write_text(text, "utf-8")

    check(["--fix", "a.soli"])

    assert (folder / "a.soli").read_text("utf-8") == text


def test_a_file_that_cannot_be_written_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.soli").write_text("prnt(1)\n", "utf-8")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(UsageError, match=r"'a\.soli' cannot be written: No space left on device"):
        check(["--fix", "a.soli"])


def test_strict_fails_for_warnings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And for nothing else."""
    (folder / "a.soli").write_text("x = 1\nif x = 2\n  print(x)\nend\n", "utf-8")
    (folder / "b.soli").write_text("print(1)\n", "utf-8")

    assert check(["a.soli"]) == 0
    assert check(["--strict", "a.soli"]) == 65
    assert check(["--strict", "b.soli"]) == 0


TWO = 'x = 1\nif x = 2\n  prnt("100% é")\nend\n'


def test_json_names_both_ends(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In characters from 1, the end exclusive."""
    (folder / "a.soli").write_text(TWO, "utf-8")
    check(["--format", "json", "a.soli"])

    one, other = json.loads(capsys.readouterr().out)
    assert one | {"message": "", "hint": ""} == {
        **{"file": "a.soli", "line": 2, "column": 4, "end_line": 2, "end_column": 9},
        **{"severity": "warning", "code": "assignment-in-condition", "message": "", "hint": ""},
    }
    assert (other["line"], other["column"], other["end_column"]) == (3, 3, 7)


def test_sarif_has_a_result_for_each_finding(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules, levels and places as version 2.1.0 wants them."""
    (folder / "a b.soli").write_text(TWO, "utf-8")
    assert check(["--format", "sarif", "a b.soli"]) == 65

    document = json.loads(capsys.readouterr().out)
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert document["version"] == "2.1.0"
    assert [(one["ruleId"], rules[one["ruleIndex"]], one["level"]) for one in run["results"]] == [
        ("assignment-in-condition", "assignment-in-condition", "warning"),
        ("unknown-name", "unknown-name", "error"),
    ]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "a%20b.soli"},
        "region": {"startLine": 3, "startColumn": 3, "endLine": 3, "endColumn": 7},
    }
    assert "did you mean 'print'?" in run["results"][1]["message"]["text"]


def test_github_gets_a_command_for_each_finding(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each, whatever stands in texts and names."""
    (folder / "a,b:c.soli").write_text(TWO, "utf-8")
    check(["--format", "github", "a,b:c.soli"])

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("::warning file=a%2Cb%3Ac.soli,line=2,endLine=2,col=4,endColumn=9,")
    assert second == (
        "::error file=a%2Cb%3Ac.soli,line=3,endLine=3,col=3,endColumn=7,title=unknown-name"
        "::Undefined variable 'prnt'%0Ahint: did you mean 'print'?"
    )


def test_functions_of_a_host_are_declared_in_a_file(tmp_path: Path) -> None:
    """64 for a file that declares none."""
    (tmp_path / "host.soli").write_text("def price_of(id: Int) -> Float\nend\n", "utf-8")
    (tmp_path / "a.soli").write_text('print(price_of("one"))\n', "utf-8")

    done = soli("check", "a.soli", "--declare", "host.soli", cwd=tmp_path)
    assert done.returncode == 65
    assert "'price_of' takes Int as 'id', this is String" in done.stdout + done.stderr
    done = soli("check", "a.soli", "--declare", "a.soli", cwd=tmp_path)
    assert done.returncode == 64
    assert "--declare 'a.soli', line 1: expected functions without bodies" in done.stderr
