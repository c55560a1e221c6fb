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
