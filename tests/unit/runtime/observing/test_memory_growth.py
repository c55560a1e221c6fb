"""When cycles are looked for: at so many bytes more, whatever the number of objects."""

from __future__ import annotations

from soli_runtime.observing.memory_growth import YOUNG_BYTES, GrowthWatch

from soli_lang.machine.memory import resident_bytes

START = 100 << 20


class Process:
    """A process of a size that the test says, and what was collected in it."""

    def __init__(self) -> None:
        self.size = START
        self.collected: list[int] = []
        self.later: list[object] = []
        self.watch = GrowthWatch(
            lambda _, callback: self.later.append(callback),
            lambda: self.size,
            self.collected.append,
        )
        self.watch.start()

    def grow(self, size: int) -> None:
        self.size += size
        self.watch.look()


def test_a_little_growth_is_left_alone() -> None:
    """One byte less than it takes."""
    process = Process()
    process.grow(YOUNG_BYTES - 1)
    assert process.collected == []


def test_growth_is_counted_from_the_last_collection() -> None:
    """And from the smallest size since."""
    process = Process()
    process.grow(YOUNG_BYTES)
    assert process.collected == [1]
    process.grow(YOUNG_BYTES - 1)
    assert process.collected == [1]
    process.grow(-YOUNG_BYTES)
    process.grow(YOUNG_BYTES)
    assert process.collected == [1, 1]


def test_much_growth_is_looked_at_whole() -> None:
    """What survived the collections of the young is found too."""
    process = Process()
    for _ in range(5):
        process.grow(YOUNG_BYTES)
    assert process.collected == [1, 1, 1, 1, 2]


def test_an_unknown_size_is_not_watched() -> None:
    """Where the system does not say how large a process is."""
    later: list[object] = []
    watch = GrowthWatch(lambda _, callback: later.append(callback), lambda: 0)
    watch.start()
    assert later == []


def test_the_size_of_this_process_is_known() -> None:
    """More than a megabyte, on Linux."""
    assert resident_bytes() == 0 or resident_bytes() > 1 << 20
