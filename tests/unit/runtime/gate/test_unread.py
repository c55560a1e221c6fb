"""Answers that nobody reads, on a loop and a clock that obey."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from soli_runtime.gate.unread import LOOK_SECONDS, WINDOW_SECONDS, Unread

from ..ws.doubles import FakeLoop

RATE = 1000
MOST = 1_000_000


class Line:
    """A transport whose other side reads when it is told to."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self.is_cut = False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.is_cut = True

    def get_extra_info(self, name: str) -> None:
        """There is no socket below."""


class Loop(FakeLoop):
    def create_future(self) -> Any:
        return asyncio.Future(loop=asyncio.new_event_loop())


class Stage:
    def __init__(self, rate: int = RATE, most: int = MOST) -> None:
        self.loop = Loop()
        self.cut: list[str] = []
        self.unread = Unread(self.loop, rate, most, self.cut.append)  # type: ignore[arg-type]

    def behind(self, waiting: int, address: str = "a", size: int = 0) -> Line:
        line = Line(waiting)
        self.unread.behind(line, line, address, size)
        return line

    def read(self, line: Line, per_second: int, seconds: float) -> None:
        for _ in range(int(seconds / LOOK_SECONDS)):
            line.waiting -= int(per_second * LOOK_SECONDS)
            self.loop.sleep(LOOK_SECONDS)


def test_who_reads_nothing_is_cut_after_a_window() -> None:
    """And no earlier; its address is told."""
    stage = Stage()
    line = stage.behind(100_000)
    stage.loop.sleep(WINDOW_SECONDS - 1)
    assert not line.is_cut
    stage.loop.sleep(2)
    assert line.is_cut
    assert stage.cut == ["a"]
    assert stage.unread.bytes == 0


@pytest.mark.parametrize(("factor", "is_cut"), [(1.05, False), (0.9, True)])
def test_the_rate_is_what_it_says(factor: float, is_cut: bool) -> None:
    """A little faster is let be, a little slower is not."""
    stage = Stage()
    line = stage.behind(1_000_000)
    stage.read(line, int(RATE * factor), 3 * WINDOW_SECONDS)
    assert line.is_cut == is_cut


def test_what_the_system_took_at_first_is_no_reading() -> None:
    """Half of an answer may vanish into the buffers of the kernel at once."""
    stage = Stage()
    line = stage.behind(1_000_000)
    stage.loop.sleep(1.5)
    line.waiting = 500_000
    stage.loop.sleep(WINDOW_SECONDS + 2)
    assert line.is_cut


def test_who_catches_up_is_watched_no_more() -> None:
    """The next time counts anew."""
    stage = Stage()
    line = stage.behind(100_000)
    stage.loop.sleep(WINDOW_SECONDS - 1)
    stage.unread.taken(line)
    stage.unread.behind(line, line, "a")
    stage.loop.sleep(WINDOW_SECONDS - 1)
    assert not line.is_cut


def test_a_large_answer_is_watched_between_its_pieces() -> None:
    """That the transport has room again does not begin anew."""
    stage = Stage()
    line = stage.behind(100, size=100_000)
    for _ in range(int(WINDOW_SECONDS) + 2):
        stage.unread.taken(line)
        stage.loop.sleep(1)
    assert line.is_cut


def test_without_a_rate_nobody_is_cut() -> None:
    """0 turns it off."""
    stage = Stage(rate=0)
    line = stage.behind(100_000)
    stage.loop.sleep(5 * WINDOW_SECONDS)
    assert not line.is_cut


def test_too_much_makes_further_ones_of_that_address_wait() -> None:
    """Those whose answers are large; what is left of a large one is kept as a whole."""
    stage = Stage()
    stage.behind(0, size=MOST - 1)
    assert not stage.unread.must_wait("a", 100_000)
    line = stage.behind(1)
    assert stage.unread.must_wait("a", 100_000)
    assert not stage.unread.must_wait("b", 100_000)
    assert not stage.unread.must_wait("a", 100)
    stage.unread.gone(line)
    assert not stage.unread.must_wait("a", 100_000)


def test_without_a_bound_nobody_waits() -> None:
    """0 turns it off."""
    stage = Stage(most=0)
    stage.behind(10 * MOST)
    assert not stage.unread.is_full()


def test_who_waits_for_room_is_let_in_one_by_one() -> None:
    """How large an answer is shows when it is written, so the next waits for it."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        unread = Unread(loop, RATE, MOST, lambda address: None)
        full = Line(MOST)
        unread.behind(full, full, "a")
        came: list[int] = []

        async def one(number: int) -> None:
            await unread.room()
            came.append(number)
            line = Line(MOST)
            unread.behind(line, line, "a")

        tasks = [asyncio.create_task(one(number)) for number in range(3)]
        await asyncio.sleep(0.01)
        assert came == []
        unread.gone(full)
        await asyncio.sleep(0.35)
        assert came == [0]
        unread.stop()
        await asyncio.gather(*tasks)
        assert came == [0, 1, 2]

    asyncio.run(scenario())
