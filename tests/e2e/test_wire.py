"""The protocol byte by byte, through `soli run` and a handler in Soli: what Autobahn leaves out."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from ..support.live import PATIENCE_SECONDS, LiveServer, eventually, serve
from .ws.serving import handshake, masked

APP = """
let events = {}

router_websocket("/ws/:name", "app#handle")
get("/events/:name", "app#heard")

def handle(event)
  let name = event["params"]["name"]
  events[name] = [] if events[name].nil?
  events[name].push([event["type"], event["message"] ?? event["code"]])
  return { "send": event["message"] } if event["type"] == "message"
  {}
end

def heard(request)
  events[request["params"]["name"]] ?? []
end
"""

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
FIRST, NEXT, LAST = 0x01, 0x00, 0x80
"""First bytes of the fragments of a text message."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    program = tmp_path_factory.mktemp("wire") / "app.soli"
    program.write_text(APP, "utf-8")
    with serve(program) as server:
        yield server


class Line:
    """A TCP connection to the server, past the handshake."""

    def __init__(self, server: LiveServer, line: socket.socket, name: str) -> None:
        self._server = server
        self._line = line
        self._input = line.makefile("rb")
        self._name = name
        # One frame per packet where a test means it.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        self._line.sendall(data)

    def head(self) -> bytes:
        """Read the status line of the server's answer, and past its headers."""
        status = line = self._input.readline()
        while line not in (b"\r\n", b""):
            line = self._input.readline()
        return status

    def frame(self) -> tuple[int, bytes]:
        """Read one frame: its first byte and payload."""
        first, size = self._input.read(2)
        if size == 126:
            size = int.from_bytes(self._input.read(2), "big")
        elif size == 127:
            size = int.from_bytes(self._input.read(8), "big")
        return first, self._input.read(size)

    def end(self) -> bytes:
        """Read until the server hangs up."""
        return self._input.read()

    def events(self) -> list[Any]:
        """What the handler heard, once it has heard of the end."""

        def heard() -> Any:
            events = self._server.get(f"/events/{self._name}")
            return events if events and events[-1][0] == "disconnect" else None

        return eventually(heard, "the handler never heard of the end")

    def close(self) -> None:
        self._input.close()
        self._line.close()


_names = (f"n{number}" for number in itertools.count())


@contextmanager
def line(server: LiveServer, behind: bytes = b"") -> Iterator[Line]:
    """An open WebSocket; *behind* is sent in one piece with the handshake."""
    address = urlsplit(server.url)
    name = next(_names)
    with socket.create_connection((address.hostname, address.port), PATIENCE_SECONDS) as tcp:
        opened = Line(server, tcp, name)
        opened.send(handshake(f"/ws/{name}") + behind)
        assert opened.head().startswith(b"HTTP/1.1 101 ")
        try:
            yield opened
        finally:
            opened.close()


def closing(code: int, reason: bytes = b"") -> bytes:
    return masked(CLOSE, code.to_bytes(2, "big") + reason)


HELLO = masked(TEXT, b"hello")

VIOLATIONS = {
    "an unmasked text": (b"\x81\x05hello", 1002),
    "an unmasked ping": (b"\x89\x00", 1002),
    "an unmasked close": (b"\x88\x02\x03\xe8", 1002),
    "an unmasked frame behind good ones": (HELLO + b"\x81\x05hello", 1002),
    "5 bytes as 16 bits": (b"\x81\xfe\x00\x05" + HELLO[2:], 1002),
    "125 bytes as 16 bits": (b"\x81\xfe\x00\x7d", 1002),
    "5 bytes as 64 bits": (b"\x81\xff" + (5).to_bytes(8, "big") + HELLO[2:], 1002),
    "65535 bytes as 64 bits": (b"\x81\xff" + (65535).to_bytes(8, "big"), 1002),
    "a length of 64 bits with the highest set": (b"\x81\xff\x80" + bytes(7), 1002),
    "a control frame with an extended length": (b"\x89\xfe\x00\x05", 1002),
    **{f"reserved opcode {code}": (bytes((0x80 | code, 0x80)), 1002) for code in (3, 7, 11, 15)},
    **{f"reserved bits {bits:#x}": (bytes((0x81 | bits, 0x80)), 1002) for bits in (16, 32, 64)},
    "a fragmented ping": (bytes((0x09, 0x80)), 1002),
    "a fragmented close": (bytes((0x08, 0x80)), 1002),
    "a continuation of nothing": (masked(LAST, b"x"), 1002),
    "a text inside a text": (masked(FIRST, b"x") + masked(TEXT, b"x"), 1002),
    "a text inside a text that began empty": (masked(FIRST) + masked(TEXT, b"x"), 1002),
    "a binary inside a text that began empty": (masked(FIRST) + masked(BINARY, b"x"), 1002),
    "invalid UTF-8": (masked(TEXT, b"caf\xe9"), 1007),
    "half a character": (masked(TEXT, b"caf\xc3"), 1007),
    "a surrogate": (masked(TEXT, b"\xed\xa0\x80"), 1007),
    "invalid UTF-8 in a fragment that is not the last": (masked(FIRST, b"caf\xe9!"), 1007),
    "a character that never ends": (masked(FIRST, b"\xc3") + masked(NEXT, b"a"), 1007),
    "a close of one byte": (masked(CLOSE, b"\x03"), 1002),
    "a close with an invalid reason": (closing(1000, b"\xff"), 1007),
    **{
        f"close code {code}": (closing(code), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2999, 5000, 65535)
    },
    "a message past the limit": (b"\x81\xff" + ((1 << 20) + 1).to_bytes(8, "big"), 1009),
    "fragments past the limit": (
        masked(FIRST, b"x" * (1 << 20)) + masked(NEXT, b"x"),
        1009,
    ),
}


@pytest.mark.parametrize(("data", "code"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_violation_ends_the_connection_with_its_code(
    server: LiveServer, data: bytes, code: int
) -> None:
    """The client is told, the line ends, and the handler hears of the end, not of the message."""
    with line(server) as client:
        client.send(data)
        first, payload = client.frame()
        if first == TEXT:
            first, payload = client.frame()

        assert (first, int.from_bytes(payload[:2], "big")) == (CLOSE, code)
        assert client.end() == b""
        assert client.events()[-1] == ["disconnect", code]
        assert all(what in ("hello", code, None) for _, what in client.events())


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
)
def test_a_valid_close_code_is_echoed(server: LiveServer, code: int) -> None:
    """And the handler is told it."""
    with line(server) as client:
        client.send(closing(code, "até já".encode()))

        assert client.frame() == (CLOSE, code.to_bytes(2, "big"))
        assert client.end() == b""
        assert client.events() == [["connect", None], ["disconnect", code]]


def test_a_close_without_a_code_is_answered_with_none(server: LiveServer) -> None:
    """The handler is told 1005, RFC 6455's word for that."""
    with line(server) as client:
        client.send(masked(CLOSE))

        assert client.frame() == (CLOSE, b"")
        assert client.end() == b""
        assert client.events() == [["connect", None], ["disconnect", 1005]]


@pytest.mark.parametrize(
    "behind", [HELLO, closing(4000), b"\x81\x05plain", masked(FIRST, b"x"), b"\xff" * 1000]
)
def test_frames_behind_a_close_are_ignored(server: LiveServer, behind: bytes) -> None:
    """Whatever they are: the first Close is the last word."""
    with line(server) as client:
        client.send(closing(4321) + behind)

        assert client.frame() == (CLOSE, (4321).to_bytes(2, "big"))
        assert client.end() == b""
        assert client.events() == [["connect", None], ["disconnect", 4321]]


def test_a_broken_line_is_1006(server: LiveServer) -> None:
    """Here in the middle of a frame; the part that came is no message."""
    with line(server) as client:
        client.send(HELLO + HELLO[:-1])
        assert client.frame() == (TEXT, b"hello")
        client.close()

        assert client.events() == [["connect", None], ["message", "hello"], ["disconnect", 1006]]


@pytest.mark.parametrize(
    ("fragments", "message"),
    [
        ([masked(FIRST), masked(LAST, b"x")], b"x"),
        ([masked(FIRST), masked(NEXT), masked(LAST)], b""),
        ([masked(FIRST, b"x"), masked(NEXT), masked(LAST)], b"x"),
        ([masked(FIRST, b"\xe2"), masked(NEXT, b"\x82"), masked(LAST, b"\xac")], "€".encode()),
        ([masked(FIRST, b"a"), masked(PING, b"?"), masked(LAST, b"b")], b"ab"),
    ],
    ids=["empty first", "all empty", "empty last", "a character in three", "around a ping"],
)
@pytest.mark.parametrize("in_one_packet", [True, False])
def test_fragments_are_one_message(
    server: LiveServer, fragments: list[bytes], message: bytes, in_one_packet: bool
) -> None:
    """Empty ones too, and wherever a character is cut."""
    with line(server) as client:
        for data in [b"".join(fragments)] if in_one_packet else fragments:
            client.send(data)
        answer = client.frame()
        if answer[0] == PONG:
            answer = client.frame()

        assert answer == (TEXT, message)


def test_a_message_of_the_limit_comes_back(server: LiveServer) -> None:
    """1 MiB, in one frame and in fragments."""
    with line(server) as client:
        client.send(masked(TEXT, b"x" * (1 << 20)))
        assert client.frame() == (TEXT, b"x" * (1 << 20))
        client.send(masked(FIRST, b"x" * 1000) + masked(LAST, b"x" * ((1 << 20) - 1000)))
        assert client.frame() == (TEXT, b"x" * (1 << 20))


def test_half_a_frame_per_packet_is_enough(server: LiveServer) -> None:
    """The second half of one frame comes with the first half of the next."""
    with line(server) as client:
        frames = [masked(TEXT, b"%03d" % number * 20) for number in range(40)]
        data = b"".join(frames)
        size = len(frames[0])
        for start in range(-size // 2, len(data), size):
            client.send(data[max(0, start) : start + size])

        assert [client.frame()[1][:3] for _ in frames] == [b"%03d" % n for n in range(40)]


def test_a_frame_may_come_byte_by_byte(server: LiveServer) -> None:
    """Header, mask and payload cut everywhere."""
    with line(server) as client:
        for byte in masked(TEXT, b"x" * 200):
            client.send(bytes([byte]))

        assert client.frame() == (TEXT, b"x" * 200)


def test_frames_that_come_with_the_handshake_are_handled_after_connect(
    server: LiveServer,
) -> None:
    """A client may send before it has read the answer; nothing is lost or out of order."""
    with line(server, behind=HELLO + masked(PING, b"?") + closing(1000)) as client:
        assert client.frame() == (TEXT, b"hello")
        assert client.frame() == (PONG, b"?")
        assert client.frame() == (CLOSE, b"\x03\xe8")
        assert client.end() == b""
        assert client.events() == [["connect", None], ["message", "hello"], ["disconnect", 1000]]


def test_a_violation_that_comes_with_the_handshake_is_told(server: LiveServer) -> None:
    """After the 101, as any other."""
    with line(server, behind=b"\x81\x05hello") as client:
        first, payload = client.frame()

        assert (first, payload[:2]) == (CLOSE, b"\x03\xea")
        assert client.events() == [["connect", None], ["disconnect", 1002]]


def test_pings_are_answered_in_order_with_their_payload(server: LiveServer) -> None:
    """Up to 125 bytes, empty ones too; a pong that nobody asked for is ignored."""
    payloads = [b"", b"x" * 125, b"\x00\xff"]
    with line(server) as client:
        client.send(masked(PONG, b"?") + b"".join(masked(PING, data) for data in payloads))

        assert [client.frame() for _ in payloads] == [(PONG, data) for data in payloads]


FLOODS = {
    "pings": masked(PING, b"p"),
    "pongs": masked(PONG, b"p"),
    "messages": masked(TEXT, b"m"),
    "empty fragments": masked(NEXT),
    "tiny fragments": masked(NEXT, b"x"),
}


@pytest.mark.parametrize("frame", FLOODS.values(), ids=FLOODS)
def test_a_flood_is_1008(server: LiveServer, frame: bytes) -> None:
    """Frames of every kind count against message-rate; the others are served meanwhile."""
    with line(server) as client, line(server) as calm:
        client.send(masked(FIRST) if not frame[0] & 0x0F else b"")
        client.send(frame * 20_000)
        answer = client.frame()
        while answer[0] != CLOSE:
            answer = client.frame()
        calm.send(HELLO)

        assert answer == (CLOSE, b"\x03\xf0too many messages")
        assert client.events()[-1] == ["disconnect", 1008]
        assert calm.frame() == (TEXT, b"hello")


def test_a_mask_of_zeros_is_a_mask(server: LiveServer) -> None:
    """Weak, and the client's own affair."""
    with line(server) as client:
        client.send(b"\x81\x85\0\0\0\0hello")

        assert client.frame() == (TEXT, b"hello")
