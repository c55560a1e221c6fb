"""Who may compute when: start-time fair queueing with four standings, and rests behind heavy calls.

A handler cannot be interrupted, so whoever comes while one runs waits for it. All that can be
decided is which call begins next, and when a heavy one may begin. The rules (docs/decisions/0063):

- Who is proven to be light goes on at once, unless somebody who used less is waiting.
- A turn of the loop that lasts for more than `TURN_SECONDS` makes what arrives in it wait for
  the next one. There the light go first, then the new, then the new of an address that has used
  much. Whoever waits for `FRESH_SECONDS` gets in line with those who used much, in the order of
  accounts.
- Behind a call of `LONG_SECONDS` the loop turns `GAP_TURNS` times before another such may begin,
  so that whoever connects or writes meanwhile is served first.
- Calls of `HEAVY_SECONDS` are noticed by others. Who makes them waits in a line of its own, which
  moves such that these calls take a share of the time while others are about. Behind a call that a
  limit ended it takes a twentieth.

This is a state machine: it knows nothing of the event loop but the functions it is given.
"""

from collections.abc import Callable, Iterator
from math import inf

from .accounts import HEAVY, LIGHT, NEW, STRUCK, Accounts, Flow
from .host import Report, Timer
from .queues import Fresh, Line, Waiting

__all__ = ["REASONS", "Scheduler"]

ALLOWED_SECONDS = 0.002
"""By which an account may be ahead while others wait, and still goes on at once."""

LONG_TURN_SECONDS = 0.0005
"""The same within a turn of the loop that lasts for long: many that are light may fill one."""

TURN_SECONDS = 0.010
"""That one turn of the loop may last before what arrives in it has to wait."""

QUIET_SECONDS = 0.005
"""Of computing since the last turn that was asked for: below it no turn can have been long, and
none is asked for. To ask costs a message that comes alone more than its handler."""

QUEUE_SECONDS = 0.003
"""In one turn, before which one of those who wait may begin. What begins last, and the one that is
served behind the light, take a slice each: no callback may be longer than 10 ms."""

SURE_SECONDS = 0.002
"""By the wall clock, up to which nobody asks how much of it was CPU: that is a system call."""

LONG_SECONDS = 0.010
GAP_TURNS = 8
"""An upgrade takes six: accepting, reading, a task or two, and the first message."""

LIGHT_SECONDS = 0.005
PROVEN_CALLS = 3
"""Calls shorter than `LIGHT_SECONDS` that prove one to be light."""

HEAVY_SECONDS = 0.040
REMEMBERED_SECONDS = 10.0
STRIKE_SECONDS = 60.0
"""For how long one is known to be heavy, or to have run into a limit."""

FRESH_SECONDS = 0.25
SURPRISED_SHARE = 0.6
"""Of the time, for calls of which nobody knew that they are heavy."""
ENDED_SHARE = 0.05
"""Of the time, for calls of those who ran into a limit."""
MOST_REST_SECONDS = 5.0
ABOUT_SECONDS = 1.0
KNOWN_SECONDS = 0.1
"""Others are about when something light came within so many seconds; for how long that is known."""

HELD_BACK_SECONDS = 0.25
"""From which on waiting is worth a word."""

SUSPECT = 2
"""Among the fresh: the new of an address that has used much."""

REASONS = {LIGHT: "busy", NEW: "busy", HEAVY: "heavy", STRUCK: "limit"}
"""Why one waits: others were first; it made heavy calls; a limit ended one of its calls."""


class Scheduler:
    """The turns of one event loop.

    *clock* gives seconds that never go backwards, *cpu* those that this thread computed.
    *heavy_share* is that of heavy calls; 0: there are no rests.
    """

    __slots__ = (
        "_about_until",
        "_accounts",
        "_call_later",
        "_call_soon",
        "_clock",
        "_cpu",
        "_cpu_mark",
        "_fresh",
        "_gap",
        "_heavy_share",
        "_is_long_turn",
        "_is_scheduled",
        "_last_look",
        "_lines",
        "_lines_first",
        "_movable",
        "_rested_at",
        "_rests",
        "_surprised_until",
        "_timer",
        "_turn_mark",
        "bar",
        "calm_until",
        "look_at",
        "report",
        "virtual",
        "waiting",
    )

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        cpu: Callable[[], float],
        call_soon: Callable[[Callable[[], None]], object],
        call_later: Callable[[float, Callable[[], None]], Timer],
        heavy_share: float = 0.2,
        report: Report | None = None,
    ) -> None:
        self.bar = inf
        """Whose account is above it has to wait."""
        self.look_at = 0.0
        """When somebody has to ask `must_wait` again."""
        self.calm_until = 0.0
        """The same while nobody has to wait, whatever they used; else in the past."""
        self.virtual = 0.0
        """The virtual time, as of the last look."""
        self.waiting = 0
        """How many wait."""
        self.report = report
        self._clock = clock
        self._cpu = cpu
        self._call_soon = call_soon
        self._call_later = call_later
        self._heavy_share = heavy_share
        self._accounts = Accounts()
        # The light, the new, and the new of an address in debt, while they are fresh.
        self._fresh = tuple(Fresh(self._accounts) for _ in range(3))
        # By standing: those who used much; the heavy, and who was not served while it was new;
        # who ran into a limit.
        self._lines = {standing: Line(self._accounts) for standing in (LIGHT, HEAVY, STRUCK)}
        # Until when a line rests.
        self._rests = {LIGHT: 0.0, HEAVY: 0.0, STRUCK: 0.0}
        self._surprised_until = 0.0
        # Whether the lines come before the new, as one of these was heavy.
        self._lines_first = False
        self._about_until = 0.0
        # Turns of the loop until the next call may begin that is not known to be short.
        self._gap = 0
        self._last_look = 0.0
        self._cpu_mark = self._turn_mark = 0.0
        self._is_scheduled = False
        # Whether this turn of the loop lasts for long, though no single call did.
        self._is_long_turn = False
        self._timer: Timer | None = None
        self._rested_at = inf
        self._movable = 0

    # What the hot path does: `if started > calm_until`, then `if started > look_at or flow.used >
    # bar`, and then it asks here.

    def waiting_by_reason(self) -> dict[str, int]:
        """How many wait, and why."""
        lines = self._lines
        busy = sum(fresh.size for fresh in self._fresh) + lines[LIGHT].size
        return {"busy": busy, "heavy": lines[HEAVY].size, "limit": lines[STRUCK].size}

    def begin(self, flow: Flow) -> None:
        """Somebody new is there."""
        flow.used = self._accounts.now
        flow.standing, flow.until, flow.proven = NEW, 0.0, 0

    def end_rests(self) -> None:
        """Let nobody rest any more: the server stops, and has no time to lose."""
        self._heavy_share = 0.0
        self._surprised_until = 0.0
        self._rests = dict.fromkeys(self._rests, 0.0)
        self._go_on_soon(self._clock())

    def in_turn(self, flow: Flow, go_on: Callable[[], None]) -> None:
        """Call *go_on*, at once or when the turn of *flow* has come, and count what it takes."""

        def counted() -> None:
            started = self._clock()
            try:
                go_on()
            finally:
                self.took(flow, started, self._clock())

        now = self._clock()
        if self.must_wait(flow, now):
            self.wait(flow, counted, now)
        else:
            counted()

    def must_wait(self, flow: Flow, now: float) -> bool:
        """Whether what arrived for *flow* has to wait."""
        standing = self._standing(flow, now)
        if standing < HEAVY:
            self._about_until = now + ABOUT_SECONDS
        if now > self.look_at:
            self._look(now)
        if standing >= HEAVY:
            return True
        if flow.used > self.bar:
            return True
        if standing == LIGHT:
            return False
        is_calm = not (self._is_long_turn or self._gap or self._fresh[NEW].size)
        return not is_calm or self._surprised_until > now

    def wait(
        self, flow: Flow, go_on: Callable[[], None], now: float, *, is_later: bool = False
    ) -> None:
        """Call *go_on* when the turn of *flow* has come."""
        standing = self._standing(flow, now)
        waiting = Waiting(flow, go_on, now, is_later=is_later)
        self.waiting += 1
        if standing >= HEAVY:
            self._lines[standing].push(waiting)
        elif self._accounts.is_in_debt(flow, ALLOWED_SECONDS):
            self._lines[LIGHT].push(waiting)
        elif standing == NEW and self._accounts.is_address_in_debt(flow.address, HEAVY_SECONDS):
            self._fresh[SUSPECT].push(waiting)
        else:
            self._fresh[standing].push(waiting)
        self._count_movable(now)
        self._go_on_soon(now)

    def took(self, flow: Flow, started: float, now: float) -> None:
        """Somebody held the loop from *started* until *now*."""
        wall = now - started
        cpu = self._cpu_of(wall)
        self.charge(flow, cpu)
        if cpu >= LONG_SECONDS:
            self._gap = GAP_TURNS
            self.bar = self.calm_until = -inf
            self._schedule()
        if cpu >= HEAVY_SECONDS:
            self._was_heavy(flow, cpu, now)
        elif cpu >= LONG_SECONDS:
            flow.proven = 0
            if flow.standing == LIGHT:
                flow.standing = NEW
        elif flow.standing == NEW and cpu < LIGHT_SECONDS:
            flow.proven += 1
            if flow.proven >= PROVEN_CALLS:
                flow.standing = LIGHT

    def charge(self, flow: Flow, seconds: float) -> None:
        """Work that was done on behalf of *flow*, wherever it was done."""
        self._accounts.charge(flow, seconds)

    def ended_by_limit(self, flow: Flow) -> None:
        """A limit ended a call, for which `took` is yet to come."""
        now = self._clock()
        flow.standing, flow.proven = STRUCK, 0
        flow.until = now + STRIKE_SECONDS
        if self._heavy_share:
            self._rest(STRUCK, self._cpu() - self._cpu_mark, ENDED_SHARE, now)

    # Standings and rests

    def _standing(self, flow: Flow, now: float) -> int:
        if flow.standing >= HEAVY and flow.until <= now:
            flow.standing, flow.proven = NEW, 0
        return flow.standing

    def _cpu_of(self, wall: float) -> float:
        """What this thread computed within the last *wall* seconds, as far as it matters."""
        if wall < SURE_SECONDS:
            return wall
        before, self._cpu_mark = self._cpu_mark, self._cpu()
        return min(wall, self._cpu_mark - before)

    def _was_heavy(self, flow: Flow, cpu: float, now: float) -> None:
        is_surprise = flow.standing < HEAVY
        flow.proven = 0
        if flow.standing != STRUCK:
            flow.standing, flow.until = HEAVY, now + REMEMBERED_SECONDS
        if not self._heavy_share:
            return
        if is_surprise or flow.standing == STRUCK:
            self._surprised_until = now + cpu / SURPRISED_SHARE - cpu
        if self._about_until > now:
            self._rest(HEAVY, cpu, self._heavy_share, now)

    def _rest(self, standing: int, cpu: float, share: float, now: float) -> None:
        rest = min(cpu / share - cpu, MOST_REST_SECONDS)
        self._rests[standing] = max(self._rests[standing], now + rest)

    def _count_movable(self, now: float) -> None:
        """Those who wait for nothing but others: not those whose line rests."""
        self._movable = sum(fresh.size for fresh in self._fresh) + sum(
            line.size for standing, line in self._lines.items() if self._rest_of(standing) <= now
        )
        self._set_bar()

    def _set_bar(self) -> None:
        if self.bar != -inf and not self._is_long_turn:
            self.bar = self._accounts.now + ALLOWED_SECONDS if self._movable else inf
            self._note_calm()

    # Turns of the loop

    def _look(self, now: float) -> None:
        """Now and then, and before a turn of the loop gets too long."""
        began = self._turn_mark
        self._begin_span(now)
        computed = self._cpu_mark - began
        if self._is_scheduled:  # this turn has lasted for some time already
            self._turn_mark = began
            if computed >= TURN_SECONDS:
                self._is_long_turn = True
                self.bar = min(self.bar, self.virtual + LONG_TURN_SECONDS)
                self._note_calm()
        elif computed < QUIET_SECONDS and not self.waiting:
            self._turn_mark = began
        else:
            self._schedule()

    def _begin_span(self, now: float) -> None:
        addresses = sum(line.addresses for line in self._lines.values()) if self.waiting else 0
        self._accounts.passed(now - self._last_look, self._movable, addresses)
        self.virtual = self._accounts.now
        self._last_look = now
        self._cpu_mark = self._turn_mark = self._cpu()
        # The light ask no more often than that, and are seen to be about when they do.
        is_known = self._about_until - now > ABOUT_SECONDS - KNOWN_SECONDS
        self.look_at = now + TURN_SECONDS if is_known else now
        self._note_calm()

    def _note_calm(self) -> None:
        self.calm_until = self.look_at if self.bar == inf else -inf

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._call_soon(self._turn)

    def _turn(self) -> None:
        """A turn of the loop begins."""
        self._is_scheduled = False
        now = self._clock()
        self.bar, self._is_long_turn = inf, False
        self._gap = max(0, self._gap - 1)
        self._begin_span(now)
        try:
            if self.waiting:
                self._serve(now)
        finally:
            if self._movable or self.waiting:
                self._count_movable(self._clock())
            if self._gap:
                self._schedule()
            elif self.waiting:
                self._go_on_soon(self._clock())

    def _serve(self, now: float) -> None:
        """The light first; however many they are, one of the others has its turn behind them."""
        end = now + QUEUE_SECONDS
        self._age(now)
        light = self._fresh[LIGHT]
        while light.size and now < end and not self._gap:
            self._serve_one(light.pop(), now)
            now = self._clock()
        while not self._gap:
            one = self._next(now)
            if one is None:
                return
            self._serve_one(one, now)
            self._lines_first = self._lines_first and self._surprised_until > now
            now = self._clock()
            if now >= end:
                return

    def _serve_one(self, one: Waiting, now: float) -> None:
        self.waiting -= 1
        held = now - one.since
        if held >= HELD_BACK_SECONDS and self.report is not None:
            self.report(one.flow, REASONS[one.flow.standing], held)
        self._cpu_mark = self._cpu()
        if one.is_later and one.flow.standing != LIGHT:
            self._gap = GAP_TURNS
        one.go_on()

    def _age(self, now: float) -> None:
        """Whoever is fresh no more gets in line."""
        for fresh, line in zip(self._fresh, (LIGHT, HEAVY, HEAVY), strict=True):
            for waiting in fresh.aged(now - FRESH_SECONDS):
                self._lines[line].push(waiting)

    def _next(self, now: float) -> Waiting | None:
        """Who is next of those who are not known to be light."""
        line = min(self._moving(now), key=lambda found: found[0], default=None)
        if line is not None and self._lines_first:
            self._lines_first = False
            return line[1].pop()
        for fresh in self._fresh[NEW:]:
            if fresh.size and self._surprised_until <= now:
                self._lines_first = True
                return fresh.pop()
        return None if line is None else line[1].pop()

    def _moving(self, now: float) -> Iterator[tuple[tuple[float, float], Line]]:
        """The lines that do not rest, and the place of who is next in each."""
        for standing, line in self._lines.items():
            place = line.front()
            if place is not None and self._rest_of(standing) <= now:
                yield place, line

    def _rest_of(self, standing: int) -> float:
        return max(self._rests[standing], self._surprised_until)

    def _go_on_soon(self, now: float) -> None:
        """Have a turn as soon as somebody may go on."""
        if self._is_scheduled:
            return
        pause = self._pause(now)
        if pause <= 0:
            self._schedule()
        elif now + pause < self._rested_at:
            if self._timer is not None:
                self._timer.cancel()
            self._rested_at = now + pause
            self._timer = self._call_later(pause, self._rested)

    def _pause(self, now: float) -> float:
        """How long nobody of those who wait may go on."""
        if self._fresh[LIGHT].size:
            return 0.0
        rests = [self._rest_of(standing) for standing, line in self._lines.items() if line.size]
        if self._fresh[NEW].size or self._fresh[SUSPECT].size:
            rests.append(self._surprised_until)
        return min(rests, default=now) - now

    def _rested(self) -> None:
        self._timer, self._rested_at = None, inf
        if self.waiting:
            self._go_on_soon(self._clock())
