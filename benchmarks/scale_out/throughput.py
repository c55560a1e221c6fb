"""What the script does by itself: trackings through one Redis, by its CPU time."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hiredis
from soli_runtime.cluster.keeping import append_words
from soli_runtime.cluster.log import keys_of, script
from soli_runtime.cluster.outbox import Batch, Queued
from soli_runtime.core.history.rings import History
from soli_runtime.core.operations.records import Tracked

from .rigs import Redis, redis

BODY = '"state":"online","online_at":1764111111,"name":"Somebody"'
TRACKING = Tracked("lobby", "4dcb2a9a1d6d4b0c", "user 1234", "17641111111110000100000", BODY)
SINGLY, BATCHED = 1, 100
CALLS = {SINGLY: 20_000, BATCHED: 2_000}
UNDER_WAY = 50
"""Calls in one write: the client is not to be what is measured."""
LEASE_MS, BACKLOG_BYTES = 9_000_000, 8 << 20


def measure(rounds: int, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Trackings per second of Redis' CPU: one per batch, a hundred per batch."""
    found: dict[str, list[float]] = {"singly": [], "batched": []}
    for _ in range(rounds):
        with redis() as broker:
            for name, size in (("singly", SINGLY), ("batched", BATCHED)):
                found[name].append(_rate(broker, size))
        say(f"trackings/s: {found['singly'][-1]:,.0f} singly, {found['batched'][-1]:,.0f} batched")
    return found


def _rate(broker: Redis, size: int) -> float:
    link = _Link(broker.socket)
    (sha,) = link.call(("SCRIPT", "LOAD", script()))
    keys = keys_of(f"bench{size}")
    run = ("EVALSHA", sha, len(keys), *keys)
    epoch = link.call((*run, "hello", "n", LEASE_MS, "e", 1))[0][0]
    batch = Batch(1, [Queued(None, TRACKING, 0.0)] * size)
    words = append_words(batch, History("e", time.time))
    append = (*run, "append", "n", epoch)
    calls = CALLS[size]
    before = cpu_seconds(broker.pid)
    for first in range(1, calls + 1, UNDER_WAY):
        numbers = range(first, first + UNDER_WAY)
        answers = link.call(*((*append, number, BACKLOG_BYTES, *words) for number in numbers))
        assert set(answers) == {b"OK"}, answers
    used = cpu_seconds(broker.pid) - before
    link.close()
    return calls * size / used


class _Link:
    """As little of a client as there can be."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._reader = hiredis.Reader()

    def call(self, *commands: tuple[Any, ...]) -> list[Any]:
        """The answers to some commands."""
        self._socket.sendall(b"".join(hiredis.pack_command(each) for each in commands))
        answers: list[Any] = []
        while len(answers) < len(commands):
            answer = self._reader.gets()
            if answer is False:
                self._reader.feed(self._socket.recv(1 << 20))
            elif isinstance(answer, Exception):
                raise answer
            else:
                answers.append(answer)
        return answers

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has taken so far, its threads and the kernel's part included."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
