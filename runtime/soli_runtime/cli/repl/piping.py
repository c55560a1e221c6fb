"""Lines of standard input where it is no terminal: the same dialogue, without prompts."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading

Asked = tuple[asyncio.AbstractEventLoop, "asyncio.Future[str | None]"]


class PipedLines:
    """Reads a line when it is asked for one, so that a program may read lines of its own.

    A thread of its own does that, for which nobody has to wait at the end.
    """

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        threading.Thread(target=self._serve, daemon=True).start()

    async def read(self, prompt: str) -> str | None:
        """The next line; None at the end."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()
        self._asked.put((loop, answer))
        return await answer

    def _serve(self) -> None:
        while True:
            loop, answer = self._asked.get()
            try:
                line = sys.stdin.readline()
            except (OSError, ValueError):  # closed, or no text
                line = ""
            text = line.removesuffix("\n") if line else None
            loop.call_soon_threadsafe(_answer, answer, text)


def _answer(answer: asyncio.Future[str | None], text: str | None) -> None:
    if not answer.done():
        answer.set_result(text)
