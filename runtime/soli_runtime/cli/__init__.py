"""The command `soli`. Exit status: 0, 64 wrong usage, 65 not a valid program, 70 it failed."""

from __future__ import annotations

import errno
import gc
import os
import sys
import warnings
from collections.abc import Sequence

from ..calling.recursion import raise_recursion_limit
from .exits import FAILED, OK, UNWRITTEN, USAGE, Exit, UsageError

COMMANDS = {
    "run": "run a program, and serve it if it has routes",
    "check": "report errors without running the program",
    "repl": "an interactive prompt, also as the clients of an app (the default)",
    "new": "create an app",
    "replay": "replay the events that --record recorded",
    "routes": "list the routes of an app",
    "types": "write the declared messages of an app for TypeScript and AsyncAPI",
    "test": "run tests",
    "cluster": "list the processes of an app that share a broker",
    "fmt": "format programs",
    "doc": "show the documentation of builtins",
    "lsp": "the language server for editors",
    "dap": "the debugger for editors",
}

HELP = """usage: soli COMMAND [ARGUMENTS]
       soli FILE [ARGUMENTS]     like soli run FILE; soli - reads the program from standard input
       soli -e CODE              run CODE
       soli                      interactive

commands:
{commands}

soli COMMAND --help explains a command; soli --version prints the version.
"""


NOT_WRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""Errors of the reader of our output, not of Soli."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    raise_recursion_limit()
    # What Python thinks of the functions that programs become is nothing to their authors.
    warnings.filterwarnings("ignore", category=SyntaxWarning, module="<soli>")
    try:
        return dispatch(list(sys.argv[1:] if arguments is None else arguments))
    except UsageError as error:
        from ..observing.printable import printable

        text = printable(str(error), "\n")  # it may name what was typed
        sys.stderr.write(f"soli: {text}\n")
        return USAGE
    except Exit as exit_:
        return exit_.status
    except BrokenPipeError:
        # Whoever read our output has seen enough; leave nothing for Python to complain about.
        sys.stdout = None
        return OK
    except KeyboardInterrupt:
        sys.stderr.write("soli: interrupted\n")
        return 130
    except OSError as error:
        if error.errno not in NOT_WRITTEN:
            return _fault(error)
        sys.stderr.write(f"soli: standard output cannot be written: {error.strerror}\n")
        sys.stdout = None  # what it still holds would fail again at the end
        return UNWRITTEN
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> int:
    """Report an internal error."""
    if os.environ.get("SOLI_TRACEBACK"):
        raise error
    sys.stderr.write(f"soli: internal error: {type(error).__name__}: {error}\n")
    sys.stderr.write("  This is a bug in Soli. SOLI_TRACEBACK=1 shows where it happened.\n")
    return FAILED


def dispatch(arguments: list[str]) -> int:
    """Find the command and run it. Raises UsageError."""
    if not arguments:
        return _without_arguments()
    first, rest = arguments[0], arguments[1:]
    if first in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return OK
    if first in ("-V", "--version", "version"):
        sys.stdout.write(f"soli {version()}\n")
        return OK
    if first == "-e":
        from .run import run_code

        return run_code(rest)
    return _command(first, rest)


def _without_arguments() -> int:
    if not sys.stdin.isatty():
        return _run(["-"])
    from .repl.command import run_repl

    return run_repl([])


def _command(name: str, arguments: list[str]) -> int:
    # Each command imports what it needs: `soli run hello.soli` must not load a web server.
    if name == "run":
        return _run(arguments)
    if name == "check":
        from .checking.command import check

        return check(arguments)
    if name == "repl":
        from ..testing.one_file import why_it_fails
        from .repl.command import run_repl

        return run_repl(arguments, why_it_fails)
    if name == "replay":
        from ..testing.one_file import why_it_fails
        from .replay.command import main as replay

        return replay(arguments, why_it_fails)
    if name == "lsp":
        return _serve_editor(arguments)
    if name == "test":
        return _run_tests(arguments)
    if name == "types":
        from .types.command import main as write_types

        return write_types(arguments)
    if name in ("cluster", "dap", "fmt", "doc", "new", "routes"):
        return _optional(name, arguments)
    return _no_command(name, arguments)


def _run(arguments: list[str]) -> int:
    from soli_lang.base.collecting import Paused

    with Paused():
        from .run import run_path

    gc.freeze()  # what was loaded stays: no collection needs to look at it
    if "--profile" not in arguments:
        return run_path(arguments)
    from .profiles import profiled

    return profiled(lambda profiling: run_path(arguments, profiling))


def _run_tests(arguments: list[str]) -> int:
    from ..testing.command import configure, run
    from .arguments import Parser, with_debugger_port

    parser = Parser(prog="soli test", description="Run tests written in Soli.")
    configure(parser)
    parsed = parser.parse_args(with_debugger_port(arguments))
    if parsed.jobs > 1 and parsed.debugger is not None:
        raise UsageError("--debugger needs a single process; leave --jobs out")
    return run(parsed)


def _serve_editor(arguments: list[str]) -> int:
    from .arguments import Parser, add_define, defined_of

    about = "Language server for the editor that started it: docs/editors.md."
    parser = Parser(prog="soli lsp", description=about)
    parser.add_argument("--stdio", action="store_true", help="the default")
    add_define(parser)
    defined = defined_of(parser.parse_args(arguments))
    try:
        from ..tools.editing.protocol.starting import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise UsageError('soli lsp needs pygls: pip install "soli-lang[lsp]"') from None
    if sys.stdin.isatty():
        raise UsageError("soli lsp speaks to an editor, not to a terminal; see docs/editors.md")
    serve(version(), defined)
    return OK


def _optional(name: str, arguments: list[str]) -> int:
    from importlib import import_module

    try:
        module = import_module(f".{name}", __package__)
    except ModuleNotFoundError as error:
        if error.name != f"{__package__}.{name}":
            raise
        raise UsageError(f"`soli {name}` is not part of this version") from None
    return int(module.main(arguments))


def _no_command(name: str, arguments: list[str]) -> int:
    from pathlib import Path

    if name == "-" or Path(name).exists():
        return _run([name, *arguments])
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=1)
    hint = f"; did you mean 'soli {close[0]}'?" if close else "; see soli --help"
    raise UsageError(f"there is no command or file '{name}'{hint}")


def _help() -> str:
    lines = [f"  {name:<8}{text}" for name, text in COMMANDS.items()]
    return HELP.format(commands="\n".join(lines))


def version() -> str:
    """The version of the installed package."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("soli-lang")
    except PackageNotFoundError:
        return "unknown"
