"""Messages, closing and limits, with an independent client and with raw bytes."""

import asyncio
from itertools import pairwise

import pytest
from soli_runtime.ws.connection import Connection
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

from .serving import Run, Service, masked, on_both_loops, play, raw_client


def url(service: Service, target: str = "/echo") -> str:
    return f"ws://127.0.0.1:{service.port}{target}"


@pytest.mark.parametrize("message", ["", "hello", "é" * 1000, "x" * 70_000, b"", b"\x00\xff" * 500])
@on_both_loops
def test_messages_come_back_as_they_were_sent(run: Run, message: str | bytes) -> None:
    """Text comes back as text and binary as binary, of any length."""

    async def scenario(service: Service) -> None:
        async with connect(url(service), compression=None) as client:
            await client.send(message)
            assert await client.recv() == message

    play(run, scenario)


@on_both_loops
def test_a_message_of_the_limit_comes_back(run: Run) -> None:
    """A mebibyte goes both ways with the default limits, in one frame or in fragments."""

    async def scenario(service: Service) -> None:
        message = "x" * (1 << 20)
        async with connect(url(service), compression=None, max_size=None) as client:
            await client.send(message)
            assert await client.recv() == message
            await client.send([message[:1000], message[1000:]])
            assert await client.recv() == message

    play(run, scenario)


@on_both_loops
def test_a_message_past_the_limit_is_1009(run: Run) -> None:
    """One byte more than max_message_bytes closes the connection."""

    async def scenario(service: Service) -> None:
        async with connect(url(service), compression=None) as client:
            await client.send("x" * 1000)
            assert len(await client.recv()) == 1000
            await client.send("x" * 1001)
            with pytest.raises(ConnectionClosedError) as raised:
                await client.recv()
            assert raised.value.rcvd is not None
            assert raised.value.rcvd.code == 1009
        await service.until(lambda: bool(service.closed))
        assert service.closed[0][0] == 1009

    play(run, scenario, max_message_bytes=1000)


@on_both_loops
def test_many_messages_in_one_packet_stay_in_order(run: Run) -> None:
    """A packet full of messages, also cut anywhere, is answered in order."""

    async def scenario(service: Service) -> None:
        data = b"".join(masked(0x81, b"%d" % number) for number in range(500))
        async with raw_client(service) as client:
            for start in range(0, len(data), 777):
                client.send(data[start : start + 777])
                await asyncio.sleep(0)
            assert [(await client.frame())[1] for _ in range(500)] == [
                b"%d" % number for number in range(500)
            ]

    play(run, scenario)


@on_both_loops
def test_half_a_frame_per_packet_is_enough(run: Run) -> None:
    """Bytes may come one at a time."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            for byte in masked(0x81, b"hello"):
                client.send(bytes([byte]))
                await client.sent()
                await asyncio.sleep(0)
            assert await client.frame() == (0x81, b"hello")

    play(run, scenario)


@on_both_loops
def test_a_packet_may_hold_the_halves_of_two_frames(run: Run) -> None:
    """Of frames with each form of length; a cut may be within a header."""

    async def scenario(service: Service) -> None:
        texts = [b"a" * size for size in (5, 125, 126, 200, 65_535, 65_536)] * 2
        stream = b"".join(masked(0x81, text) for text in texts)
        cuts, start = [0], 0
        for number, text in enumerate(texts):
            size = len(masked(0x81, text))
            cuts.append(start + (size // 2 if number < len(texts) // 2 else 3))
            start += size
        async with raw_client(service) as client:
            for start, end in pairwise([*cuts, len(stream)]):
                client.send(stream[start:end])
                await client.sent()
                await asyncio.sleep(0)
            for text in texts:
                assert (await client.frame())[1] == text

    play(run, scenario)


@on_both_loops
def test_pings_are_answered(run: Run) -> None:
    """A ping between fragments is answered with its payload at once."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(masked(0x01, b"a") + masked(0x89, b"ping") + masked(0x80, b"b"))
            assert await client.frame() == (0x8A, b"ping")
            assert await client.frame() == (0x81, b"ab")

    play(run, scenario)


# Closing


@on_both_loops
def test_the_clients_close_is_echoed(run: Run) -> None:
    """Code and reason reach the listener; the code comes back."""

    async def scenario(service: Service) -> None:
        async with connect(url(service)) as client:
            await client.close(4321, "bye")
            assert client.close_code == 4321
        await service.until(lambda: bool(service.closed))
        assert service.closed == [(4321, "bye")]
        assert not service.endpoint.connections

    play(run, scenario)


@on_both_loops
def test_the_servers_close_reaches_the_client(run: Run) -> None:
    """Messages before the close arrive; the client sees code and reason."""

    def script(connection: Connection, payload: str | bytes) -> None:
        connection.send_text("last")
        connection.close(4001, "enough é")
        connection.send_text("too late")

    async def scenario(service: Service) -> None:
        service.script = script
        async with connect(url(service, "/script")) as client:
            await client.send("go")
            assert await client.recv() == "last"
            with pytest.raises(ConnectionClosedError) as raised:
                await client.recv()
            assert raised.value.rcvd is not None
            assert (raised.value.rcvd.code, raised.value.rcvd.reason) == (4001, "enough é")
        await service.until(lambda: bool(service.closed))
        assert service.closed == [(4001, "enough é")]

    play(run, scenario)


@on_both_loops
def test_a_client_that_vanishes_is_1006(run: Run) -> None:
    """A reset in the middle of a message ends with 1006."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(masked(0x81, b"hello")[:5])
            await client.sent()
            client.abort()
        await service.until(lambda: bool(service.closed))
        assert service.closed == [(1006, "")]
        assert not service.endpoint.connections

    play(run, scenario)


@on_both_loops
def test_a_client_that_hangs_up_is_1006(run: Run) -> None:
    """An orderly end of the TCP connection without a Close frame is 1006 too."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(masked(0x81, b"hello"))
            assert await client.frame() == (0x81, b"hello")
        await service.until(lambda: bool(service.closed))
        assert service.closed == [(1006, "")]

    play(run, scenario)


@on_both_loops
def test_frames_behind_a_close_are_ignored(run: Run) -> None:
    """After a Close frame nothing is delivered, not even from the same packet."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(masked(0x88, b"\x03\xe8") + masked(0x81, b"late"))
            assert await client.frame() == (0x88, b"\x03\xe8")
            assert await client.end() == b""
        assert service.messages == []

    play(run, scenario)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (masked(0x81, b"\xff"), 1007),
        (masked(0x83, b"x"), 1002),
        (masked(0xB1, b"x"), 1002),
        (masked(0x09, b"x"), 1002),
        (masked(0x89, b"x" * 126), 1002),
        (masked(0x80, b"x"), 1002),
        (masked(0x01, b"x") + masked(0x81, b"x"), 1002),
        (masked(0x88, b"x"), 1002),
        (masked(0x88, (1006).to_bytes(2, "big")), 1002),
    ],
)
@on_both_loops
def test_violations_close_the_connection_with_their_code(run: Run, data: bytes, code: int) -> None:
    """The peer is told the code and the line is closed; the listener hears it once."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(data)
            first, payload = await client.frame()
            assert (first, int.from_bytes(payload[:2], "big")) == (0x88, code)
            assert await client.end() == b""
        await service.until(lambda: bool(service.closed))
        assert [closed for closed, _ in service.closed] == [code]

    play(run, scenario)


RESERVED_OPCODES = (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
NO_CLOSE_CODES = (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)
CLOSE_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 4999)


async def answer_to(service: Service, data: bytes) -> tuple[int, int]:
    """First byte and close code of what *data* is answered with, before the line is closed."""
    async with raw_client(service) as client:
        client.send(data)
        first, payload = await client.frame()
        assert await client.end() == b""
        return first, int.from_bytes(payload[:2], "big")


@on_both_loops
def test_every_reserved_opcode_is_1002(run: Run) -> None:
    """Of data and of control frames (RFC 6455 section 5.2)."""

    async def scenario(service: Service) -> None:
        for opcode in RESERVED_OPCODES:
            data = masked(0x80 | opcode, b"x")
            assert await answer_to(service, data) == (0x88, 1002), opcode

    play(run, scenario)


@on_both_loops
def test_a_close_code_is_echoed_or_1002(run: Run) -> None:
    """Which may stand in a Close frame: RFC 6455 section 7.4, and the registry behind it."""

    async def scenario(service: Service) -> None:
        for code in CLOSE_CODES:
            data = masked(0x88, code.to_bytes(2, "big"))
            assert await answer_to(service, data) == (0x88, code)
        for code in NO_CLOSE_CODES:
            data = masked(0x88, code.to_bytes(2, "big"))
            assert await answer_to(service, data) == (0x88, 1002), code

    play(run, scenario)


@pytest.mark.parametrize(
    "data",
    [
        b"\x81\x05hello",
        masked(0x01) + masked(0x81, b"x"),
        b"\x81\xfe\x00\x05" + masked(0x81, b"hello")[2:],
        b"\x81\xff" + bytes(7) + b"\x05" + masked(0x81, b"hello")[2:],
        masked(0xC1, b"x"),
    ],
)
@on_both_loops
def test_violations_that_only_we_see_are_1002(run: Run, data: bytes) -> None:
    """Unmasked frames, empty first fragments, long lengths: where aiohttp is more lenient."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(data)
            first, payload = await client.frame()
            assert (first, payload[:2]) == (0x88, b"\x03\xea")
            assert await client.end() == b""

    play(run, scenario)


@on_both_loops
def test_a_violation_is_told_to_a_client_that_keeps_sending(run: Run) -> None:
    """A client in the middle of a message that is too big still reads why."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(b"\x82\xff" + (1 << 40).to_bytes(8, "big") + b"mask")
            for _ in range(100):
                client.send(b"x" * 10_000)
            first, payload = await client.frame()
            assert (first, payload[:2]) == (0x88, b"\x03\xf1")

    play(run, scenario)


@on_both_loops
def test_a_client_that_does_not_answer_a_close_is_cut_off(run: Run) -> None:
    """The close handshake ends at its deadline."""

    async def scenario(service: Service) -> None:
        service.script = lambda connection, payload: connection.close(4000)
        async with raw_client(service, "/script") as client:
            client.send(masked(0x81, b"go"))
            assert await client.frame() == (0x88, b"\x0f\xa0")
            assert await client.end() == b""
        assert service.closed == [(4000, "")]
        assert service.endpoint.counters.closings_timed_out == 1

    play(run, scenario, close_seconds=0.1)


@on_both_loops
def test_closing_everything_tells_everybody(run: Run) -> None:
    """close_all sends 1001, and every listener has heard of it when it returns."""

    async def scenario(service: Service) -> None:
        clients = [await connect(url(service)) for _ in range(5)]
        await service.endpoint.close_all(5, reason="restart")
        assert service.closed == [(1001, "restart")] * 5
        assert not service.endpoint.connections
        for client in clients:
            with pytest.raises(ConnectionClosedOK):
                await client.recv()
            assert client.close_code == 1001

    play(run, scenario)


@on_both_loops
def test_closing_everything_does_not_wait_for_those_who_do_not_answer(run: Run) -> None:
    """close_all cuts the lines that are left when its time is up."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            await service.endpoint.close_all(0.05)
            assert service.closed == [(1001, "")]
            assert not service.endpoint.connections
            assert await client.frame() == (0x88, b"\x03\xe9")

    play(run, scenario)


# Holding back


@on_both_loops
def test_a_paused_connection_gets_its_messages_later_and_others_do_not_wait(run: Run) -> None:
    """pause_reading holds one connection's messages back, in order, and nobody else's."""

    async def scenario(service: Service) -> None:
        service.script = lambda connection, payload: connection.pause_reading()
        async with raw_client(service, "/script") as held, raw_client(service) as free:
            held.send(b"".join(masked(0x81, b"%d" % number) for number in range(5)))
            await service.until(lambda: service.messages == ["0"])
            free.send(masked(0x81, b"x"))
            assert await free.frame() == (0x81, b"x")
            assert service.messages == ["0", "x"]
            for number in range(1, 5):
                service.opened[0].resume_reading()
                await service.until(lambda: len(service.messages) == number + 2)  # noqa: B023
            assert service.messages == ["0", "x", "1", "2", "3", "4"]

    play(run, scenario)


@on_both_loops
def test_a_client_that_leaves_while_paused_still_has_its_messages_handled(run: Run) -> None:
    """What was received before the line ended is delivered before the end is reported."""

    async def scenario(service: Service) -> None:
        service.script = lambda connection, payload: connection.pause_reading()
        async with raw_client(service, "/script") as client:
            client.send(masked(0x81, b"1") + masked(0x81, b"2"))
            await service.until(lambda: service.messages == ["1"])
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert service.closed == []
        service.script = lambda connection, payload: None
        service.opened[0].resume_reading()
        await service.until(lambda: bool(service.closed))
        assert service.messages == ["1", "2"]
        assert service.closed == [(1006, "")]

    play(run, scenario)


# Limits


@on_both_loops
def test_too_many_messages_are_1008(run: Run) -> None:
    """A flood is closed after its burst."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(masked(0x81, b"x") * 50)
            for _ in range(20):
                assert await client.frame() == (0x81, b"x")
            assert await client.frame() == (0x88, b"\x03\xf0too many messages")
            await client.end()
        assert service.messages == ["x"] * 20

    play(run, scenario, message_rate=1, message_burst=20)


@on_both_loops
def test_a_flood_of_pings_is_1008(run: Run) -> None:
    """Pings count against the rate."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(masked(0x89, b"p") * 5000)
            frames = [await client.frame() for _ in range(21)]
            assert frames == [(0x8A, b"p")] * 20 + [(0x88, b"\x03\xf0too many messages")]

    play(run, scenario, message_rate=1, message_burst=20)


@on_both_loops
def test_a_silent_client_is_gone_after_two_pings(run: Run) -> None:
    """Pings are sent, and a client that never answers is dropped with 1006."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            assert await client.frame() == (0x89, b"")
            assert await client.frame() == (0x89, b"")
            await client.end()
        assert service.closed == [(1006, "")]
        assert service.endpoint.counters.ping_timeouts == 1

    play(run, scenario, ping_seconds=0.1)


@on_both_loops
def test_a_client_that_answers_pings_stays(run: Run) -> None:
    """A real client outlives many pings."""

    async def scenario(service: Service) -> None:
        async with connect(url(service)) as client:
            for _ in range(4):
                await asyncio.sleep(0.1)
                await client.send("x")
                assert await client.recv() == "x"
        assert service.endpoint.counters.ping_timeouts == 0

    play(run, scenario, ping_seconds=0.05)
