"""The code that our documents show."""

from __future__ import annotations

import re
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: Path, language: str) -> list[str]:
    """The texts of the fenced blocks of *language*, in their order."""
    found = FENCE.findall(document.read_text(encoding="utf-8"))
    return [text for name, text in found if name == language]


def expected_output(code: str) -> str:
    """What a Python block says that it prints: its comments that start a line."""
    lines = [line[2:] for line in code.splitlines() if line.startswith("# ")]
    return "".join(f"{line}\n" for line in lines)
