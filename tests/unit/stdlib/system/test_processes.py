"""Other programs (docs/spec §L22.3)."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest
from soli_stdlib.system import processes

from soli_lang.base.errors import SoliIOError

from ..installed import Library


@pytest.fixture
def soli(tmp_path: Path) -> Library:
    return Library(processes=True, files=tmp_path, environment={"GREETING": "hi"})


def test_a_program_runs_with_its_arguments(soli: Library) -> None:
    """Output, errors and exit code come back; nothing is interpreted by a shell."""
    code = "import sys; print(sys.argv[1]); print('e', file=sys.stderr); sys.exit(3)"
    result = soli.call("System.run_sync", [sys.executable, "-c", code, "$HOME; ls"])
    assert result == {"stdout": "$HOME; ls\n", "stderr": "e\n", "exit_code": 3}


def test_a_text_is_split_at_spaces(soli: Library) -> None:
    """`System.run` returns its result like run_sync."""
    assert soli.call("System.run", "echo  a b")["stdout"] == "a b\n"


@pytest.mark.parametrize("command", ["ls | wc", "echo $HOME", "a; b", "a > b", "echo `id`", "ls *"])
def test_shell_syntax_is_refused(soli: Library, command: str) -> None:
    """A text with metacharacters never reaches a shell."""
    message = (
        "System.run_sync() refuses to auto-shell a command containing shell metacharacters: "
        + command
    )
    assert soli.failure("System.run_sync", command) == message


def test_a_shell_runs_on_demand(soli: Library, tmp_path: Path) -> None:
    """System.shell sees the host's environment and folder, nothing else."""
    result = soli.call("System.shell", "echo $GREETING $HOME; pwd")
    assert result["stdout"] == f"hi\n{tmp_path}\n"


def test_processes_need_the_capability() -> None:
    """Without it nothing runs."""
    assert "'processes'" in Library().failure("System.run_sync", "ls")
    assert "'processes'" in Library().failure("System.shell_sync", "ls")


def test_a_missing_program_is_named(soli: Library) -> None:
    """The failure says what could not be started."""
    failure = soli.failure("System.run_sync", "no-such-program")
    assert failure == "System.run_sync() failed: No such file or directory: no-such-program"
    assert soli.failure("System.run_sync", "") == "System.run_sync() got an empty command"
    assert "expects string or array" in soli.failure("System.run_sync", 5)


def test_a_slow_program_is_killed() -> None:
    """Beyond its time a program goes, and what it started."""
    with pytest.raises(SoliIOError, match=r"took longer than 0\.2 seconds"):
        processes.run_process(["sh", "-c", "sleep 60 & sleep 60"], None, {}, 0.2, 1000)


def test_a_silent_slow_program_is_killed_too() -> None:
    """Closing its output does not help."""
    argv = ["sh", "-c", "exec >&- 2>&-; sleep 60"]
    with pytest.raises(SoliIOError, match="took longer"):
        processes.run_process(argv, None, {}, 0.2, 1000)


def test_output_is_bounded() -> None:
    """Exactly the limit is fine, one byte more is not."""
    argv = [sys.executable, "-c", "import sys; sys.stdout.write('x' * int(sys.argv[1]))"]
    assert processes.run_process([*argv, "1000"], None, {}, 30, 1000)[0] == b"x" * 1000
    with pytest.raises(SoliIOError, match="wrote more than 1000 bytes"):
        processes.run_process([*argv, "1001"], None, {}, 30, 1000)


@pytest.mark.parametrize("stream", ["", ">&2"])
def test_endless_output_ends(stream: str) -> None:
    """A program that never stops writing is killed when it is at its limit, not at its time."""
    began = time.monotonic()
    with pytest.raises(SoliIOError, match="wrote more than"):
        processes.run_process(
            ["sh", "-c", f"while :; do echo x {stream}; done"], None, {}, 60, 1000
        )
    assert time.monotonic() - began < 30


def test_the_runtime_may_run_it() -> None:
    """With a host service the program waits without stopping anybody else."""
    seen: list[Any] = []

    def service(*arguments: Any) -> Any:
        seen.append(arguments)
        return "awaitable"

    soli = Library(
        processes=True,
        services={"run_process": service},
        suspend=lambda awaitable: (b"out", b"", 0) if awaitable == "awaitable" else None,
    )
    result = soli.call("System.run_sync", ["ls", "-l"])
    assert result == {"stdout": "out", "stderr": "", "exit_code": 0}
    assert seen[0][0] == ["ls", "-l"]
