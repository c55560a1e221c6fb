"""`soli run PATH --console`: a REPL in the serving process; `ws_*` reach its connections."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from soli_lang.base.errors import SoliError, SoliSyntaxError
from soli_lang.interpreter import Session
from soli_lang.values.semantics import inspect

from .reports import report

if TYPE_CHECKING:
    from ..serving.service import Service

PROMPT = "soli> "
CONTINUATION = "  ... "

ReadLine = Callable[[str], Awaitable[str | None]]
"""Reads a line with a prompt; None at the end of input."""


async def run_console(service: Service) -> None:
    """Read, evaluate, print until the input ends. The server goes on after that."""
    read_line = _terminal() if sys.stdin.isatty() else _pipe()
    session = Session(service.app.interpreter)
    while True:
        text = await read_line(PROMPT)
        if text is None or text.strip() == "exit":
            return
        if text.strip():
            await _evaluate(service, session, text, read_line)


async def _evaluate(service: Service, session: Session, text: str, read_line: ReadLine) -> None:
    while True:
        try:
            value = await service.calls.wait(
                lambda source: session.run(source), text, {"console": session}
            )
        except SoliSyntaxError as error:
            more = await read_line(CONTINUATION) if error.incomplete else None
            if more is None:
                report(error)
                return
            text += "\n" + more
            continue
        except SoliError as error:
            report(error)
            return
        if value is not None:
            sys.stdout.write(f"=> {inspect(value)}\n")
            sys.stdout.flush()
        return


def _terminal() -> ReadLine:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.patch_stdout import patch_stdout

    prompt: PromptSession[str] = PromptSession()

    async def read_line(text: str) -> str | None:
        try:
            with patch_stdout(raw=True):
                return await prompt.prompt_async(text, handle_sigint=False)
        except (EOFError, KeyboardInterrupt):
            return None

    return read_line


def _pipe() -> ReadLine:
    """Lines of standard input, read by a thread that nobody has to wait for at the end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read_all() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line.rstrip("\n"))
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read_all, daemon=True).start()

    async def read_line(text: str) -> str | None:
        return await lines.get()

    return read_line
