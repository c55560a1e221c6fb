"""A loop, a transport, a client and a listener to drive connections without sockets."""

from collections.abc import Callable
from typing import Any

from soli_runtime.ws.connection import Connection
from soli_runtime.ws.endpoint import Endpoint
from soli_runtime.ws.limits import SocketLimits
from soli_runtime.ws.protocol.deflate import Agreement, inflate
from soli_runtime.ws.protocol.frames import FrameParser, frame
from soli_runtime.ws.protocol.masking import unmask
from soli_runtime.ws.rooms.fanout import SLICE_BYTES, SLICE_MEMBERS, Fanout

MASK = b"\x37\xfa\x21\x3d"


def masked(first: int, payload: bytes = b"", mask: bytes = MASK) -> bytes:
    """Return a frame as a client sends it."""
    plain = frame(first, payload)
    header = len(plain) - len(payload)
    data = bytearray(payload)
    unmask(mask, data)
    return bytes((first, plain[1] | 0x80)) + plain[2:header] + mask + bytes(data)


def text(message: str) -> bytes:
    """Return a client's text message."""
    return masked(0x81, message.encode())


def closing(code: int, reason: str = "") -> bytes:
    """Return a client's Close frame."""
    return masked(0x88, code.to_bytes(2, "big") + reason.encode())


class FakeHandle:
    """What scheduling returns."""

    def cancel(self) -> None:
        pass


class FakeLoop:
    """Runs what was scheduled when it is told to, at a time that it is told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._soon: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self._later: list[tuple[float, Callable[[], object]]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, call: Callable[..., object], *args: Any) -> FakeHandle:
        self._soon.append((call, args))
        return FakeHandle()

    def call_later(self, seconds: float, call: Callable[[], object]) -> FakeHandle:
        self._later.append((self.now + seconds, call))
        return FakeHandle()

    def turn(self) -> None:
        """One turn: what was scheduled before it."""
        soon, self._soon = self._soon, []
        for call, args in soon:
            call(*args)

    def run(self) -> None:
        """Turn until nothing is left to do now."""
        while self._soon:
            self.turn()

    def sleep(self, seconds: float) -> None:
        """Let time pass, making the calls that fall due."""
        end = self.now + seconds
        self.run()
        while due := sorted(
            (entry for entry in self._later if entry[0] <= end), key=lambda entry: entry[0]
        ):
            self._later.remove(due[0])
            self.now = max(self.now, due[0][0])
            due[0][1]()
            self.run()
        self.now = end


class FakeTransport:
    """Records what is written. `full` makes it behave like one whose peer does not read."""

    def __init__(self, loop: FakeLoop) -> None:
        self._loop = loop
        self.protocol: Connection | None = None
        self.written = b""
        self.writes = 0
        self.buffered = 0
        self.high = 64 * 1024
        self.full = False
        self.reading = True
        self.closing = False
        self.aborted = False
        self.eof_written = False
        self._paused = False
        self._is_lost = False

    def write(self, data: bytes) -> None:
        assert not self.eof_written, "write after write_eof"
        if self.closing:
            return
        self.writes += 1
        self.written += data
        if self.full:
            self.buffered += len(data)
            if self.buffered > self.high and not self._paused:
                self._paused = True
                assert self.protocol is not None
                self.protocol.pause_writing()

    def writelines(self, chunks: list[bytes]) -> None:
        self.write(b"".join(chunks))

    def drain(self) -> None:
        """The peer reads on."""
        self.full = False
        if self.closing and self.buffered:
            self._loop.call_soon(self._lost)
        self.buffered = 0
        if self._paused:
            self._paused = False
            assert self.protocol is not None
            self.protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def get_extra_info(self, name: str, default: object = None) -> object:
        """There is no socket below: everything goes through `write`."""
        return default

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def is_closing(self) -> bool:
        return self.closing

    def is_reading(self) -> bool:
        return self.reading and not self.closing

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.eof_written = True

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            if not self.buffered:
                self._loop.call_soon(self._lost)

    def abort(self) -> None:
        self.aborted = True
        if not self.closing or self.buffered:
            self.closing = True
            self.buffered = 0
            self._loop.call_soon(self._lost)

    def _lost(self) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        assert self.protocol is not None
        self.protocol.connection_lost(None)


class Recorder(FrameParser):
    """A parser that writes down its events."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_message_bytes": 1 << 20, **options})
        self.events: list[tuple[Any, ...]] = []

    def on_text(self, text: str) -> None:
        self.events.append(("text", text))

    def on_binary(self, data: bytes) -> None:
        self.events.append(("binary", data))

    def on_ping(self, payload: bytes) -> None:
        self.events.append(("ping", payload))

    def on_pong(self, payload: bytes) -> None:
        self.events.append(("pong", payload))

    def on_close(self, code: int, reason: str) -> None:
        self.events.append(("close", code, reason))


class FakeListener:
    """Writes down what it hears; `reply` is called with each message."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.reply: Callable[[Connection, str | bytes], None] | None = None

    @property
    def messages(self) -> list[str | bytes]:
        return [event[1] for event in self.events if event[0] == "message"]

    @property
    def closed(self) -> list[tuple[int, str]]:
        return [event[1:] for event in self.events if event[0] == "closed"]  # type: ignore[misc]

    def on_open(self, connection: Connection) -> None:
        self.events.append(("open",))

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        self.events.append(("message", payload))
        if self.reply is not None:
            self.reply(connection, payload)

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        self.events.append(("closed", code, reason))


class Stage:
    """An endpoint on a fake loop, and connections on fake transports."""

    def __init__(self, **limits: Any) -> None:
        self.loop = FakeLoop()
        self.endpoint = Endpoint(
            SocketLimits(**limits),  # type: ignore[arg-type]
            loop=self.loop,  # type: ignore[arg-type]
            clock=self.loop.time,
        )

    def connect(
        self,
        listener: FakeListener | None = None,
        agreement: Agreement | None = None,
        received: bytes = b"",
    ) -> tuple[Connection, FakeTransport, FakeListener]:
        """Return an open connection with its transport and listener."""
        listener = FakeListener() if listener is None else listener
        connection = Connection(self.endpoint, listener, agreement)
        transport = FakeTransport(self.loop)
        transport.protocol = connection
        connection.start(transport, received)  # type: ignore[arg-type]
        return connection, transport, listener


def messages(transport: FakeTransport) -> list[str]:
    """Decode what was written, all short frames or of 16 bit length."""
    data, result = transport.written, []
    while data:
        header = 4 if data[1] == 126 else 2
        size = int.from_bytes(data[2:4], "big") if data[1] == 126 else data[1]
        payload = data[header : header + size]
        result.append((inflate(payload, 1 << 20) if data[0] & 0x40 else payload).decode())
        data = data[header + size :]
    return result


def sliced(
    stage: Stage, slice_members: int = SLICE_MEMBERS, slice_bytes: int = SLICE_BYTES
) -> Fanout:
    """Give *stage* a fan-out with slices of that size. To be called before anybody connects."""
    endpoint = stage.endpoint
    endpoint.fanout = Fanout(
        call_soon=stage.loop.call_soon,
        counters=endpoint.counters,
        slice_members=slice_members,
        slice_bytes=slice_bytes,
    )
    return endpoint.fanout
