"""The fewest and simplest steps that still show a fault.

Its effort is counted in steps, not in seconds, so that it ends with the same on every machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from soli_lang.base.records import changed

from .cases import Case
from .judges.finding import Finding
from .mined.messages import NAMES, written
from .steps import BACK, CLOSE, CONNECT, DROP, SEND, Step

MOST_STEPS = 30_000
"""Performed, and loading an app counts as `LOADING` of them."""
LOADING = 60


class Shrinking:
    """One counterexample on its way."""

    def __init__(self, case: Case, steps: Sequence[Step], found: Finding, deadline: float) -> None:
        self.steps = list(steps)
        self.found = found
        self._case = case
        self._left = MOST_STEPS
        self._deadline = deadline
        """On `perf_counter`'s scale: only on a machine that is far too slow this ends it."""
        self._tried: set[str] = set()

    def shrink(self) -> None:
        """Until nothing can be left out or made simpler."""
        before: list[Step] = []
        while before != self.steps and self._may_go_on:
            before = self.steps
            self._leave_out()
            self._simplify()

    @property
    def _may_go_on(self) -> bool:
        return self._left > 0 and time.perf_counter() < self._deadline

    def _holds(self, steps: list[Step]) -> bool:
        """Whether *steps* show the fault; then they are kept."""
        key = repr(steps)
        if key in self._tried or not self._may_go_on:
            return False
        self._tried.add(key)
        found, count = self._case.judge(steps)
        self._left -= count + LOADING
        if found is None or not found.is_like(self.found):
            return False
        self.steps, self.found = steps, found
        return True

    def _leave_out(self) -> None:
        """First halves, then ever smaller pieces; from the end, where less depends on them."""
        size = max(1, len(self.steps) // 2)
        while size:
            at = len(self.steps) - size
            while at > -size and self._may_go_on:
                start = max(0, at)
                self._holds(self.steps[:start] + self.steps[at + size :])
                at -= size
            size //= 2

    def _simplify(self) -> None:
        for at in range(len(self.steps)):
            self._simplify_step(at)
        self._simplify_names()

    def _simplify_step(self, at: int) -> None:
        goes_on = True
        while goes_on and self._may_go_on:
            goes_on = False
            for simpler in simpler_steps(self.steps[at]):
                if self._holds([*self.steps[:at], simpler, *self.steps[at + 1 :]]):
                    goes_on = True
                    break

    def _simplify_names(self) -> None:
        """Clients by the first names, in the order in which they come."""
        names: dict[str, str] = {}
        for step in self.steps:
            if step.client and step.client not in names:
                names[step.client] = NAMES[len(names) % len(NAMES)] + (
                    str(len(names) // len(NAMES) + 1) if len(names) >= len(NAMES) else ""
                )
        self._holds([_renamed(step, names) for step in self.steps])


def _renamed(step: Step, names: dict[str, str]) -> Step:
    value = names.get(step.value, step.value) if step.kind == "tab" else step.value
    return step._replace(client=names.get(step.client, step.client), value=value)


def simpler_steps(step: Step) -> Iterator[Step]:
    """What may stand in the place of *step*, the simplest first."""
    if not step.waits:
        yield step._replace(waits=True)
    if step.kind == SEND:
        for payload in simpler_payloads(step.value):
            yield step._replace(value=payload)
    elif step.kind == CONNECT:
        yield from _simpler_connects(step)
    elif step.kind == DROP:
        yield step._replace(kind=CLOSE)
    elif step.kind == BACK:
        return


def _simpler_connects(step: Step) -> Iterator[Step]:
    ticket = step.value
    if ticket.resumes:
        yield step._replace(value=changed(ticket, resumes=False))
    if ticket.session is not None:
        yield step._replace(value=changed(ticket, session=None))
    if ticket.headers:
        yield step._replace(value=changed(ticket, headers={}))
    path, mark, query = ticket.target.partition("?")
    pairs = query.split("&") if mark else []
    for at in range(len(pairs)):
        rest = "&".join(pairs[:at] + pairs[at + 1 :])
        yield step._replace(value=changed(ticket, target=f"{path}?{rest}" if rest else path))


def simpler_payloads(payload: Any) -> Iterator[Any]:
    """Simpler messages of the same kind."""
    if isinstance(payload, bytes):
        if len(payload) > 1:
            yield payload[:1]
            yield b"\x00"
        elif payload not in (b"", b"\x00"):
            yield b"\x00"
        return
    if len(payload) > 200:
        yield payload[:1]
    try:
        data = json.loads(payload)
    except ValueError:
        for simple in ("", "x"):
            if payload != simple and len(payload) > len(simple):
                yield simple
        return
    for simpler in simpler_data(data):
        yield written(simpler)


def simpler_data(data: Any) -> Iterator[Any]:
    """Simpler data: without a key, with a simpler value."""
    if isinstance(data, dict):
        for key in data:
            yield {name: value for name, value in data.items() if name != key}
        for key, value in data.items():
            for simpler in simpler_data(value):
                yield {**data, key: simpler}
    elif isinstance(data, list):
        for at in range(len(data)):
            yield data[:at] + data[at + 1 :]
    elif isinstance(data, str) and len(data) > 20:
        yield data[:10]
    elif isinstance(data, str) and len(data) > 1:
        yield "x"
    elif isinstance(data, int | float) and data not in (0, 1) and not isinstance(data, bool):
        yield 1
