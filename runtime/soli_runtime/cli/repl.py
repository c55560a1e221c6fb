"""`soli repl`: read, evaluate, print, with editing and history where there is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soli_lang.base.errors import SoliError, SoliSyntaxError
from soli_lang.interpreter import Session
from soli_lang.values.semantics import inspect

from ..calling.waiting import Waiting
from .arguments import Parser, add_program_flags
from .exits import FAILED, INVALID, OK
from .reports import report
from .texts import text_interpreter

if TYPE_CHECKING:
    from prompt_toolkit.history import History

PROMPT = "soli> "
CONTINUATION = "  ... "

HELP = """Type Soli and press Enter; an unfinished input goes on in the next line.
  _        the last value
  exit     leave (or Ctrl-D)
"""

ReadLine = Callable[[str], str]
"""Reads a line with a prompt; raises EOFError at the end, KeyboardInterrupt to start over."""


def run_repl(arguments: list[str]) -> int:
    """Run interactively. The exit status.

    Standard input that is no terminal is evaluated input by input, as if typed, without prompts.
    """
    parser = Parser(prog="soli repl", description="Try Soli interactively.")
    add_program_flags(parser)
    parsed = parser.parse_args(arguments)
    waiting = Waiting()
    interpreter = text_interpreter("repl", parsed, waiting)
    try:
        if not sys.stdin.isatty():
            return loop(interpreter.session(), _piped_line)
        sys.stdout.write("Soli. `help` tells more, `exit` leaves.\n")
        loop(interpreter.session(), _terminal_reader(interpreter))
        return OK  # whoever typed has seen what failed
    finally:
        waiting.close()


def loop(session: Session, read_line: ReadLine) -> int:
    """Read and evaluate until the end of input. The worst status that an input left.

    What does not parse, an unfinished last input too, leaves 65, a failure 70.
    """
    statuses = [OK]
    while True:
        try:
            text = read_line(PROMPT)
            if text.strip() in ("exit", "quit", ".exit"):
                break
            if text.strip() in ("help", ".help"):
                sys.stdout.write(HELP)
                continue
            statuses.append(_evaluate(session, text, read_line))
        except EOFError:
            if sys.stdin.isatty():
                sys.stdout.write("\n")
            break
        except KeyboardInterrupt:
            sys.stdout.write("\n")
    return max(statuses)


def _evaluate(session: Session, text: str, read_line: ReadLine) -> int:
    """Evaluate *text*, asking for further lines while it is unfinished. The status it leaves."""
    while text.strip():
        try:
            value = session.run(text)
        except SoliSyntaxError as error:
            more = _more(read_line) if error.incomplete else None
            if more is None:
                report(error)
                return INVALID
            text += "\n" + more
            continue
        except SoliError as error:
            report(error)
            return FAILED
        if value is not None:
            sys.stdout.write(f"=> {inspect(value)}\n")
        break
    return OK


def _more(read_line: ReadLine) -> str | None:
    """The next line of an unfinished input; None when the input ends there."""
    try:
        return read_line(CONTINUATION)
    except EOFError:
        return None


def _piped_line(prompt: str) -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.removesuffix("\n")


def _terminal_reader(interpreter: Any) -> ReadLine:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter

    names = WordCompleter(lambda: sorted(interpreter.machine.globals))
    prompt: PromptSession[str] = PromptSession(
        history=_history(), completer=names, complete_while_typing=False
    )
    return lambda text: prompt.prompt(text)


def _history() -> History:
    """What was typed before, of this session only where nothing can be kept."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    try:
        file = _history_file()
        with file.open("ab"):
            return FileHistory(str(file))
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody knows where home is
        reason = error.strerror if isinstance(error, OSError) else str(error)
        where = f" in {error.filename}" if isinstance(error, OSError) else ""
        sys.stdout.write(f"What you type is not remembered{where}: {reason}\n")
        return InMemoryHistory()


def _history_file() -> Path:
    """Where it is kept. Raises OSError, RuntimeError."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "soli"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "history"
