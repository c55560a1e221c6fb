"""Programs that are not files: `soli -e CODE`, standard input, the REPL."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from soli_lang.base.errors import SoliError, SoliSyntaxError
from soli_lang.interpreter import Interpreter

from ..calling.waiting import Waiting
from ..loading.launch import Launch, new_interpreter
from ..loading.project import Project
from ..settings import Settings
from .arguments import denied_of
from .exits import FAILED, INVALID, OK
from .reports import report


def text_interpreter(name: str, parsed: argparse.Namespace, waiting: Waiting) -> Interpreter:
    """An interpreter for a text called *name*, granted what the program flags leave."""
    how = Launch(
        Path("."),
        Settings(),
        environment=os.environ,
        denied=denied_of(parsed),
        private_network=parsed.private_network,
        code_writable=parsed.code_writable,
        shell=parsed.allow_shell,
    )
    return new_interpreter(how, Project(Path("."), main=Path(name)), waiting)


def run_text(interpreter: Interpreter, text: str, name: str) -> int:
    """Run a whole program and report what stops it. The exit status."""
    try:
        interpreter.run(text, name)
    except SoliSyntaxError as error:
        report(error)
        return INVALID
    except SoliError as error:
        report(error)
        return FAILED
    return OK
