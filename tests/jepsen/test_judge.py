"""The judge: says nothing of what a right product makes, and finds each wrong in it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ..support.examples import examples
from .history import (
    ANY,
    Heard,
    History,
    Leave,
    Message,
    Quiet,
    Resume,
    Said,
    Span,
    Tracking,
    Window,
)
from .judge import judge

NAMES = "abcdef"
NODES = 3


class World:
    """A right product, in small: one log, nodes that read it when they like, their clients."""

    def __init__(self) -> None:
        self.history = History(open=set(NAMES))
        self._ticks = count(1)
        self._numbers = count(1)
        self._log: list[tuple[str, str, Message | None, Span | None]] = []
        self._read = [0] * NODES
        self._members: dict[str, Span] = {}
        self._asked: dict[str, Span] = {}

    def tick(self) -> int:
        return next(self._ticks)

    def node(self, name: str) -> int:
        return NAMES.index(name) % NODES

    def join(self, name: str) -> None:
        if name not in self._asked:
            span = Span(name, f"n{self.node(name)}", "red", self.tick())
            self._asked[name] = span
            self.history.spans.append(span)
            self._log.append((name, "join", None, span))

    def leave(self, name: str) -> None:
        span = self._asked.get(name)
        if span is not None and span.began is not None:
            del self._asked[name]
            span.ended = self.tick()
            self._log.append((name, "leave", None, span))

    def say(self, name: str) -> None:
        message = (name, next(self._numbers))
        self.history.said[message] = Said("red", f"n{self.node(name)}", self.tick())
        self._log.append((name, "say", message, None))

    def read(self, node: int) -> None:
        """A node reads on by one entry; its clients are told."""
        if self._read[node] == len(self._log):
            return
        who, kind, message, span = self._log[self._read[node]]
        self._read[node] += 1
        is_own = self.node(who) == node
        if message is not None:
            for name, member in self._members.items():
                if self.node(name) == node:
                    member.heard.append(Heard(message, self.tick()))
            if is_own:
                self.history.said[message].acked = self.tick()
        elif is_own and span is not None and kind == "join":
            self._members[who] = span
            span.began = self.tick()
        elif is_own and span is not None:
            del self._members[who]
            span.has_left = True

    def finish(self) -> History:
        for node in range(NODES):
            while self._read[node] < len(self._log):
                self.read(node)
        return self.history


names = st.sampled_from(NAMES)
events = st.one_of(
    st.tuples(st.just("say"), names),
    st.tuples(st.just("say"), names),
    st.tuples(st.just("join"), names),
    st.tuples(st.just("leave"), names),
    st.tuples(st.just("read"), st.integers(0, NODES - 1)),
    st.tuples(st.just("read"), st.integers(0, NODES - 1)),
    st.tuples(st.just("read"), st.integers(0, NODES - 1)),
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """What a right product makes; `a` and `b` are members from the beginning to the end."""
    world = World()
    for name in "ab":
        world.join(name)
    for node in (0, 0, 1, 1):
        world.read(node)
    for kind, what in draw(st.lists(events, min_size=20, max_size=60)):
        if not (kind == "leave" and what in ("a", "b")):
            getattr(world, kind)(what)
    return world.finish()


@given(histories())
def test_nothing_is_wrong_with_what_is_right(history: History) -> None:
    """However late nodes read, and whoever comes and goes."""
    assert judge(history) == []


def watchers(history: History, at_least: int) -> tuple[Span, Span]:
    """The two who were there all the time, if they heard so much."""
    first, second = history.spans[:2]
    assume(len(first.heard) >= at_least)
    return first, second


def swap(history: History) -> None:
    """One hears two messages in another order."""
    first, _ = watchers(history, 2)
    heard = first.heard
    heard[0], heard[1] = Heard(heard[1].message, heard[0].at), Heard(heard[0].message, heard[1].at)


def lose_one_between(history: History) -> None:
    first, _ = watchers(history, 3)
    del first.heard[1]


def lose_the_last(history: History) -> None:
    first, _ = watchers(history, 1)
    del first.heard[-1]


def lose_the_first(history: History) -> None:
    first, _ = watchers(history, 1)
    assume(history.said[first.heard[0].message].sent > (first.began or 0))
    del first.heard[0]


def repeat(history: History) -> None:
    first, _ = watchers(history, 1)
    first.heard.append(Heard(first.heard[-1].message, first.heard[-1].at + 1000))


def invent(history: History) -> None:
    first, _ = watchers(history, 0)
    first.heard.append(Heard(("nobody", 1), 1000))


def answer_before(history: History) -> None:
    """The answer of somebody's own message comes before it."""
    first, _ = watchers(history, 1)
    own = [heard for heard in first.heard if heard.message[0] == first.connection]
    assume(own)
    assume(history.said[own[0].message].sent > (first.began or 0))
    history.said[own[0].message].acked = own[0].at - 1


def never_answer(history: History) -> None:
    assume(history.said)
    next(iter(history.said.values())).acked = None


def lose_for_all(history: History) -> None:
    """A message that was acknowledged reaches nobody."""
    first, _ = watchers(history, 1)
    lost = next(
        (one.message for one in first.heard if history.said[one.message].sent > (first.began or 0)),
        None,
    )
    assume(lost is not None)
    for span in history.spans:
        span.heard = [one for one in span.heard if one.message != lost]


FAULTS = (
    swap, lose_one_between, lose_the_last, lose_the_first, repeat, invent, answer_before,
    never_answer, lose_for_all,
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_found(fault: Callable[[History], None]) -> None:
    """Put into any right history."""

    @settings(max_examples=examples(20))
    @given(histories())
    def try_it(history: History) -> None:
        fault(history)
        assert judge(history)

    try_it()


@pytest.mark.parametrize("node", [None, "n0"])
def test_what_a_declared_window_loses_is_excused(node: str | None) -> None:
    """For everybody, or for the clients of the node that was frozen."""

    @settings(max_examples=examples(20))
    @given(histories())
    def try_it(history: History) -> None:
        lose_one_between(history)
        history.windows.append(Window(0, 10_000, node, "a fault"))
        assert judge(history) == []

    try_it()


@given(histories())
def test_the_window_of_another_node_excuses_nothing(history: History) -> None:
    """Nor one that was over before the message was said."""
    lose_one_between(history)
    history.windows += [Window(0, 10_000, "n9", "elsewhere"), Window(0, 0, None, "before")]
    assert judge(history)


@given(histories())
def test_no_window_excuses_two_orders(history: History) -> None:
    """What is in the log has one order, whatever happens."""
    swap(history)
    assume(len(history.spans[1].heard) >= 2)
    history.windows.append(Window(0, 10_000, None, "a fault"))
    assert judge(history)


# Coming back


def returned(history: History, cut: int, skipped: int, *, recovered: bool, confirmed: int) -> Span:
    """`a` loses its line after *cut* messages, and comes back to all but *skipped* of the rest."""
    first, _ = watchers(history, cut + skipped + 1)
    heard = first.heard
    first.heard, rest = heard[:cut], heard[cut + skipped :]
    first.ended = heard[cut].at
    history.open.discard("a")
    span = Span("a2", "n1", "red", first.ended, first.ended, None, False, rest)
    span.resumes = Resume([message for message, _ in first.heard], confirmed, recovered)
    history.spans.append(span)
    return span


@given(histories(), st.integers(1, 3))
def test_who_recovered_all_and_says_so_is_right(history: History, cut: int) -> None:
    """Not one is missing, and none comes again."""
    returned(history, cut, 0, recovered=True, confirmed=cut)
    assert not [one for one in judge(history) if "a2" in one]


@given(histories(), st.integers(1, 3), st.integers(1, 2))
def test_recovered_is_a_lie(history: History, cut: int, skipped: int) -> None:
    """No window excuses it."""
    returned(history, cut, skipped, recovered=True, confirmed=cut)
    history.windows.append(Window(0, 10_000, None, "a fault"))
    assert any("recovered is a lie" in one for one in judge(history))


@given(histories(), st.integers(1, 3), st.integers(1, 2))
def test_who_admits_that_something_is_missing_is_right(
    history: History, cut: int, skipped: int
) -> None:
    """Then the client knows that it has to ask."""
    returned(history, cut, skipped, recovered=False, confirmed=cut)
    assert not [one for one in judge(history) if "lie" in one]


@given(histories())
def test_what_a_position_confirmed_comes_no_second_time(history: History) -> None:
    """What it did not confirm may."""
    span = returned(history, 3, 0, recovered=True, confirmed=2)
    assert span.resumes is not None
    span.heard.insert(0, Heard(span.resumes.held[-1], span.heard[0].at))
    assert not [one for one in judge(history) if "again" in one or "lie" in one]
    span.resumes.confirmed = 3
    assert [one for one in judge(history) if "again" in one]


# Presence


def of_a_user(leave: int, **more: int) -> History:
    return History(trackings=[Tracking("u", "red", "n1", **more)], leaves=[Leave("a", "u", leave)])


@pytest.mark.parametrize(
    ("history", "is_wrong"),
    [
        (of_a_user(5, began=2), True),
        (of_a_user(5, began=2, ended=9), True),
        (of_a_user(5, began=2, ended=4), False),
        (of_a_user(5, began=7), False),
    ],
)
def test_who_is_there_is_not_seen_to_leave(history: History, is_wrong: bool) -> None:
    """Before it said that it goes; unless its node was frozen past its lease."""
    assert bool(judge(history)) == is_wrong
    history.windows.append(Window(3, 4, None, "Redis came back empty"))
    assert bool(judge(history)) == is_wrong
    history.windows.append(Window(3, 4, "n1", "frozen"))
    assert judge(history) == []


def test_what_is_held_at_the_end_must_be_true() -> None:
    """Ghosts, and counts."""
    ghost = Quiet("a", "presence", ["u", "v"], ["u"])
    assert judge(History(quiets=[Quiet("a", "ws_count", [3, 3], [3, 3]), ghost])) == [
        "a holds presence ['u', 'v'], true is ['u']"
    ]


@given(histories())
def test_a_machine_that_stood_still_is_an_excuse(history: History) -> None:
    """Any node may have lapsed then; of its users nobody can say whether they left."""
    lose_one_between(history)
    history.windows.append(Window(0, 10_000, ANY, "the machine stood still"))
    history.trackings, history.leaves = [Tracking("u", "red", "n1", 2)], [Leave("a", "u", 5)]
    assert judge(history) == []
