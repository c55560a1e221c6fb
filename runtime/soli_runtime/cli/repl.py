"""`soli repl`: read, evaluate, print, with editing and history where there is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from soli_lang.base.errors import SoliError, SoliSyntaxError
from soli_lang.interpreter import Session
from soli_lang.values.semantics import inspect

from ..calling.waiting import Waiting
from .arguments import Parser, add_program_flags
from .exits import OK
from .reports import report
from .texts import run_text, text_interpreter

PROMPT = "soli> "
CONTINUATION = "  ... "

HELP = """Type Soli and press Enter; an unfinished input goes on in the next line.
  _        the last value
  exit     leave (or Ctrl-D)
"""

ReadLine = Callable[[str], str]
"""Reads a line with a prompt; raises EOFError at the end, KeyboardInterrupt to start over."""


def run_repl(arguments: list[str], *, asked_for: bool = True) -> int:
    """Run interactively. The exit status.

    Where standard input is no terminal, plain `soli` (not *asked_for*) takes it for a program;
    `soli repl` evaluates it input by input, as if typed, without prompts.
    """
    parser = Parser(prog="soli repl", description="Try Soli interactively.")
    add_program_flags(parser)
    parsed = parser.parse_args(arguments)
    waiting = Waiting()
    interpreter = text_interpreter("repl", parsed, waiting)
    try:
        if not sys.stdin.isatty():
            if not asked_for:
                return run_text(interpreter, sys.stdin.read(), "<stdin>")
            return loop(interpreter.session(), _piped_line)
        sys.stdout.write("Soli. `help` tells more, `exit` leaves.\n")
        return loop(interpreter.session(), _terminal_reader(interpreter))
    finally:
        waiting.close()


def loop(session: Session, read_line: ReadLine) -> int:
    """Read and evaluate until the end of input."""
    while True:
        try:
            text = read_line(PROMPT)
            if text.strip() in ("exit", "quit", ".exit"):
                return OK
            if text.strip() in ("help", ".help"):
                sys.stdout.write(HELP)
                continue
            _evaluate(session, text, read_line)
        except EOFError:
            if sys.stdin.isatty():
                sys.stdout.write("\n")
            return OK
        except KeyboardInterrupt:
            sys.stdout.write("\n")


def _evaluate(session: Session, text: str, read_line: ReadLine) -> None:
    """Evaluate *text*, asking for further lines while it is unfinished."""
    while text.strip():
        try:
            value = session.run(text)
        except SoliSyntaxError as error:
            if not error.incomplete:
                report(error)
                return
            text += "\n" + read_line(CONTINUATION)
            continue
        except SoliError as error:
            report(error)
            return
        if value is not None:
            sys.stdout.write(f"=> {inspect(value)}\n")
        return


def _piped_line(prompt: str) -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.removesuffix("\n")


def _terminal_reader(interpreter: Any) -> ReadLine:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory

    names = WordCompleter(lambda: sorted(interpreter.machine.globals))
    prompt: PromptSession[str] = PromptSession(
        history=FileHistory(str(_history_file())), completer=names, complete_while_typing=False
    )
    return lambda text: prompt.prompt(text)


def _history_file() -> Path:
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "soli"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "history"
