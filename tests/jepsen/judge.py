"""Says what of a history breaks a guarantee. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import pairwise

from .history import ANY, History, Message, Span, Tick

MOST = 40
"""Findings that are told; one fault makes many."""


def judge(history: History) -> list[str]:
    """What is wrong, in words; nothing if all is as promised."""
    court = Court(history)
    found: list[str] = []
    for finding in court.findings():
        found.append(finding)
        if len(found) == MOST:
            break
    return found


class Court:
    """One history, and what follows from it."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.rooms: dict[str, list[Span]] = defaultdict(list)
        self.first: dict[Message, Tick] = {}
        """When each message was heard first, and last, by anybody."""
        self.last: dict[Message, Tick] = {}
        for span in history.spans:
            self.rooms[span.room].append(span)
            for message, at in span.heard:
                self.first[message] = min(at, self.first.get(message, at))
                self.last[message] = max(at, self.last.get(message, at))

    def findings(self) -> Iterator[str]:
        yield from self._unknown()
        yield from self._twice()
        yield from self._program_order()
        for room, spans in self.rooms.items():
            order = Order(spans)
            if order.cycle:
                yield f"{room}: no one order: {_names(order.cycle)} were heard in several"
                continue
            yield from self._holes(order, spans)
            yield from self._recovered(order, spans)
        yield from self._missed()
        yield from self._barrier()
        yield from self._unanswered()
        yield from self._presence()

    # Messages

    def _unknown(self) -> Iterator[str]:
        for span in self.history.spans:
            for message, _ in span.heard:
                said = self.history.said.get(message)
                if said is None or said.room != span.room:
                    yield f"{span.connection} heard {_name(message)}, which nobody said there"
        for left, connection, (message, at) in self.history.outsiders:
            if left is None or not self._may_miss(left.node, left.ended or at, at):
                yield f"{connection} heard {_name(message)} and was no member"

    def _twice(self) -> Iterator[str]:
        heard: set[tuple[str, Message]] = set()
        for span in self.history.spans:
            for message, _ in span.heard:
                if (span.connection, message) in heard:
                    yield f"{span.connection} heard {_name(message)} twice"
                heard.add((span.connection, message))
        for connection in self.history.answered_again:
            yield f"{connection} was answered twice"
        for connection in self.history.unasked:
            yield f"{connection} was told a position and had not asked for any"

    def _program_order(self) -> Iterator[str]:
        for span in self.history.spans:
            latest: dict[str, int] = {}
            for (publisher, number), _ in span.heard:
                if number < latest.get(publisher, number):
                    yield f"{span.connection} heard {publisher}:{number} late"
                latest[publisher] = number

    def _holes(self, order: Order, spans: list[Span]) -> Iterator[str]:
        """A member misses what lies between two messages that it heard."""
        for span in spans:
            for before, after in _pairs([message for message, _ in span.heard]):
                for message in order.between(before, after):
                    if not self._is_excused(message, span):
                        yield f"{span.connection} missed {_name(message)} in {span.room}"

    def _missed(self) -> Iterator[str]:
        """What was said while somebody was a member, and is in the order, was not heard."""
        for span in self.history.spans:
            if span.began is None or not (span.ended is None or span.has_left):
                continue  # of a line that broke nobody knows where it did
            heard = {message for message, _ in span.heard}
            for message, said in self.history.said.items():
                if said.room != span.room or said.sent < span.began or message in heard:
                    continue
                known = [at for at in (said.acked, self.first.get(message)) if at is not None]
                is_before_end = known and (span.ended is None or min(known) < span.ended)
                if is_before_end and not self._is_excused(message, span):
                    yield f"{span.connection} never heard {_name(message)} in {span.room}"

    def _barrier(self) -> Iterator[str]:
        """A member hears its own message before the answer that came after it."""
        for span in self.history.spans:
            heard = dict(span.heard)
            for message, said in self.history.said.items():
                if message[0] != span.connection or said.room != span.room or said.acked is None:
                    continue
                if span.began is None or said.sent < span.began:
                    continue
                if span.ended is not None and said.acked > span.ended:
                    continue
                at = heard.get(message)
                is_late = at is None or at > said.acked
                if is_late and not self._is_excused(message, span):
                    yield f"{span.connection} was answered before it heard {_name(message)}"

    def _unanswered(self) -> Iterator[str]:
        for message, said in self.history.said.items():
            if message[0] not in self.history.open or not said.is_answered or said.acked:
                continue
            if not self._may_miss(said.node, said.sent, said.sent):
                yield f"{_name(message)} was never answered"

    def _is_excused(self, message: Message, span: Span) -> bool:
        """Whether a fault was at work while the message was under way."""
        said = self.history.said.get(message)
        if said is None:
            return True  # told as unknown
        ended = max(self.last.get(message, said.sent), said.acked or said.sent)
        for window in self.history.windows:
            if window.began <= ended and said.sent <= window.ended:
                is_kept = said.room in self.history.kept and message in self.first
                is_made_up_for = window.catches_up and is_kept
                if window.node in (None, ANY):
                    return True
                if window.node == span.node and not is_made_up_for:
                    return True
                if window.node == said.node and message not in self.first:
                    return True
        return False

    def _may_miss(self, node: str, began: Tick, ended: Tick) -> bool:
        """Whether a fault may have dropped what a node did between two ticks."""
        return any(
            window.began <= ended and began <= window.ended
            for window in self.history.windows
            if window.node in (None, ANY, node)
        )

    def _recovered(self, order: Order, spans: list[Span]) -> Iterator[str]:
        """Who is told that it has everything has everything. No fault is an excuse."""
        for span in spans:
            resume = span.resumes
            if resume is None or not resume.recovered:
                continue
            came = [message for message, _ in span.heard]
            again = sorted(set(came) & set(resume.held[: resume.confirmed]))
            if again:
                yield f"{span.connection} got {_names(again)} again, whose position it had"
            if not resume.held:
                continue
            fresh = [message for message in came if message not in resume.held]
            if fresh:
                lost = list(order.between(resume.held[-1], fresh[0]))
            elif span.ended is None:
                behind = order.behind(resume.held[-1])
                lost = [message for message in behind if self._is_owed(message, span)]
            else:
                lost = []
            if lost:
                yield f"{span.connection}: recovered is a lie: {_names(lost)} are missing"

    def _is_owed(self, message: Message, span: Span) -> bool:
        return span.began is not None and self.history.said[message].sent < span.began

    # Presence

    def _presence(self) -> Iterator[str]:
        trackings = {tracking.user: tracking for tracking in self.history.trackings}
        for leave in self.history.leaves:
            tracking = trackings.get(leave.user)
            if tracking is None or tracking.began is None or leave.at < tracking.began:
                continue
            is_there = tracking.ended is None or leave.at < tracking.ended
            if is_there and not self._may_leave(leave.at, tracking.began, tracking.node):
                yield f"{leave.connection} saw {leave.user} leave, who was there"
        for quiet in self.history.quiets:
            if quiet.held != quiet.true:
                yield f"{quiet.who} holds {quiet.what} {quiet.held!r}, true is {quiet.true!r}"

    def _may_leave(self, at: Tick, began: Tick, node: str) -> bool:
        """A node that was frozen past its lease is taken for dead, and that may be told late."""
        return any(
            window.node in (ANY, node) and window.began <= at and began <= window.ended
            for window in self.history.windows
        )


class Order:
    """What all memberships of a room together say about the order of its messages."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._after: dict[Message, set[Message]] = defaultdict(set)
        self._known: dict[Message, Tick] = {}
        for span in spans:
            messages = [message for message, _ in span.heard]
            for message, at in span.heard:
                self._known.setdefault(message, at)
            for before, after in _pairs(messages):
                if before != after:
                    self._after[before].add(after)
        self._line: list[Message] = []
        self.cycle: list[Message] = []
        """Messages that some heard in one order and some in another."""
        self._sort()
        self._position = {message: at for at, message in enumerate(self._line)}

    def _sort(self) -> None:
        waits_for: dict[Message, int] = dict.fromkeys(self._known, 0)
        for followers in self._after.values():
            for message in followers:
                waits_for[message] += 1
        ready: list[tuple[Tick, Message]] = []
        for message, count in waits_for.items():
            if not count:
                heappush(ready, (self._known[message], message))
        while ready:
            _, message = heappop(ready)
            self._line.append(message)
            for follower in self._after[message]:
                waits_for[follower] -= 1
                if not waits_for[follower]:
                    heappush(ready, (self._known[follower], follower))
        self.cycle = sorted(message for message, count in waits_for.items() if count)

    def between(self, before: Message, after: Message) -> Iterator[Message]:
        """Messages that are known to lie between two."""
        start, end = self._position[before], self._position[after]
        candidates = self._line[start + 1 : end]
        if not candidates:
            return
        reached = {before}
        for message in self._line[start:end]:
            if message in reached:
                reached |= self._after[message]
        leads: set[Message] = {after}
        for message in reversed(candidates):
            if self._after[message] & leads:
                leads.add(message)
        yield from (message for message in candidates if message in reached and message in leads)

    def behind(self, message: Message) -> Iterator[Message]:
        """Messages that are known to come after one."""
        reached = set(self._after[message])
        for one in self._line[self._position[message] + 1 :]:
            if one in reached:
                reached |= self._after[one]
                yield one


def _pairs(messages: list[Message]) -> Iterator[tuple[Message, Message]]:
    return pairwise(messages)


def _name(message: Message) -> str:
    return f"{message[0]}:{message[1]}"


def _names(messages: Iterable[Message]) -> str:
    names = [_name(message) for message in messages]
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
