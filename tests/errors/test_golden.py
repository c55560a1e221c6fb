"""What people see when a program is wrong, letter for letter.

Each `NAME.soli` beside this file is run; `NAME.txt` holds the exit status and all that the person
sees. `make golden` writes the texts anew: read the difference before committing it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ..support.live import SOLI

HERE = Path(__file__).parent
REWRITE = bool(os.environ.get("SOLI_REWRITE_GOLDEN"))
PROGRAMS = sorted(path.stem for path in HERE.glob("*.soli"))


def seen(name: str) -> str:
    result = subprocess.run(
        [SOLI, "run", f"{name}.soli", "--port", "0"],
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return f"exit status {result.returncode}\n{result.stdout}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_error_reads_as_it_should(name: str) -> None:
    """Status, message, place, source line, caret, hint and backtrace."""
    golden = HERE / f"{name}.txt"
    text = seen(name)
    if REWRITE:
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8")


def test_every_expectation_has_its_program() -> None:
    """No text is left over from a program that went."""
    assert sorted(path.stem for path in HERE.glob("*.txt")) == PROGRAMS


@pytest.mark.parametrize(
    ("command", "name"), [("run", "bad.soli"), ("check", "bad.soli"), ("run", "importer.soli")]
)
def test_a_file_that_is_no_text_is_shown_where_it_is_none(
    tmp_path: Path, command: str, name: str
) -> None:
    """The line of the byte that is no UTF-8, imported or not, and status 65."""
    (tmp_path / "bad.soli").write_bytes(b'x = 1\ny = "caf\xe9"\n')
    (tmp_path / "importer.soli").write_text('import "./bad"\n')

    result = subprocess.run(
        [SOLI, command, name], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    shown = result.stdout + result.stderr
    assert result.returncode == 65
    assert "not UTF-8 text (byte 14 is 0xe9)" in shown
    assert "bad.soli:2:9" in shown
    assert "save the file as UTF-8" in shown
