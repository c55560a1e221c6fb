"""Transcripts of `soli repl` as tests: what is typed stands behind the prompt, the rest is output.

$ soli repl APP
soli> 1 + 1
=> 2
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

PROMPT, CONTINUATION = "soli> ", "  ... "
COMMAND = "$ soli repl "

_VARIABLE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d+\.\d ms"), "0.1 ms"),
    (re.compile(r"\d+ steps?\b"), "1 step"),
    (re.compile(r'("date": ")[^"]*'), r"\1TIME"),
    (re.compile(r'("at": ?)\d+(\.\d+)?'), r"\1TIME"),
)


def inputs_of(transcript: str) -> list[str]:
    """The inputs in a transcript, each with all its lines."""
    inputs: list[str] = []
    for line in transcript.split("\n"):
        if line.startswith(PROMPT) or line == PROMPT.rstrip():
            inputs.append(line[len(PROMPT) :])
        elif line.startswith(CONTINUATION):
            inputs[-1] += "\n" + line[len(CONTINUATION) :]
    return inputs


def output_of(transcript: str) -> str:
    """The output in a transcript."""
    typed = (COMMAND, PROMPT, CONTINUATION, PROMPT.rstrip())
    lines = [line for line in transcript.split("\n") if not line.startswith(typed)]
    return "\n".join(lines)


def normalised(text: str) -> str:
    """*text* without the ids, times and counts of one run."""
    for pattern, replacement in _VARIABLE:
        text = pattern.sub(replacement, text)
    return text


def piped(app: Path | None, inputs: list[str], *, columns: int = 1000) -> tuple[str, int]:
    """What `soli repl` writes when it is fed *inputs*, errors too, and its exit status."""
    arguments = [] if app is None else [str(app)]
    done = subprocess.run(
        [sys.executable, "-m", "soli_runtime.cli", "repl", *arguments],
        input="".join(text + "\n" for text in inputs),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "COLUMNS": str(columns)},
        cwd=None if app is None else app.parent,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout, done.returncode


def rewritten(app: Path, command: str, inputs: list[str]) -> str:
    """A transcript of *inputs*, made anew."""
    os.environ["COLUMNS"] = "1000"
    return asyncio.run(_played(app, command, inputs))


async def _played(app: Path, command: str, inputs: list[str]) -> str:
    from soli_runtime.cli.repl.bench import Bench, BenchOptions
    from soli_runtime.cli.repl.prompting import Prompting
    from soli_runtime.loading.project import find_project

    written = StringIO()
    project = find_project(app)
    bench = Bench(
        BenchOptions(project.root, project),
        lambda trace: prompting.told(trace),
        lambda text: prompting.write(text),
    )
    prompting = Prompting(bench, written.write)
    await bench.start()
    written.write(command + "\n")
    with redirect_stderr(written):
        for text in inputs:
            first, *more = text.split("\n")
            written.write(PROMPT + first + "\n")
            written.writelines(CONTINUATION + line + "\n" for line in more)
            if not prompting.is_over:
                await prompting.take(text)
    await bench.stop()
    return written.getvalue()
