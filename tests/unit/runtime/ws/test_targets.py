"""Writing past the transport: when it is done, and that the descriptor is only borrowed."""

import asyncio
import gc
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from soli_runtime.ws.rooms.targets import Put, Target, Targets, borrow, through_transport


class Transport:
    """What `borrow` asks of a transport."""

    def __init__(self, **extra: Any) -> None:
        self._extra = extra

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._extra.get(name, default)


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def borrowed_from(below: socket.socket, **extra: Any) -> Any:
    return borrow(Transport(socket=below, **extra))  # type: ignore[arg-type]


def test_a_borrowed_socket_sends_and_is_not_closed_when_it_is_dropped() -> None:
    """Dropped without `detach`, in a cycle even, it leaves the descriptor alone."""
    with pair() as (ours, theirs):
        borrowed = borrowed_from(ours)
        assert borrowed.send(b"abc") == 3
        cycle: list[object] = [borrowed]
        cycle.append(cycle)
        del borrowed, cycle
        gc.collect()
        os.fstat(ours.fileno())
        ours.send(b"def")
        assert theirs.recv(10) == b"abcdef"


def test_a_detached_socket_sends_to_nobody() -> None:
    """A target that somebody kept fails instead of writing to the descriptor's next owner."""
    with pair() as (ours, theirs):
        borrowed = borrowed_from(ours)
        send = borrowed.send
        borrowed.detach()
        with pytest.raises(OSError, match="Bad file descriptor"):
            send(b"abc")
        with pytest.raises(BlockingIOError):
            theirs.recv(10)


@pytest.mark.parametrize("extra", [{"sslcontext": ssl.create_default_context()}])
def test_nothing_is_sent_past_tls(extra: dict[str, Any]) -> None:
    """The bytes below TLS are not ours to write."""
    with pair() as (ours, _):
        assert borrowed_from(ours, **extra) is None


def test_there_is_nothing_to_borrow_from_a_transport_without_a_stream_socket() -> None:
    """Pipes, datagrams, closed sockets."""
    assert borrow(Transport()) is None  # type: ignore[arg-type]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert borrowed_from(datagrams) is None
    with pair() as (ours, _):
        ours.close()
        assert borrowed_from(ours) is None


def write(targets: list[Target], block: bytes) -> list[Put]:
    """Write, and which transports failed."""
    failed: list[Put] = []
    Targets(targets).write(block, failed.append)
    return failed


class Line:
    """One target with the parts that a test wants to see."""

    def __init__(
        self, *, waiting: int = 0, takes: int = 1000, error: OSError | None = None
    ) -> None:
        self.past: list[bytes] = []
        self.through: list[bytes] = []
        self._waiting, self._takes, self._error = waiting, takes, error

    @property
    def target(self) -> Target:
        return (lambda: self._waiting), self._send, self.through.append

    def _send(self, block: bytes) -> int:
        if self._error is not None:
            raise self._error
        taken = block[: self._takes]
        self.past.append(taken)
        return len(taken)


def test_each_target_gets_the_whole_block_once_past_or_through_its_transport() -> None:
    """Past it if nothing waits; what the socket does not take, and all after an error, through."""
    free, busy, narrow = Line(), Line(waiting=1), Line(takes=2)
    full, broken = Line(error=BlockingIOError()), Line(error=ConnectionResetError())
    lines = [free, busy, narrow, full, broken]
    sealed: list[bytes] = []
    write([*(line.target for line in lines), through_transport(sealed.append)], b"block")
    assert [line.past for line in lines] == [[b"block"], [], [b"bl"], [], []]
    assert [line.through for line in lines] == [[], [b"block"], [b"ock"], [b"block"], [b"block"]]
    assert sealed == [b"block"]


def test_where_nothing_waits_refusals_in_between_cost_nobody_else_the_block() -> None:
    """The block is offered to all of them in one go, and goes on behind each that refuses."""
    errors = [None, BlockingIOError(), None, None, ConnectionResetError(), BlockingIOError(), None]
    lines = [Line(error=error) for error in errors]
    assert write([line.target for line in lines], b"block") == []
    assert [line.past for line in lines] == [[] if error else [b"block"] for error in errors]
    assert [line.through for line in lines] == [[b"block"] if error else [] for error in errors]


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_transport_that_fails_is_told_of_and_the_others_get_the_block(waiting: int) -> None:
    """In the order of joining, whether something waits or not."""

    def fail(block: bytes) -> None:
        raise ValueError(block)

    before, after = Line(waiting=waiting, takes=2), Line(takes=3)
    bad = ((lambda: 1) if waiting else (lambda: 0), Line(takes=0).target[1], fail)
    assert write([before.target, bad, after.target], b"block") == [fail]
    assert b"".join(before.past + before.through) == b"block"
    assert b"".join(after.past + after.through) == b"block"


def test_a_transport_that_cannot_say_what_waits_gets_the_block() -> None:
    """It finds out by itself; nobody else notices."""

    def broken() -> int:
        raise RuntimeError

    before, odd, after = Line(), Line(), Line()
    assert write([before.target, (broken, *odd.target[1:]), after.target], b"block") == []
    assert (before.past, odd.past, after.past) == ([b"block"], [], [b"block"])
    assert odd.through == [b"block"]


def test_nobody_is_written_to_without_targets() -> None:
    """An empty room is one, too."""
    assert len(Targets([])) == 0
    assert write([], b"block") == []


def test_a_socket_that_is_full_gives_the_rest_to_its_transport() -> None:
    """The same on a real socket whose peer does not read."""
    with pair() as (ours, theirs):
        borrowed = borrowed_from(ours)
        rest: list[bytes] = []
        block = os.urandom(1 << 16)
        while not rest:
            write([((lambda: 0), borrowed.send, rest.append)], block)
        received = b""
        with suppress(BlockingIOError):
            while True:
                received += theirs.recv(1 << 20)
        assert (received + rest[0]).endswith(block)
        assert len(received + rest[0]) % len(block) == 0


def test_event_loops_tell_of_the_end_before_they_close_the_descriptor() -> None:
    """What `Borrowed` relies on: in `connection_lost` the descriptor is still the connection's."""
    uvloop = pytest.importorskip("uvloop")

    class Protocol(asyncio.Protocol):
        transport: Any = None
        was_open = False

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.descriptor = transport.get_extra_info("socket").fileno()

        def connection_lost(self, exc: Exception | None) -> None:
            os.fstat(self.descriptor)
            self.was_open = True

    async def end(how: str) -> bool:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        transport, protocol = await asyncio.get_running_loop().create_connection(
            Protocol, sock=ours
        )
        if how == "peer":
            theirs.close()
        else:
            getattr(transport, how)()
        for _ in range(100):
            await asyncio.sleep(0)
            if protocol.was_open:
                break
            await asyncio.sleep(0.001)
        theirs.close()
        return protocol.was_open

    async def main() -> None:
        assert [await end(how) for how in ("close", "abort", "peer")] == [True, True, True]

    asyncio.run(main())
    uvloop.run(main())
