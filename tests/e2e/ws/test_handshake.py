"""The opening handshake on real sockets."""

import asyncio
from contextlib import suppress

import pytest

from .serving import Run, Service, handshake, masked, on_both_loops, play, raw_client


@on_both_loops
def test_a_right_handshake_is_accepted(run: Run) -> None:
    """The 101 has the accept token of RFC 6455's own example."""

    async def scenario(service: Service) -> None:
        async with raw_client(service, upgraded=False) as client:
            client.send(handshake(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ=="))
            status, headers = await client.response()
            assert status == 101
            assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
            assert headers["upgrade"].lower() == "websocket"
            assert headers["connection"].lower() == "upgrade"
            assert "sec-websocket-extensions" not in headers
            assert headers["server"] == "soli"

    play(run, scenario)


@on_both_loops
def test_header_values_may_be_lists_in_any_case(run: Run) -> None:
    """Connection and Upgrade are lists of tokens, whatever their case."""

    async def scenario(service: Service) -> None:
        async with raw_client(service, upgraded=False) as client:
            client.send(handshake(Connection="keep-alive, UPGRADE", Upgrade="WebSocket"))
            status, _ = await client.response()
            assert status == 101

    play(run, scenario)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Upgrade": None, "Connection": None}, 426),
        ({"Upgrade": "h2c"}, 426),
        ({"Connection": "keep-alive"}, 400),
        ({"Sec_WebSocket_Version": None}, 426),
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Key": "MDEyMzQ1Njc4OWFiY2Rl"}, 400),
        ({"Sec_WebSocket_Key": "MDEyMzQ1Njc4OWFiY2RlZ!=="}, 400),
    ],
)
@on_both_loops
def test_a_wrong_handshake_is_refused(
    run: Run, changed: dict[str, str | None], status: int
) -> None:
    """What RFC 6455 section 4.2.1 asks for is checked; the refusal is counted."""

    async def scenario(service: Service) -> None:
        async with raw_client(service, upgraded=False) as client:
            client.send(handshake(**changed))
            got, headers = await client.response()
            assert (got, headers["server"]) == (status, "soli")
            if "Sec_WebSocket_Version" in changed:
                assert headers["sec-websocket-version"] == "13"
        assert service.opened == []
        assert service.endpoint.counters.handshakes_refused == 1

    play(run, scenario)


@on_both_loops
def test_a_post_is_refused(run: Run) -> None:
    """A handshake is a GET."""

    async def scenario(service: Service) -> None:
        async with raw_client(service, upgraded=False) as client:
            client.send(handshake().replace(b"GET", b"POST"))
            status, _ = await client.response()
            assert status == 400

    play(run, scenario)


@on_both_loops
def test_frames_that_come_with_the_handshake_are_not_lost(run: Run) -> None:
    """A client may send frames before it saw the 101; they arrive whole and in order."""

    async def scenario(service: Service) -> None:
        async with raw_client(service, upgraded=False) as client:
            late = masked(0x81, b"late")
            client.send(handshake() + masked(0x81, b"early") + late[:3])
            status, _ = await client.response()
            assert status == 101
            assert await client.frame() == (0x81, b"early")
            client.send(late[3:])
            assert await client.frame() == (0x81, b"late")

    play(run, scenario)


@on_both_loops
def test_a_line_that_breaks_during_the_handshake_opens_nothing(run: Run) -> None:
    """A client that is gone before the 101 is written leaves no connection behind."""

    async def scenario(service: Service) -> None:
        service.on_response = lambda request: request.transport.abort()
        async with raw_client(service, upgraded=False) as client:
            client.send(handshake())
            with suppress(ConnectionError):
                await client.end()
        await asyncio.sleep(0.01)
        assert len(service.opened) == len(service.closed)
        assert not service.endpoint.connections

    play(run, scenario)


@on_both_loops
def test_a_close_that_comes_with_the_handshake_is_answered(run: Run) -> None:
    """Open and closed in one packet: both are reported, once."""

    async def scenario(service: Service) -> None:
        async with raw_client(service, upgraded=False) as client:
            client.send(handshake() + masked(0x88, b"\x03\xe8"))
            await client.response()
            assert await client.frame() == (0x88, b"\x03\xe8")
            assert await client.end() == b""
        assert len(service.opened) == 1
        assert service.closed == [(1000, "")]

    play(run, scenario)
