"""Whole sessions of `soli repl APP`, fed through a pipe, against the texts in `transcripts/`.

`make golden` writes the texts anew: read the difference before committing it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ..support import transcripts

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "transcripts"
APPS = {
    "chat": Path(__file__).parents[2] / "examples" / "chat",
    "bench": HERE / "bench",
    "board": Path(__file__).parents[2] / "examples" / "board",
}
REWRITE = bool(os.environ.get("SOLI_REWRITE_GOLDEN"))
STATUSES = {"refusal": 70, "exception": 70, "commands": 70, "reload": 70}
"""How a session ends in which something failed."""


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_a_session_is_as_written(path: Path, tmp_path: Path) -> None:
    """Same output, line by line, and the exit status tells of failures."""
    text = path.read_text("utf-8")
    command = text.split("\n", 1)[0]
    app = tmp_path / command.removeprefix(transcripts.COMMAND)
    shutil.copytree(APPS[app.name], app)
    inputs = transcripts.inputs_of(text)
    if REWRITE:
        text = transcripts.normalised(transcripts.rewritten(app, command, inputs))
        path.write_text(text.replace(str(tmp_path), ""), "utf-8")
        shutil.rmtree(app)
        shutil.copytree(APPS[app.name], app)
    output, status = transcripts.piped(app, inputs)
    output = transcripts.normalised(output).replace(str(tmp_path), "")
    assert output == transcripts.output_of(text)
    assert status == STATUSES.get(path.stem, 0)


def test_the_transcript_in_the_documentation_is_as_written(tmp_path: Path) -> None:
    """docs/repl.md shows a session with the chat, cut to a terminal of 112 columns."""
    text = (ROOT / "docs" / "repl.md").read_text("utf-8")
    transcript = next(part for part in text.split("```\n") if part.startswith("$ soli repl"))
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    app = tmp_path / "examples" / "chat"
    output, status = transcripts.piped(app, transcripts.inputs_of(transcript), columns=112)
    ours, theirs = transcripts.output_of(transcript), output
    assert _without_ends(theirs) == _without_ends(ours)
    assert status == 70  # a refusal is shown


def _without_ends(output: str) -> list[str]:
    """Lines without what differs from run to run, and what a cut line then ends with."""
    lines = transcripts.normalised(output).split("\n")
    return [line[:70] if line.endswith("…") else line for line in lines]


def test_the_documentation_lists_the_commands() -> None:
    """As `.help` does."""
    from soli_runtime.cli.repl.commands import COMMANDS

    text = (ROOT / "docs" / "repl.md").read_text("utf-8").replace("\\|", "|")
    for command in COMMANDS.values():
        assert f"| `{command.usage}` | {command.help} |" in text
