"""One connection to Redis: against a server that answers as it likes, and real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ....support.ports import free_port
from ....support.redis_server import certificate_of, needs_redis, redis_server

pytest.importorskip("hiredis")

from soli_runtime.cluster.redis_protocol import Refused, Wire, connect

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def to(serve: Serve, use: Callable[[Wire], Awaitable[Any]], folder: Path) -> Any:
    """What *use* makes of a wire to a server that does *serve* with each connection."""
    path, has_served = str(folder / "s"), asyncio.Event()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await serve(reader, writer)
        writer.close()
        has_served.set()

    server = await asyncio.start_unix_server(serve_one, path)
    wire = await connect(f"unix://{path}", 5)
    try:
        return await use(wire)
    finally:
        wire.close()
        await has_served.wait()
        server.close()


def answering(*pieces: bytes, closes: bool = False) -> Serve:
    """Write *pieces* after the first command, one by one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if not closes:
            await reader.read()

    return serve


async def failure(wire: Wire) -> Exception:
    """How a wire fails on which one command is sent."""
    failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
    wire.failed = failed.set_result  # a second time would raise
    wire.ask(lambda answer: None, "PING")
    async with asyncio.timeout(10):
        return await failed


def test_answers_come_in_their_order_however_they_are_cut(tmp_path: Path) -> None:
    """Byte by byte, too."""
    whole = b"+OK\r\n*2\r\n$1\r\na\r\n*-1\r\n$-1\r\n:7\r\n$0\r\n\r\n"

    async def use(wire: Wire) -> list[Any]:
        got: list[Any] = []
        for _ in range(4):
            wire.ask(got.append, "X", b"\x00", 3)
        last = await wire.call("LAST", seconds=10)
        return [*got, last]

    for cut in (1, 3, len(whole)):
        pieces = [whole[at : at + cut] for at in range(0, len(whole), cut)]
        got = asyncio.run(to(answering(*pieces), use, tmp_path))
        assert got == [b"OK", [b"a", None], None, 7, b""]


def test_an_error_is_an_answer(tmp_path: Path) -> None:
    """`call` raises it; others get it."""

    async def use(wire: Wire) -> list[Any]:
        got: list[Any] = []
        wire.ask(got.append, "X")
        with pytest.raises(Refused, match="NOPE it does not"):
            await wire.call("Y", seconds=10)
        return got

    (first,) = asyncio.run(to(answering(b"-OOM full\r\n-NOPE it does not\r\n"), use, tmp_path))
    assert isinstance(first, Refused)
    assert str(first) == "OOM full"


@pytest.mark.parametrize(
    ("serve", "kind"),
    [
        (answering(b"hello\r\n"), Exception),
        (answering(b"$5\r\nabc", closes=True), ConnectionError),
        (answering(closes=True), ConnectionError),
        (answering(b"*1000000000000\r\n"), Exception),
    ],
    ids=["no Redis", "half an answer", "none", "too large"],
)
def test_a_wire_that_is_useless_says_so_once(
    serve: Serve, kind: type[Exception], tmp_path: Path
) -> None:
    """Whatever the other side is."""
    assert isinstance(asyncio.run(to(serve, failure, tmp_path)), kind)


def test_answers_that_nobody_asked_for_do_no_harm(tmp_path: Path) -> None:
    """They are passed over."""

    async def use(wire: Wire) -> Any:
        return await wire.call("PING", seconds=10)

    assert asyncio.run(to(answering(b"+PONG\r\n+PONG\r\n+PONG\r\n"), use, tmp_path)) == b"PONG"


def test_what_takes_an_answer_may_fail(tmp_path: Path) -> None:
    """That ends the wire, with its error."""

    async def use(wire: Wire) -> Exception:
        failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        wire.failed = failed.set_result

        def take(answer: Any) -> None:
            raise ValueError("mine")

        wire.ask(take, "PING")
        async with asyncio.timeout(10):
            error = await failed
        with pytest.raises(ConnectionError):
            wire.ask(take, "PING")
        return error

    assert str(asyncio.run(to(answering(b"+PONG\r\n"), use, tmp_path))) == "mine"


def test_silence_is_noticed(tmp_path: Path) -> None:
    """Only while an answer is due."""

    async def use(wire: Wire) -> None:
        assert not wire.is_silent(0)
        wire.ask(lambda answer: None, "PING")
        await asyncio.sleep(0.02)
        assert wire.is_silent(0.01)
        assert not wire.is_silent(1000)
        with pytest.raises(TimeoutError):
            await wire.call("PING", seconds=0.01)

    asyncio.run(to(answering(), use, tmp_path))


@needs_redis
def test_passwords_databases_and_encryption(tmp_path: Path) -> None:
    """All that a URL can say."""
    certificate, key = certificate_of(tmp_path)
    port = free_port()
    tls = ("--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    options = ("--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no")
    users = ("--requirepass", "geheim ü", "--user", *"ada on >pass ~* &* +@all".split())

    async def database(url: str) -> bytes:
        wire = await connect(url, 10)
        try:
            found: bytes = await wire.call("CLIENT", "INFO", seconds=10)
        finally:
            wire.close()
        return found

    with redis_server(*tls, *options, *users) as server:
        trusted = f"localhost:{port}/3?ssl_ca_certs={certificate}"
        for url in (
            f"rediss://:geheim%20%C3%BC@{trusted}",
            f"rediss://ada:pass@{trusted}",
            f"unix://{server.socket}?password=geheim%20%C3%BC&db=3",
        ):
            assert b" db=3 " in asyncio.run(database(url))
        for url in (f"rediss://:wrong@{trusted}", f"unix://{server.socket}?db=3"):
            with pytest.raises(Refused):
                asyncio.run(database(url))
        with pytest.raises(OSError, match="certificate verify failed"):
            asyncio.run(database(f"rediss://localhost:{port}/3"))
    with pytest.raises(OSError, match=r"refused|Connect|connect"):
        asyncio.run(database(f"redis://127.0.0.1:{free_port()}/0"))


def test_who_calls_is_told_when_the_line_ends(tmp_path: Path) -> None:
    """At once, and not when the time for an answer is over: a lease may end before that."""

    async def use(wire: Wire) -> None:
        with pytest.raises(ConnectionError, match="ended"):
            await wire.call("PING", seconds=60)

    asyncio.run(asyncio.wait_for(to(answering(closes=True), use, tmp_path), 20))
