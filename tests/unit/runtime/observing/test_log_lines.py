"""A log whose reader is slow, stopped or gone."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator

import pytest
from soli_runtime.observing.log_lines import LineWriter


class Pipe:
    """A pipe whose reader is this test."""

    def __init__(self) -> None:
        self.reads, writes = os.pipe()
        self.stream = os.fdopen(writes, "w")
        os.set_blocking(self.reads, False)

    def read(self) -> str:
        parts = []
        try:
            while part := os.read(self.reads, 65536):
                parts.append(part)
        except BlockingIOError:
            pass
        return b"".join(parts).decode()

    def close(self) -> None:
        os.close(self.reads)
        self.stream.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def lines(count: int, size: int = 99) -> list[str]:
    return [f"{number:0{size}d}\n" for number in range(count)]


def test_lines_arrive_whole_and_in_order(pipe: Pipe) -> None:
    """Long ones too, and such as are no Unicode."""
    writer = LineWriter(pipe.stream)
    writer("one\n")
    writer("ä" * 5000 + "\n")
    writer("\ud800\n")
    assert pipe.read() == "one\n" + "ä" * 5000 + "\n\\ud800\n"


def test_a_reader_that_stalls_is_not_waited_for(pipe: Pipe) -> None:
    """Lines wait up to a bound; past it they are dropped, which is said when it reads again."""
    writer = LineWriter(pipe.stream, most=100_000)
    written = lines(5000)
    for line in written:
        writer(line)
    assert writer.dropped > 0
    got = ""
    while more := pipe.read():
        got += more
        writer.finish(0)
    told = f"{writer.dropped} lines of the log were dropped: it was not read\n"
    assert got == "".join(written[: 5000 - writer.dropped]) + told
    writer("later\n")
    assert pipe.read() == "later\n"


def test_what_waits_is_tried_again_on_time(pipe: Pipe) -> None:
    """Without a further line."""
    later: list[Callable[[], None]] = []
    writer = LineWriter(pipe.stream)
    writer.use_timer(lambda _, callback: later.append(callback))
    for line in lines(1000):
        writer(line)
    assert len(later) == 1
    pipe.read()
    later.pop()()
    assert pipe.read()


def test_a_stream_that_is_closed_is_no_fault() -> None:
    """Its lines are for nobody."""
    pipe = Pipe()
    os.close(pipe.reads)
    writer = LineWriter(pipe.stream)
    writer("gone\n")
    assert writer.dropped == 1
    pipe.stream.close()


def test_a_stream_that_is_no_file_is_written_to() -> None:
    """As tests and hosts have them."""
    stream = io.StringIO()
    LineWriter(stream)("line\n")
    assert stream.getvalue() == "line\n"


def test_a_full_disk_is_no_fault() -> None:
    """/dev/full takes nothing."""
    with open("/dev/full", "w") as stream:
        writer = LineWriter(stream)
        writer("line\n")
    assert writer.dropped == 1


def test_lines_of_one_turn_go_out_together(pipe: Pipe) -> None:
    """The first at once, the others when the turn ends: two system calls, not one for each."""
    writer = LineWriter(pipe.stream)
    later: list[Callable[[], None]] = []
    writer.use_timer(lambda seconds, call: later.append(call))
    writer("one\n")
    writer("two\n")
    writer("three\n")
    assert pipe.read() == "one\n"
    later.pop()()
    assert pipe.read() == "two\nthree\n"
    writer("four\n")
    assert pipe.read() == "four\n"
    assert len(later) == 1


def test_what_waits_for_the_end_of_a_turn_is_not_lost_with_the_loop(pipe: Pipe) -> None:
    writer = LineWriter(pipe.stream)
    writer.use_timer(lambda seconds, call: None)
    writer("one\n")
    writer("two\n")
    writer.finish()
    writer.use_timer(None)
    writer("three\n")
    assert pipe.read() == "one\ntwo\nthree\n"
