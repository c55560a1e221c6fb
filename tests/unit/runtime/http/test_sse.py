"""Server-sent events: frames, topics, streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from soli_runtime.http.sse import MAX_WAITING_FRAMES, Subscriber, Topics, frame

from ....support.http import Visitor, app_of, visiting


@pytest.mark.parametrize(
    ("data", "event", "expected"),
    [
        ("hi", None, b"data: hi\n\n"),
        ("a\nb", None, b"data: a\ndata: b\n\n"),
        ("a\r\nb\rc", "news", b"event: news\ndata: a\ndata: b\ndata: c\n\n"),
        (None, "x\ny", b"event: x y\ndata: \n\n"),
        (42, None, b"data: 42\n\n"),
    ],
)
def test_frames(data: Any, event: str | None, expected: bytes) -> None:
    """No line break of the data ends the event."""
    assert frame(data, event) == expected


def test_a_topic_reaches_its_subscribers_and_no_others() -> None:
    """Until they leave."""
    topics, woken = Topics(), []
    one = Subscriber(lambda: woken.append("one"))
    other = Subscriber(lambda: woken.append("other"))
    topics.subscribe("a", one)
    topics.subscribe("b", other)

    assert topics.publish("a", "hi") == 1
    assert (list(one.frames), list(other.frames), woken) == ([b"data: hi\n\n"], [], ["one"])
    topics.unsubscribe("a", one)
    assert topics.publish("a", "hi") == 0
    assert topics.count("a") == 0


def test_a_slow_subscriber_loses_its_oldest_frames() -> None:
    """As many as are too many, and they are counted."""
    subscriber = Subscriber(lambda: None)
    for number in range(MAX_WAITING_FRAMES + 3):
        subscriber.put(b"%d" % number)

    assert (len(subscriber.frames), subscriber.lost) == (MAX_WAITING_FRAMES, 3)
    assert subscriber.frames[0] == b"3"


STREAMS = """
get("/sse", "app#events")
get("/raw", "app#raw_bytes")
get("/count", "app#count")
get("/outside", "app#outside")

def events(req)
  sse(req) do |out|
    out.emit("one")
    out.emit({ "n": 2 }, "second")
  end
end

def raw_bytes(req)
  stream(req, "text/csv") do |out|
    out.write("a,b")
    out.emit("c")
  end
end

def count(req)
  { "reached": sse_broadcast("news", "x"), "following": sse_subscribers("news") }
end

def outside(req)
  sse(req)
end
"""


def visit_streams(folder: Path, path: str) -> Any:
    app = app_of(folder, {"app.soli": STREAMS})

    async def visit(visitor: Visitor) -> Any:
        return await visitor.get(path)

    return visiting(app / "app.soli", visit)


def test_a_block_writes_events(tmp_path: Path) -> None:
    """With the headers that proxies need."""
    answer = visit_streams(tmp_path, "/sse")

    assert answer.header("content-type") == "text/event-stream"
    assert answer.header("cache-control") == "no-cache"
    assert answer.text == "data: one\n\nevent: second\ndata: {n => 2}\n\n"


def test_a_block_writes_bytes(tmp_path: Path) -> None:
    """As they are."""
    answer = visit_streams(tmp_path, "/raw")

    assert (answer.header("content-type"), answer.text) == ("text/csv", "a,bc")


def test_nobody_follows(tmp_path: Path) -> None:
    """Then nobody is reached."""
    assert visit_streams(tmp_path, "/count").json == {"reached": 0, "following": 0}


def test_a_stream_without_a_block_fails(tmp_path: Path) -> None:
    """500, and the log says why."""
    assert visit_streams(tmp_path, "/outside").status == 500
