"""One input, evaluated: between the app's names and its observers, and stopped by Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

from soli_lang.base.errors import Cancelled, LimitError, SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.machine.machine import Machine


class Interrupted(Exception):
    """The input was stopped by Ctrl-C."""


def is_unfinished(text: str) -> bool:
    """Whether an input wants more lines."""
    from soli_lang.syntax.parser import parse

    try:
        parse(Source("<repl>", text))
    except SoliSyntaxError as error:
        return error.incomplete
    return False


async def stoppable(machine: Machine, work: Awaitable[Any]) -> Any:
    """The result of *work*. Raises what it raises, and Interrupted after Ctrl-C."""
    stopped: list[int] = []
    task = asyncio.ensure_future(work)
    with _stoppable(machine, task, stopped):
        try:
            return await task
        except (asyncio.CancelledError, Cancelled, LimitError):
            if stopped:
                raise Interrupted from None
            raise


@contextmanager
def _stoppable(machine: Machine, task: asyncio.Future[Any], stopped: list[int]) -> Iterator[None]:
    """Meanwhile Ctrl-C stops *task*, and nothing else.

    Code that computes holds up the loop: the machine is told that its time is over, and finds out
    within some thousand steps. Code that waits is cancelled by the loop.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: Any) -> None:
        stopped.append(number)
        machine.end_now()
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
