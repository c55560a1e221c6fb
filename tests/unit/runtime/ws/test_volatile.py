"""Volatile messages for many who are behind: what a message to them costs."""

from __future__ import annotations

import pytest
from soli_runtime.ws.rooms import volatile
from soli_runtime.ws.rooms.volatile import LOOKED_AT, MAX_SLOT_BYTES, MAX_SLOTS, Volatile

from .doubles import Stage

MEMBERS = 50


class Behind:
    """Stands in for asking the system whether a line is behind, and counts the questions."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, connection: object) -> bool:
        self.asked += 1
        return True


@pytest.fixture(name="behind")
def _behind(monkeypatch: pytest.MonkeyPatch) -> Behind:
    found = Behind()
    monkeypatch.setattr(volatile, "_is_behind", found)
    return found


class Later:
    """A loop whose timers never ring."""

    def call_later(self, delay: float, callback: object) -> Later:
        return self

    def cancel(self) -> None:
        """Nothing rings."""


def _room(stage: Stage, members: int) -> Volatile:
    for _ in range(members):
        stage.endpoint.fanout.join("room", stage.connect()[0])
    return Volatile(Later(), stage.endpoint.fanout)  # type: ignore[arg-type]


def test_the_system_is_asked_once_per_line_and_look(behind: Behind) -> None:
    """Whoever is behind is so until the next look, however many messages come."""
    room = _room(Stage(), MEMBERS)
    for number in range(20):
        room.publish("room", "x", ("sender", str(number)))
    assert behind.asked == MEMBERS
    room._look()
    assert behind.asked == 2 * MEMBERS


def test_one_look_asks_for_so_many_and_the_next_for_the_others(behind: Behind) -> None:
    """A crowd that does not read holds up nobody else."""
    stage = Stage()
    room = _room(stage, LOOKED_AT + 7)
    room.publish("room", "x", ("sender", "key"))
    behind.asked = 0
    room._look()
    assert behind.asked == LOOKED_AT
    first = next(iter(room._waiting))
    assert first is stage.endpoint.fanout.members("room")[LOOKED_AT]


@pytest.mark.usefixtures("behind")
def test_what_waits_for_one_is_bounded_by_number_and_bytes() -> None:
    """And what had to go is counted, a message that was replaced as well."""
    stage = Stage()
    room = _room(stage, 1)
    counters = stage.endpoint.fanout.counters
    for number in range(MAX_SLOTS + 10):
        room.publish("room", "x", ("sender", str(number)))
    (waiting,) = room._waiting.values()
    assert (len(waiting.messages), counters.volatile_dropped) == (MAX_SLOTS, 10)
    room.publish("room", "y" * MAX_SLOT_BYTES, ("sender", "large"))
    assert list(waiting.messages) == [("sender", "large")]
    assert counters.volatile_dropped == MAX_SLOTS + 10
    room.publish("room", "z", ("sender", "large"))
    assert waiting.bytes == len(waiting.messages["sender", "large"].plain) == 3


@pytest.mark.usefixtures("behind")
def test_who_is_left_out_and_no_member_takes_nobodys_place() -> None:
    """With one member who keeps up, a message that leaves out a stranger reaches that member."""
    stage = Stage()
    member, transport, _ = stage.connect()
    stranger, _, _ = stage.connect()
    stage.endpoint.fanout.join("room", member)
    room = Volatile(Later(), stage.endpoint.fanout)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(volatile, "_is_behind", lambda _: False)
        room.publish("room", "x", ("sender", "key"), (stranger,))
    stage.loop.run()
    assert transport.writes == 1
