"""Whatever happens to a connection, in whatever order, some things are always true."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from soli_runtime.ws.protocol.frames import is_receivable_code

from ....support.examples import examples
from .doubles import FakeListener, FakeTransport, Stage, closing, masked, text

chunks = st.one_of(
    st.sampled_from(
        [
            text("hello"),
            text("hello") * 5,
            text("x" * 40),
            masked(0x01, b"frag"),
            masked(0x80, b"ment"),
            masked(0x82, b"\x00"),
            masked(0x89, b"ping"),
            masked(0x8A),
            closing(1000),
            closing(4000, "bye"),
            text("cut")[:5],
            b"\x81\x05hello",
            masked(0x81, b"\xff"),
        ]
    ),
    st.binary(max_size=20),
)
reactions = st.sampled_from(["nothing", "echo", "publish", "close", "abort", "pause", "fail"])
steps = st.one_of(
    st.tuples(st.just("receive"), chunks, reactions),
    st.tuples(st.just("send")),
    st.tuples(st.just("publish")),
    st.tuples(st.just("close")),
    st.tuples(st.just("pause")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("stall")),
    st.tuples(st.just("drain")),
    st.tuples(st.just("turn")),
    st.tuples(st.just("wait"), st.floats(0, 30)),
    st.tuples(st.just("abort")),
)


class Life:
    """One connection in a room, and what can happen to it."""

    def __init__(self) -> None:
        self.stage = Stage(
            message_rate=5, message_burst=20, max_outbox_bytes=400, max_held_bytes=50
        )
        self.connection, self.transport, self.listener = self.stage.connect()
        self.stage.endpoint.fanout.join("room", self.connection)

    def receive(self, data: bytes, reaction: str) -> None:
        def react(*_: Any) -> None:
            if reaction == "fail":
                raise RuntimeError("the handler")
            if reaction != "nothing":
                getattr(self, "send" if reaction == "echo" else reaction)()

        self.listener.reply = react
        # A transport that does not read delivers nothing.
        if self.transport.is_reading():
            self.connection.data_received(data)

    def send(self) -> None:
        self.quietly(self.connection.send, "x" * 30)

    def publish(self) -> None:
        self.quietly(self.stage.endpoint.fanout.publish, "room", "y" * 30)

    def close(self) -> None:
        self.quietly(self.connection.close, 4000, "enough")

    def pause(self) -> None:
        self.quietly(self.connection.pause_reading)

    def resume(self) -> None:
        self.quietly(self.connection.resume_reading)

    def abort(self) -> None:
        self.quietly(self.connection.abort)

    def stall(self) -> None:
        self.transport.full = True

    def drain(self) -> None:
        self.transport.drain()

    def turn(self) -> None:
        self.stage.loop.run()

    def wait(self, seconds: float) -> None:
        self.stage.loop.sleep(seconds)

    def quietly(self, call: Any, *args: Any) -> None:
        """No listener is called from within a call to the connection."""
        before = len(self.listener.events)
        call(*args)
        assert len(self.listener.events) == before

    def end(self) -> None:
        """Let everything come to its end."""
        self.listener.reply = None
        self.resume()
        self.turn()
        self.transport.drain()
        self.turn()
        self.connection.close()
        self.wait(10)
        self.resume()
        self.turn()


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """Cut what a server wrote into frames, of short form only."""
    result = []
    while data:
        first, size = data[0], data[1]
        assert size < 126, "a frame is broken or came from nowhere"
        assert len(data) >= 2 + size, "a frame was cut"
        result.append((first, data[2 : 2 + size]))
        data = data[2 + size :]
    return result


@settings(max_examples=examples(150))
@given(st.lists(steps, max_size=25))
def test_a_life_is_open_messages_closed_and_what_was_written_is_whole(
    script: list[tuple[Any, ...]],
) -> None:
    """One open, messages, one closed with a possible code; whole frames, one Close, last."""
    life = Life()
    for kind, *rest in script:
        getattr(life, kind)(*rest)
    life.end()
    assert_events_are_in_order(life.listener)
    assert_output_is_sound(life.transport)
    endpoint = life.stage.endpoint
    assert not endpoint.connections
    assert len(endpoint.wheel) == 0
    assert endpoint.fanout.count("room") == 0
    assert sum(endpoint.counters.closes.values()) == 1


def assert_events_are_in_order(listener: FakeListener) -> None:
    kinds = [event[0] for event in listener.events]
    assert kinds[0] == "open"
    assert kinds[-1] == "closed"
    assert set(kinds[1:-1]) <= {"message"}
    code = listener.closed[0][0]
    assert is_receivable_code(code) or code in (1005, 1006)


def assert_output_is_sound(transport: FakeTransport) -> None:
    written = frames(transport.written)
    closes = [index for index, (first, _) in enumerate(written) if first == 0x88]
    assert len(closes) <= 1
    if closes:
        assert closes[0] == len(written) - 1
        code = int.from_bytes(written[-1][1][:2], "big") if written[-1][1] else 1000
        assert is_receivable_code(code)
