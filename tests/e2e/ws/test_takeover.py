"""Taking a connection over from aiohttp: TLS, memory, and the test at start-up."""

import asyncio
import datetime
import gc
import ipaddress
import ssl
from pathlib import Path as FilePath

import pytest
from aiohttp import web, web_protocol
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from soli_runtime.ws import selftest
from soli_runtime.ws.selftest import CannotTakeOver, check_takeover
from websockets.asyncio.client import connect

from .serving import (
    Run,
    Service,
    handshake,
    masked,
    on_both_loops,
    play,
    raw_client,
)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server and a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path: FilePath = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cafile=str(path))
    return server, client


@on_both_loops
def test_tls_works(run: Run, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """Messages, pings, large ones too, and both ways of closing work over TLS."""
    server, trusting = tls

    async def scenario(service: Service) -> None:
        url = f"wss://127.0.0.1:{service.port}"
        async with connect(f"{url}/echo", ssl=trusting, compression=None) as client:
            for message in ("hello", "x" * 300_000, b"\x00"):
                await client.send(message)
                assert await client.recv() == message
            await (await client.ping())
        assert service.closed == [(1000, "")]
        service.script = lambda connection, payload: connection.close(4000, "enough")
        async with connect(f"{url}/script", ssl=trusting) as client:
            await client.send("go")
            await client.wait_closed()
            assert (client.close_code, client.close_reason) == (4000, "enough")
        await service.until(lambda: len(service.closed) == 2)
        await service.endpoint.close_all(5)

    play(run, scenario, tls=server)


@on_both_loops
def test_a_violation_over_tls_is_told(run: Run, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """TLS has no half-closed lines: the Close frame goes out and the line is closed."""
    server, trusting = tls

    async def scenario(service: Service) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port, ssl=trusting)
        writer.write(handshake() + b"\x81\x05hello")
        data = await reader.read()
        assert data.endswith(b"\x03\xeaframe is not masked")
        writer.close()
        await writer.wait_closed()

    play(run, scenario, tls=server)


@on_both_loops
def test_a_taken_connection_stops_reading_and_writing_over_tls_too(
    run: Run, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """Flow control works through TLS: a flood without reading is answered in full."""
    server, trusting = tls

    async def scenario(service: Service) -> None:
        async with connect(
            f"wss://127.0.0.1:{service.port}/echo", ssl=trusting, compression=None
        ) as client:
            messages = [f"{number:05}" + "x" * 20_000 for number in range(200)]

            async def send_all() -> None:
                for message in messages:
                    await client.send(message)

            sending = asyncio.create_task(send_all())
            assert [await client.recv() for _ in messages] == messages
            await sending

    play(run, scenario, tls=server, message_rate=0)


@on_both_loops
def test_aiohttp_forgets_a_connection_that_was_taken_over(run: Run) -> None:
    """Neither the server's list nor memory holds aiohttp's handler of an open connection."""

    async def scenario(service: Service) -> None:
        async with raw_client(service) as client:
            client.send(masked(0x81, b"x"))
            assert await client.frame() == (0x81, b"x")
            assert service.server is not None
            assert service.server.connections == []
            gc.collect()
            handlers = [
                thing
                for thing in gc.get_objects()
                if isinstance(thing, web_protocol.RequestHandler)
            ]
            assert handlers == []
            client.send(masked(0x81, b"y"))
            assert await client.frame() == (0x81, b"y")

    play(run, scenario)


@on_both_loops
def test_compression_is_agreed_with_a_client_that_offers_it(run: Run) -> None:
    """With the setting on, an independent client and we understand each other compressed."""

    async def scenario(service: Service) -> None:
        url = f"ws://127.0.0.1:{service.port}"
        async with connect(f"{url}/echo") as client:
            assert [extension.name for extension in client.protocol.extensions] == [
                "permessage-deflate"
            ]
            for message in ("", "hello", "hello " * 10_000, b"\x00" * 70_000):
                await client.send(message)
                assert await client.recv() == message
        assert service.endpoint.counters.bytes_out < 2000
        async with (
            connect(f"{url}/room") as packed,
            connect(f"{url}/room", compression=None) as plain,
        ):
            for message in ("one", "two " * 100):
                await plain.send(message)
                assert await packed.recv() == message
                assert await plain.recv() == message

    play(run, scenario, compression=True)


@on_both_loops
def test_a_compression_bomb_is_1009(run: Run) -> None:
    """A small frame that inflates past the limit closes the connection."""

    async def scenario(service: Service) -> None:
        async with connect(f"ws://127.0.0.1:{service.port}/echo") as client:
            await client.send("x" * 50_000_000)
            await client.wait_closed()
            assert client.close_code == 1009
        assert service.messages == []

    play(run, scenario, compression=True)


@on_both_loops
def test_without_the_setting_compression_is_not_agreed(run: Run) -> None:
    """Compression is off by default."""

    async def scenario(service: Service) -> None:
        async with connect(f"ws://127.0.0.1:{service.port}/echo") as client:
            assert client.protocol.extensions == []

    play(run, scenario)


# The test at start-up


@on_both_loops
def test_the_self_test_passes_with_this_aiohttp(run: Run) -> None:
    """With the installed version connections are taken over, and nothing is left behind."""
    run(check_takeover())


@on_both_loops
@pytest.mark.parametrize("method", ["set_parser", "connection_lost"])
def test_an_aiohttp_that_works_differently_is_refused(
    run: Run, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a call that is not documented does not do what we need, it is said which version does."""
    monkeypatch.setattr(web_protocol.RequestHandler, method, lambda *_: None)
    monkeypatch.setattr(selftest, "TEST_SECONDS", 0.3)
    with pytest.raises(CannotTakeOver, match=r"pip install 'aiohttp~=3\.\d+\.\d+'"):
        run(check_takeover())


def test_an_unexpected_answer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The self-test fails when the upgrade is answered with anything but 101."""

    async def refuse(*_: object) -> web.StreamResponse:
        return web.Response(text="no")

    monkeypatch.setattr(selftest, "upgrade", refuse)
    monkeypatch.setattr(selftest, "TEST_SECONDS", 0.3)
    with pytest.raises(CannotTakeOver):
        asyncio.run(check_takeover())
