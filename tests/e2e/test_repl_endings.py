"""How `soli repl` ends, for whoever pipes a program into it or has no home to write to."""

from __future__ import annotations

import os
import pty
import subprocess
import time
from pathlib import Path

from .test_command_line import SOLI, soli


def test_an_unfinished_piped_input_is_an_error(tmp_path: Path) -> None:
    """Cut off after `if true`, a pipe ends with the message of a program that does not parse."""
    seen = soli("repl", cwd=tmp_path, text="x = 1\nif x == 1\n  print(x)\n")
    assert seen.returncode == 65
    assert seen.stdout == "=> 1\n"
    assert "`end` expected: the `if` opened on line 1 is still open" in seen.stderr


def test_a_failing_piped_input_ends_with_70(tmp_path: Path) -> None:
    """What follows the failure is still evaluated, and the status tells of it."""
    seen = soli("repl", cwd=tmp_path, text="1 / 0\n6 * 7\n")
    assert seen.returncode == 70
    assert seen.stdout == "=> 42\n"
    assert "Division by zero" in seen.stderr


def test_a_piped_input_that_does_not_parse_ends_with_65(tmp_path: Path) -> None:
    """A syntax error is told apart from a failure; `exit` does not hide it."""
    seen = soli("repl", cwd=tmp_path, text="x = )\n2\nexit\n")
    assert (seen.returncode, seen.stdout) == (65, "=> 2\n")


def test_an_unwritable_home_costs_the_history_only(tmp_path: Path) -> None:
    """On a terminal, with a home that is no folder: one line says so, and the session works."""
    (tmp_path / "home").write_text("")
    output, status = _typed(b"1 + 41\rexit\r", home=str(tmp_path / "home"), cwd=tmp_path)
    assert "What you type is not remembered" in output
    assert "=> 42" in output
    assert "Traceback" not in output
    assert "internal error" not in output
    assert status == 0


def _typed(keys: bytes, *, home: str, cwd: Path) -> tuple[str, int]:
    """What a terminal shows when *keys* are typed into `soli`, and its exit status."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "HOME": home, "TERM": "dumb", "PROMPT_TOOLKIT_NO_CPR": "1"}
    environment.pop("XDG_STATE_HOME", None)
    process = subprocess.Popen(
        SOLI, stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=environment
    )
    os.close(theirs)
    seen = b""
    try:
        while b"soli>" not in seen:
            seen += os.read(ours, 4096)
        os.write(ours, keys)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                block = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            seen += block
        return seen.decode(), process.wait(30)
    finally:
        process.kill()
        os.close(ours)


def test_nothing_that_is_typed_ends_a_session() -> None:
    """Odd commands, odd texts, code without an end of calls: each costs one input."""
    odd = [
        *(".", ". x", "._", ".presence", '.presence "a"b', ".use", ".time zzz", ".time travel"),
        *('.time freeze "', ".save", ".save ../../x", ".zzz " + "x" * 10_000, "doc", "doc ."),
        *("doc " + "a." * 5_000, "x = \udcff", "\x00", "end", "}" * 500, "#" * 10_000),
        *(
            "def f(n)",
            "f(n + 1)",
            "end",
            "f(1)",
            '"a" * 100000000000',
            "throw [1]",
            "ws_connect(5)",
        ),
        "ws_connect(5)",
        *('ws_connect("nowhere")', 'ws_connect("/ws/echo").send(ws_connect)', "get(get)", "1 + 1"),
    ]
    chat = Path(__file__).parents[2] / "examples" / "echo"
    seen = subprocess.run(
        [*SOLI, "repl", str(chat)],
        input="".join(line + "\n" for line in odd).encode("utf-8", "surrogateescape"),
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
        timeout=60,
        check=False,
    )
    output = (seen.stdout + seen.stderr).decode("utf-8", "replace")
    assert "=> 2" in output
    assert "Traceback" not in output
    assert "internal error" not in output
    assert seen.returncode == 70
    assert not (chat / "tests" / "x_spec.soli").exists()
