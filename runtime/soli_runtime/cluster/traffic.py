"""Batches to the log and entries from it, over two connections to Redis.

One writes, with up to `MAX_UNDER_WAY` batches without an answer; the next gathers meanwhile, so
load makes batches larger. The other reads. Everything happens in the callbacks of the connections,
without a task. A batch without an answer is sent again on the next connection (the script knows
its number), and reading goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from .keeping import append_words
from .log import ENDS, LOG, entry_of, script
from .log_broker import LogBroker
from .outbox import Batch
from .redis_protocol import Refused, Wire, Word, connect

MAX_UNDER_WAY = 2
BLOCK_MS = 1000
"""For one reading; then the connection is known to be alive."""
READ_ENTRIES = 64
GATHER_SECONDS = 0.002
"""What was read waits no longer than this for what is about to come back of this node's own."""
NEVER = 1 << 62
OPS_PER_TURN = 512
"""Operations that are applied before others have their turn, however much there is to read."""
CALL_SECONDS = 5.0
"""For an answer."""


class Lost(Exception):
    """Redis does not know this node as it is: it has to begin anew. The text says why."""


class Traffic:
    """What a node and the log exchange. `open`, then `begin`, then `start`; `close`, and again."""

    def __init__(
        self,
        url: str,
        keys: list[str],
        backlog_bytes: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.epoch = b""
        self.read = 0
        """The entry that was applied last."""
        self._url = url
        self._keys = keys
        self._backlog_bytes = backlog_bytes
        self._loop = loop
        self._writing: Wire | None = None
        self._reading: Wire | None = None
        self._failed: asyncio.Future[None] = loop.create_future()
        self._sha: bytes = b""
        self._is_flowing = False
        self._is_flushing = False
        self._under_way: deque[Batch] = deque()
        """What was sent and not answered."""
        self._entries: deque[Any] = deque()
        """What was read and not applied."""
        self._works: deque[Iterator[int]] = deque()
        """What is under way of the entry that was applied last, and what comes before the next."""
        self._reached = 0
        """The entry that was read last."""
        self._later: asyncio.Handle | None = None
        """When entries are to be applied; None while there are none."""
        self._returned = 0
        """The batch of this node that was read last."""
        self._awaited = NEVER
        """The one that entries wait for."""
        self._is_reading = False

    def carry_for(self, broker: LogBroker) -> None:
        """It is *broker* whose operations are carried; to be called before anything else."""
        self.broker = broker

    # Connections

    @property
    def is_open(self) -> bool:
        """Whether there are connections."""
        return self._writing is not None

    async def open(self) -> None:
        """Connect. Raises Refused, OSError, TimeoutError."""
        self._failed = self._loop.create_future()
        try:
            self._writing = await connect(self._url, CALL_SECONDS)
            self._reading = await connect(self._url, CALL_SECONDS)
            load = ("SCRIPT", "LOAD", script())
            self._sha = await self._writing.call(*load, seconds=CALL_SECONDS)
        except BaseException:
            self.close()
            raise
        self._writing.failed = self._reading.failed = self._fail

    async def ask(self, *arguments: Word) -> Any:
        """What the script answers to a command. Raises Refused, OSError, TimeoutError."""
        if self._writing is None:
            raise ConnectionError("there is no connection to Redis")
        return await self._writing.call(*self._command(arguments), seconds=CALL_SECONDS)

    async def rooms_kept(self) -> list[bytes]:
        """The names of the rooms of which something is kept in Redis."""
        if self._writing is None:
            raise ConnectionError("there is no connection to Redis")
        command = ("ZRANGE", self._keys[ENDS], 0, -1)
        found: list[bytes] = await self._writing.call(*command, seconds=CALL_SECONDS)
        return found

    def begin(self, epoch: bytes, last: int) -> None:
        """The node begins anew at entry *last*; what was under way is dropped."""
        self.epoch, self.read = epoch, last
        self._under_way.clear()
        self._returned = 0

    def insert(self, work: Iterator[int]) -> None:
        """Do *work* before the next entry; it gives how many operations each slice is worth."""
        self._works.append(work)
        if self._later is None:
            self._later = self._loop.call_soon(self._apply)

    async def settle(self) -> None:
        """Finish what is under way, while nothing is read."""
        while self._works:
            self._work_on()
            await asyncio.sleep(0)

    def start(self) -> None:
        """Send what has no answer, and read."""
        assert self._reading is not None
        self._is_flowing = True
        self._reached = self.read
        for batch in self._under_way:
            self.broker.outbox.shorten(batch)
            self._send(batch)
        self.flush()
        self._read_on()

    async def until_failed(self) -> None:
        """Until something goes wrong: Lost, Refused, OSError, TimeoutError."""
        while True:
            done, _ = await asyncio.wait((self._failed,), timeout=BLOCK_MS / 1000)
            if done:
                return self._failed.result()
            for wire in (self._writing, self._reading):
                if wire is not None and wire.is_silent(BLOCK_MS / 1000 + CALL_SECONDS):
                    raise TimeoutError("Redis does not answer")

    def close(self) -> None:
        """End the connections. What has no answer stays to be sent again."""
        self._stop()
        for wire in (self._writing, self._reading):
            if wire is not None:
                wire.close()
        self._writing = self._reading = None

    def _command(self, arguments: Iterable[Word]) -> tuple[Word, ...]:
        return ("EVALSHA", self._sha, len(self._keys), *self._keys, *arguments)

    def _stop(self) -> None:
        """What was read and not applied will be read again; what is under way goes on."""
        self._is_flowing = False
        self._is_reading = False
        self._entries.clear()
        self._awaited = NEVER
        if self._later is not None:
            self._later.cancel()
            self._later = self._loop.call_soon(self._apply) if self._works else None

    def _fail(self, error: Exception) -> None:
        self._stop()
        if not self._failed.done():
            self._failed.set_exception(error)
            self._failed.exception()  # it may be that nobody waits for it any more

    # The way out

    def queued(self) -> None:
        """Something waits: it goes out at the end of this turn of the loop."""
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what waits, as far as it may be under way."""
        self._is_flushing = False
        if not self._is_flowing:
            return
        if self.broker.outbox.must_begin_anew:
            self._fail(Lost("too much waited, or others believe that this node is dead"))
            return
        while len(self._under_way) < MAX_UNDER_WAY:
            batch = self.broker.outbox.next_batch()
            if batch is None:
                return
            self._under_way.append(batch)
            self._send(batch)

    def _send(self, batch: Batch) -> None:
        assert self._writing is not None
        head = ("append", self.broker.node, self.epoch, batch.number, self._backlog_bytes)
        words = append_words(batch, self.broker.history)
        self._writing.ask(self._take_answer, *self._command((*head, *words)))

    def _take_answer(self, answer: Any) -> None:
        if isinstance(answer, Refused):
            raise answer
        if answer != b"OK":
            raise Lost(answer.decode())
        self._under_way.popleft()
        self.flush()

    # The way in

    def _read_on(self) -> None:
        assert self._reading is not None
        self._is_reading = True
        self._reading.ask(
            self._take_entries,
            *("XREAD", "COUNT", READ_ENTRIES, "BLOCK", BLOCK_MS),
            *("STREAMS", self._keys[LOG], f"{self._reached}-0"),
        )

    def _take_entries(self, found: Any) -> None:
        self._is_reading = False
        if isinstance(found, Refused):
            raise found
        if not self._is_flowing:
            return  # it failed meanwhile
        if found:
            self._keep(found[0][1])
        if len(self._entries) < READ_ENTRIES:
            self._read_on()

    def _keep(self, entries: list[Any]) -> None:
        """What was read waits for the end of this turn of the loop."""
        node = self.broker.node.encode()
        for name, fields in entries:
            try:
                if fields[1] == node:
                    self._returned = int(fields[3])
            except (IndexError, ValueError):
                raise _unreadable(name) from None
        self._reached = int(entries[-1][0][:-2])
        self._entries.extend(entries)
        if self._later is None:
            self._later = self._loop.call_soon(self._gather)
        elif self._awaited <= self._returned:
            self._later.cancel()
            self._later = self._loop.call_soon(self._apply)

    def _gather(self) -> None:
        """At the end of a turn: apply what was read, or wait for what is about to come back.

        Messages that are applied in one turn leave in one write to each member, so what this node
        sends meanwhile is worth waiting for: the time of one trip.
        """
        outbox = self.broker.outbox
        self._awaited = outbox.number + (outbox.is_waiting and len(self._under_way) < MAX_UNDER_WAY)
        if self._awaited > self._returned and len(self._entries) < READ_ENTRIES:
            self._later = self._loop.call_later(GATHER_SECONDS, self._apply)
        else:
            self._apply()

    def _apply(self) -> None:
        """Apply what was read, for one turn of the loop."""
        self._awaited = NEVER
        budget = 0 if self.broker.has_to_wait else OPS_PER_TURN
        try:
            while budget > 0 and (self._works or self._entries):
                budget -= self._work_on()
        except Exception as error:
            self._fail(error)
            return
        is_more = self._works or self._entries
        self._later = self._loop.call_soon(self._apply) if is_more else None
        if self._is_flowing and not self._is_reading and len(self._entries) < READ_ENTRIES:
            self._read_on()

    def _work_on(self) -> int:
        """Apply the next slice, or the next entry; how many operations that is worth."""
        works = self._works
        if not works:
            works.append(self._arrive(*self._entries.popleft()))
        try:
            return next(works[0])
        except StopIteration:
            works.popleft()
            return 0
        except Exception:
            works.popleft()
            raise

    def _arrive(self, name: bytes, fields: list[bytes]) -> Iterator[int]:
        """Apply one entry; how many operations each slice of it is worth."""
        try:
            position, origin, number, heads, payloads = entry_of(name, fields)
        except Exception:
            raise _unreadable(name) from None
        if position != self.read + 1:
            raise Lost("entries of the log are missing")
        self.read = position
        try:
            yield from self.broker.arrived(position, origin, number, heads, payloads)
        except Exception:  # operations that fail do not get here: these are none
            raise _unreadable(name) from None


def _unreadable(name: bytes) -> Lost:
    """Reading it again would not help. The node begins anew behind it, as after a restart."""
    return Lost(f"entry {name.decode('ascii', 'replace')} of the log is none that Soli writes")
