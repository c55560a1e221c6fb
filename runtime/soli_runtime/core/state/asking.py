"""Looks at the state of rooms and changes of it that no event waits for, each by itself.

For helpers of programs, jobs and hosts. Answers come at once where the state is in this process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from ..answers import Answer
from ..effects import Effect, RoomName
from ..payloads import EncodeJson, check_room_name
from .changes import Change, Kind, Step, step_of
from .port import Committed, Outcome
from .values import MOST_RUNS, Json, State, StateRefused, gave_up, undeclared

if TYPE_CHECKING:
    from ..hub import Hub

T = TypeVar("T")


class StateCalls:
    """What helpers and hosts ask of the rooms of one process."""

    def __init__(
        self,
        hub: Hub,
        carry_out: Callable[[Iterable[Effect]], None],
        now: Callable[[], float],
        encode_json: EncodeJson,
    ) -> None:
        self._hub = hub
        self._carry_out = carry_out
        self._now = now
        self._encode_json = encode_json

    @property
    def done(self) -> Awaitable[None]:
        """What Python code gets where all is done already."""
        return DONE

    def for_hosts(self, answer: Answer[State]) -> AtOnce | Coroutine[Any, Any, Json]:
        """A state as Python code gets it."""
        if isinstance(answer, State):
            return AtOnce(answer.copy())
        return _copied(answer)

    def look(self, room: RoomName) -> Answer[State]:
        """What *room* holds."""
        check_room_name(room)
        return self._hub.states.kept.look(room)

    def step(self, user: str, kind: Kind, value: Any) -> Step:
        """What a helper is given. Raises StateRefused."""
        return step_of(kind, value, user, self._encode_json, self._hub.states.bounds)

    def check(self, room: RoomName, user: str) -> None:
        """Raise StateRefused when *room*, for which *user* asks, holds no state."""
        check_room_name(room)
        if self._hub.states.mirrors.rule_of(room) is None:
            raise StateRefused(f"{user}(): {undeclared(room).message}")

    def change(self, room: RoomName, *steps: Step, actor: str | None = None) -> Answer[None]:
        """Make a change, whatever the room holds. Raises StateRefused."""
        check_room_name(room)
        change = Change(steps)
        if change.is_empty:
            return None
        outcome = self._hub.states.kept.commit(room, change, None)
        return then(outcome, lambda done: self._told(room, done, actor))

    def commit(self, room: RoomName, step: Step, state: State) -> Answer[State | None]:
        """Make a change if *room* still holds *state*; what it holds then, None: it does not."""

        def told(outcome: Outcome) -> State | None:
            self._told(room, outcome, None)
            return outcome.state if isinstance(outcome, Committed) else None

        return then(self._hub.states.kept.commit(room, Change((step,)), state.version), told)

    def update(self, room: RoomName, change: Callable[[Json], Any]) -> Answer[State]:
        """Merge what *change* makes of the state, until nobody else changed it meanwhile."""
        looked = self.look(room)
        if isinstance(looked, Awaitable):
            return self._update(room, looked, change)
        for _ in range(MOST_RUNS):
            step = self._patch(change(looked.copy()))
            done = looked if step is None else self.commit(room, step, looked)
            if isinstance(done, State):
                return done
            again = self.look(room)
            assert isinstance(again, State)
            looked = again
        raise gave_up("update_room_state()", room, MOST_RUNS)

    async def _update(
        self, room: RoomName, looked: Awaitable[State], change: Callable[[Json], Any]
    ) -> State:
        for _ in range(MOST_RUNS):
            state = await looked
            step = self._patch(change(state.copy()))
            done = state if step is None else self.commit(room, step, state)
            done = await done if isinstance(done, Awaitable) else done
            if done is not None:
                return done
            looked = _awaited(self.look(room))
        raise gave_up("update_room_state()", room, MOST_RUNS)

    def _patch(self, patch: Any) -> Step | None:
        if patch is None:
            return None
        step = self.step("update_room_state", "patch", patch)
        return step if step[1] else None

    def _told(self, room: RoomName, outcome: Outcome, actor: str | None) -> None:
        if isinstance(outcome, Committed):
            self._carry_out(self._hub.tell_state(room, outcome, self._now(), actor))


def then(answer: Answer[Any], go_on: Callable[[Any], T]) -> Answer[T]:
    """What *go_on* makes of *answer*, at once where that is there."""
    if not isinstance(answer, Awaitable):
        return go_on(answer)
    return _later(answer, go_on)


async def _awaited(answer: Answer[State]) -> State:
    return await answer if isinstance(answer, Awaitable) else answer


async def _later(answer: Awaitable[Any], go_on: Callable[[Any], T]) -> T:
    return go_on(await answer)


class AtOnce(dict[str, Any]):
    """A state that is there, and may be awaited as one that is not."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, Json]:
        yield from ()
        return self


class Done:
    """Something that is done, and may be awaited as if it were not."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


DONE = Done()


async def _copied(answer: Awaitable[State]) -> Json:
    return (await answer).copy()
