"""Events as transactions on the state of one room (docs/spec §W16.4).

In a program that keeps the state of rooms this stands around each handler. It gives the event its
view, runs the handler, checks the whole return, and commits what it asks for in a room, if that is
still as the handler saw it; else the handler runs again. What comes of it is left for the
conversation (`Commits`), which applies the rest of the return in the same step.
"""

from __future__ import annotations

from asyncio import shield
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from soli_lang.base.errors import Cancelled, SoliError
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from ...calling.calls import Calls
from ...core import actions
from ...core.actions import (
    Action,
    ActionError,
    Broadcast,
    BroadcastChannel,
    BroadcastRoom,
    ChangeState,
    Join,
    Recall,
    SetPresence,
    StateCommitted,
    Track,
    Untrack,
    Volatile,
    WithOptions,
)
from ...core.answers import Answer
from ...core.effects import ConnectionId, RoomName
from ...core.events import copy_value
from ...core.hub import current_room, no_state
from ...core.realtime import REALTIME
from ...core.seats import Seat
from ...core.state.attempts import ATTEMPT, Attempt, Write
from ...core.state.changes import USERS, Change, Step
from ...core.state.here import StatesHere
from ...core.state.port import Conflict, Outcome
from ...core.state.values import State, StateRefused, gave_up
from ...http.current import CONNECTION
from ...routing.event_use import parts_seen
from ...routing.handler import Handler, Invoke
from ...routing.returns import at_definition
from .turns import Turns

if TYPE_CHECKING:
    from .conversations import Conversation
    from .live import Live

MOST_RUNS = 8
"""Of the handler for one event."""
KEYS = frozenset(USERS.values())
"""What of a return is committed here."""
VIEW = "room_state"
"""The key of an event that holds the state of the current room."""
BEFORE = (Join, Recall, Volatile, Untrack, Track, SetPresence)
"""Actions before the change."""
_FOLLOWING = (BroadcastRoom, BroadcastChannel, Broadcast, WithOptions)
"""Actions before which members have to hear of a change."""
USER = "a room's state"


class Commit(NamedTuple):
    """What was done for one return, and what is left to do."""

    done: StateCommitted | None = None
    """The change that was made; None: the return asks for none."""
    messages: Sequence[Write] = ()
    """What helpers send, behind the change."""
    error: ActionError | None = None
    """Why nothing of the return is done."""


NOTHING = Commit()


class Conflicted(Exception):
    """What a run saw of *room* is no longer so."""

    def __init__(self, room: RoomName) -> None:
        super().__init__(room)
        self.room = room


class Transactions:
    """What stands around the handlers of one program."""

    def __init__(self, live: Live, turns: Turns) -> None:
        self._live = live
        self._turns = turns

    def around(self, handler: Handler, invoke: Invoke) -> Invoke:
        """*invoke*, which calls *handler*, with all that is told above."""
        sees = VIEW in parts_seen(handler.function, (VIEW,))

        def run(event: Value) -> Value:
            return _Event(self._live, self._turns, handler, invoke, event, sees).handled()

        return run


class _Event:
    """One event on its way."""

    __slots__ = (
        "_calls",
        "_conversation",
        "_event",
        "_handler",
        "_has_turn",
        "_hub",
        "_invoke",
        "_lease",
        "_live",
        "_machine",
        "_sees",
        "_turns",
    )

    def __init__(
        self,
        live: Live,
        turns: Turns,
        handler: Handler,
        invoke: Invoke,
        event: Value,
        sees: bool,
    ) -> None:
        self._live = live
        self._calls: Calls = live.calls
        self._machine: Machine = live.calls.machine
        conversation: Any = self._machine.local[CONNECTION]
        self._conversation: Conversation = conversation
        self._hub = live.hub
        self._turns = turns
        self._handler = handler
        self._invoke = invoke
        self._event = event
        self._sees = sees
        self._has_turn: RoomName | None = None
        """The room in which its turn among the events of this process has come."""
        self._lease: RoomName | None = None
        """The room for which it asked to go first in all processes."""

    @property
    def _states(self) -> StatesHere:
        return self._hub.states

    @property
    def _id(self) -> ConnectionId:
        return self._conversation.id

    def handled(self) -> Value:
        """What the handler returned in the run that counts. Raises ConflictError."""
        room = ""
        try:
            for run in range(1, MOST_RUNS + 1):
                is_last = run == MOST_RUNS or not self._calls.may_wait
                try:
                    return self._run(self._event if is_last else copy_value(self._event))
                except Conflicted as conflict:
                    room = conflict.room
                if run < MOST_RUNS:
                    self._live.state.tally.room_runs["again"] += 1
                    self._wait_for_turn(room, was_refused=True)
                    self._calls.begin_again()
            self._live.state.tally.room_runs["conflict"] += 1
            gave = gave_up("the event", room, MOST_RUNS)
            raise at_definition(gave, self._handler.function, self._handler.source)
        finally:
            self._machine.local[ATTEMPT] = None
            self._give_back()

    def _run(self, event: dict[str, Any]) -> Value:
        attempt = Attempt()
        room = self._room_of_event()
        if room is not None:
            if self._has_turn is None and (self._turns.is_taken(room) or self._is_contended(room)):
                self._wait_for_turn(room, was_refused=False)
            if self._sees:
                state = self._seen(attempt, room)
                self._machine.spend(1 + (state.size >> 6))
                attempt.saw(room, state)
                event[VIEW] = state.copy()
        self._machine.local[ATTEMPT] = attempt
        try:
            result = self._invoke(event)
            self._machine.local[ATTEMPT] = None
            commit = self._committed(attempt, result)
        except SoliError as error:
            if attempt.ahead is not None and not isinstance(error, Cancelled):
                self._machine.local[ATTEMPT] = None
                self._settle(attempt)
            raise
        if commit is not NOTHING:
            self._live.state.commits[self._id] = commit
        return result

    def _room_of_event(self) -> RoomName | None:
        """The current room, if it holds state."""
        seat = self._hub.seats.get(self._id)
        room = None if seat is None else next(reversed(seat.rooms), None)
        return None if room is None or self._states.mirrors.rule_of(room) is None else room

    def _seen(self, attempt: Attempt, room: RoomName) -> State:
        """What the handler sees: also what others here did that have the turn with this event."""
        ahead = self._states.kept.ahead(room) if self._lease == room else None
        if ahead is None:
            return self._looked(room)
        attempt.looks_ahead(ahead)
        return ahead.state

    def _settle(self, attempt: Attempt) -> None:
        """Be sure that what it saw is true. Raises Conflicted."""
        ahead = attempt.leave_ahead()
        if ahead is None:
            return
        room = next(iter(attempt.reads))
        if self._states.kept.ahead(room) is ahead:
            self._states.kept.settle(room)
        if not self._answered(shield(ahead.settled)):
            raise Conflicted(room)

    def _looked(self, room: RoomName) -> State:
        found = self._states.kept.look(room)
        if isinstance(found, State):
            return found
        state: State = self._machine.suspend(found, USER)
        # Others may have gone on before us meanwhile.
        again = self._states.kept.look(room)
        if isinstance(again, State):
            return again
        again.close() if hasattr(again, "close") else None
        return state

    # Turns

    def _wait_for_turn(self, room: RoomName, *, was_refused: bool) -> None:
        if not self._calls.may_wait:
            return
        if self._has_turn != room:
            self._give_back()
            waiter = self._turns.take(room, was_refused=was_refused)
            if waiter is None or self._machine.suspend(waiter, USER):
                self._has_turn = room
        if was_refused or self._is_contended(room):
            self._lease = room
            self._answered(self._states.kept.take_turn(room, self))

    def _is_contended(self, room: RoomName) -> bool:
        """Whether a run without the turn of all processes would likely be in vain."""
        return self._sees and self._states.kept.is_contended(room)

    def _give_back(self) -> None:
        self._let_next()
        lease, self._lease = self._lease, None
        if lease is not None:
            self._states.kept.end_turn(lease, self)

    def _let_next(self) -> None:
        """The next event of the room runs; where there is none, what is ahead is committed."""
        room, self._has_turn = self._has_turn, None
        if room is not None and not self._turns.give_back(room):
            self._states.kept.settle(room)

    def _answered(self, answer: Answer[Any]) -> Any:
        return self._machine.suspend(answer, USER) if hasattr(answer, "__await__") else answer

    # What the handler returned

    def _committed(self, attempt: Attempt, result: Value) -> Commit:
        """What was done of it. Raises Conflicted."""
        if type(result) is not dict:
            return NOTHING  # whoever applies it says what is wrong
        live = self._live
        if not attempt.changes and KEYS.isdisjoint(result):
            self._ready(result.get("join"))
            if not attempt.messages and not attempt.stored:
                self._settle(attempt)
                return NOTHING
        try:
            wanted = actions.parse(
                result, live.encode_json, live.max_presence_bytes, self._states.bounds
            )
            rest = [action for action in wanted if type(action) is not ChangeState]
            self._hub.check(self._id, rest)
            room, steps = self._asked(attempt, wanted)
            self._ready(result.get("join"))
            done = None
            if room is not None and not Change(steps).is_empty:
                done = self._commit(attempt, room, steps, rest)
            self._settle(attempt)
        except SoliError as error:
            if not isinstance(error, ActionError | StateRefused):
                raise
            self._settle(attempt)
            return self._refused(error, result)
        self._release(attempt, done)
        if KEYS.isdisjoint(result):
            self._tell(done, attempt.messages)  # helpers come before the actions of the return
            return NOTHING
        return Commit(done, attempt.messages)

    def _refused(self, error: SoliError, result: dict[Any, Any]) -> Commit:
        """Nothing of the return is done. What helpers ask for fails like they do: it is raised."""
        key = next((key for key in KEYS if key in result), None)
        if key is None:
            raise at_definition(error, self._handler.function, self._handler.source)
        if isinstance(error, ActionError):
            return Commit(error=error)
        return Commit(error=ActionError(key, error.message))

    def _ready(self, joins: Value) -> None:
        """What members of these rooms are told of their state is here when they join."""
        for room in joins if type(joins) is list else (joins,):
            if type(room) is str:
                self._answered(self._states.ready(room))

    def _asked(
        self, attempt: Attempt, wanted: Sequence[Action]
    ) -> tuple[RoomName | None, tuple[Step, ...]]:
        """The room in which the event commits, and what it asks for there. Raises ActionError."""
        own = [action for action in wanted if type(action) is ChangeState]
        if not own:
            room = attempt.sets or next(iter(attempt.changes), None)
            return room, () if room is None else tuple(attempt.changes.pop(room))
        seat: Seat | None = self._hub.seats.get(self._id)
        room = None if seat is None else current_room(seat, wanted)
        if room is None or self._states.mirrors.rule_of(room) is None:
            raise no_state(own[0], room)
        if attempt.sets is not None and attempt.sets != room:
            key = USERS[own[0].step[0]]
            raise ActionError(
                key,
                f"{key}: an event sets the state of one room, and this one sets those of "
                f"'{attempt.sets}' and '{room}'",
            )
        return room, (*attempt.changes.pop(room, ()), *(action.step for action in own))

    def _commit(
        self, attempt: Attempt, room: RoomName, steps: tuple[Step, ...], rest: Sequence[Action]
    ) -> StateCommitted:
        expected = attempt.reads.get(room)
        if expected is not None and attempt.wrote:
            raise ActionError(
                VIEW,
                f"{VIEW}: {attempt.wrote}() was called before the handler looked at the room's "
                'state; look first, with event["room_state"] or ws_room_state(channel)',
            )
        if attempt.is_stale:
            raise Conflicted(room)
        kept = self._states.kept
        ahead = attempt.ahead
        if ahead is not None:
            if kept.ahead(room) is ahead:
                attempt.leave_ahead()  # it stands or falls with what it saw
            else:
                self._settle(attempt)
        answer = kept.commit(room, Change(steps), expected)
        if expected is not None and self._lease == room:
            self._let_next()
        outcome: Outcome = self._answered(answer)
        if isinstance(outcome, Conflict):
            raise Conflicted(room)
        follows = bool(attempt.messages) or any(isinstance(one, _FOLLOWING) for one in rest)
        return StateCommitted(room, outcome.state.version, outcome.diff, follows)

    def _release(self, attempt: Attempt, done: StateCommitted | None) -> None:
        """Write what waited for the commit, except for messages, which go out with the return."""
        for other, steps in attempt.changes.items():
            attempt.stored.append(partial(self._change_other, other, tuple(steps)))
        try:
            for write in attempt.stored:
                self._write(write)
        except BaseException:
            self._tell(done, ())  # it is true, whatever becomes of this event
            raise

    def _tell(self, done: StateCommitted | None, messages: Sequence[Write]) -> None:
        """The change, and what was sent behind it."""
        if done is not None:
            effects = self._hub.apply(self._id, [done], self._live.now(), is_checked=True)
            self._live.delivery.carry_out(effects)
        for write in messages:
            if done is None:
                write()
            else:
                self._write(write)

    def _change_other(self, room: RoomName, steps: tuple[Step, ...]) -> None:
        realtime = self._machine.library[REALTIME]
        self._answered(realtime.states.change(room, *steps, actor=self._id))

    def _write(self, write: Write) -> None:
        try:
            write()
        except Cancelled:
            raise
        except SoliError as error:
            self._conversation.write_failed(error)
