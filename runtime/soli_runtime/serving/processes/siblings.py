"""How the workers of one machine ask each other: a Unix socket each, in a folder of their parent.

Not through Redis: what is asked for (metrics) is wanted most when that is away, and is nothing to
other machines. Whoever is asked answers with all it has to say and hangs up; who does not answer
in time, because it is stopped or computes, is named as silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from ...observing.logs import Log

ANSWER_SECONDS = 1.0
"""For all answers together; they are asked at once."""
MAX_ANSWER_BYTES = 16 << 20

Answers = dict[tuple[str, str], bytes | None]
"""By number of the worker and name of its node; None: silent."""


class Siblings:
    """One worker, and the others that share *folder* with it. `start`, `ask`, `stop`.

    *who*: `worker`, its number, and `node`, its name.
    """

    def __init__(self, folder: str, who: Mapping[str, str]) -> None:
        self._folder = Path(folder)
        self._path = self._folder / f"{who['worker']}.{who['node']}"
        self._server: asyncio.Server | None = None

    async def start(self, answer: Callable[[], Awaitable[bytes]], log: Log) -> None:
        """Answer the others with what *answer* gives. Without a socket they hear nothing of us."""

        async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(await answer())
                await writer.drain()
            except ConnectionError:
                pass  # who asked waits no longer
            finally:
                writer.close()

        try:
            self._server = await asyncio.start_unix_server(tell, str(self._path))
        except OSError as error:  # a path that is too long, a folder that was swept away
            log.warning("worker_unheard", error=str(error))

    async def ask(self) -> Answers:
        """What the others say, within `ANSWER_SECONDS`."""
        try:
            others = [path for path in sorted(self._folder.iterdir()) if path != self._path]
        except OSError:
            others = []
        found = await asyncio.gather(*map(_answer, others))
        return {
            _who(path): answer
            for path, answer in zip(others, found, strict=True)
            if answer is not None or path.exists()
        }

    def stop(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)


def _who(path: Path) -> tuple[str, str]:
    worker, _, node = path.name.partition(".")
    return worker, node


def _forget(path: Path) -> None:
    """The worker was killed: its socket is nobody's."""
    path.unlink(missing_ok=True)


async def _answer(path: Path) -> bytes | None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _heard(path)
    except TimeoutError:
        return None
    except (ConnectionRefusedError, FileNotFoundError):
        _forget(path)
        return None
    except OSError:
        return None


async def _heard(path: Path) -> bytes | None:
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        answer = b""
        while piece := await reader.read(1 << 16):
            answer += piece
            if len(answer) > MAX_ANSWER_BYTES:
                return None
        return answer or None
    finally:
        writer.close()
