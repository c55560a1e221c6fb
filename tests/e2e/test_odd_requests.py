"""Requests that are no HTTP: answered or dropped, one line in the log, nothing of Python's."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ..support.live import PATIENCE_SECONDS, LiveServer, receive_json, serve

APP = Path(__file__).parent / "apps" / "scripted.soli"


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with serve(APP) as server:
        yield server


def connected(server: LiveServer) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname, address.port), PATIENCE_SECONDS)


def status_of(server: LiveServer, request: bytes) -> bytes:
    """The status that the server answers to *request*."""
    with connected(server) as client:
        client.sendall(request)
        return client.recv(65536).split(b" ", 2)[1]


def send_and_go(server: LiveServer, garbage: bytes) -> None:
    """Say *garbage* and nothing more, and wait for the server to hang up."""
    with connected(server) as client:
        client.sendall(garbage)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /ws/x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
        b"GET /ws/x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ],
    ids=["space in path", "header without colon", "bad length", "bad key", "old version"],
)
def test_a_malformed_request_is_refused(server: LiveServer, request_bytes: bytes) -> None:
    """The status says that it is the client's fault; the server goes on."""
    assert status_of(server, request_bytes) in {b"400", b"426"}


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00" * 100, b"\x16\x03\x01" + bytes(200)], ids=["nothing", "zeros", "TLS"]
)
def test_garbage_does_not_disturb_others(server: LiveServer, garbage: bytes) -> None:
    """Bytes that are no HTTP at all leave the other connections alone."""
    with server.connect("/ws/calm") as client:
        receive_json(client)
        send_and_go(server, garbage)
        client.send('{"send": "still here"}')

        assert client.recv(PATIENCE_SECONDS) == "still here"


def test_a_malformed_request_is_one_line_in_the_log(server: LiveServer) -> None:
    """The log tells of it without Python's words, and without the line, which may hold secrets."""
    status_of(server, b"GET /one line HTTP/1.1\r\nHost: x\r\n\r\n")

    line = server.wait_for_output("bad_request")
    # The oldest aiohttp that we allow names another class, and no address.
    assert re.search(r"WARNING bad_request reason=Bad\w+ ip=(127\.0\.0\.1|\?)$", line)
    assert "one line" not in line
