"""A counterexample as a spec: it fails as long as the fault is there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from soli_lang.base.source import Source
from soli_lang.tools.formatting import format_source
from soli_lang.tools.literals import literal, string_literal

from ...loading.project import MAIN_NAMES, Project
from ...serving.local.simulated.simulation import Options
from .cases import InManyRounds, InTwoWorlds
from .exploring import Counterexample
from .judges.failures import FAILURE, REFUSED
from .judges.leavings import LEFT
from .judges.mirrors import PRESENCE, STATE
from .judges.resuming import RESUME
from .mined.messages import NAMES, written
from .steps import (
    BACK_IS_WHOLE,
    CONNECT,
    LEAVE,
    MIRRORS,
    PASS,
    RELOAD,
    RESTART,
    SEND,
    TAB,
    Step,
)
from .story import story

TITLES = {
    FAILURE: "no handler fails",
    REFUSED: "no return is refused",
    PRESENCE: "clients know who is present",
    STATE: "clients know what rooms hold",
    LEFT: "nothing is left when all have gone",
    RESUME: "who comes back is where a new client would be",
    "workers": "two workers do what one process does",
    "grows": "nothing grows for ever",
}
ENDS = {
    FAILURE: "assert_no_failures(world)",
    REFUSED: "assert_no_failures(world)",
    PRESENCE: "assert_mirrors(world)",
    STATE: "assert_mirrors(world)",
    LEFT: "assert_nothing_left(world)",
    "invariant": "assert_invariants(world)",
}


def path_of(root: Path, seed: int) -> Path:
    """Where the spec of a seed is."""
    return root / "tests" / f"explore_{seed}_spec.soli"


def spec_of(seed: int, failure: Counterexample) -> str:
    """The text of the spec."""
    found = failure.found
    lines = [f"# Found by: soli test --explore --seed {seed}", *_comment(failure)]
    title = TITLES.get(found.judge, found.about)
    lines += [
        f"describe({string_literal(f'explored with seed {seed}')}) do",
        f"test({string_literal(title)}) do",
    ]
    lines += _body(failure)
    lines += ["end", "end"]
    return format_source(Source("<explored>", "\n".join(lines) + "\n"))


def _comment(failure: Counterexample) -> list[str]:
    told = [f"{number}. {line}" for number, line in enumerate(story(failure.steps), 1)]
    text = [*told, *failure.found.text.split("\n")]
    return ["#", *(f"# {_printable(line.strip())}" for line in text)]


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)


def _body(failure: Counterexample) -> list[str]:
    case, steps = failure.case, _Lines(failure.steps).lines
    options = _options(case.options, case.project)
    if isinstance(case, InTwoWorlds):
        return [f"assert_same_with_workers({options}) do |world|", *steps, "end"]
    if isinstance(case, InManyRounds):
        return [f"assert_nothing_grows({options}) do |world|", *steps, "end"]
    ending = ENDS.get(failure.found.judge)
    return [f"world = simulate({options})", *steps, *([ending] if ending else [])]


def _options(options: Options, project: Project) -> str:
    given = [f'"seed": {options.seed}']
    if project.main is not None and project.main.stem not in MAIN_NAMES:
        given.append(f'"app": {string_literal(f"../{project.main.name}")}')
    if options.workers != 1:
        given.append(f'"workers": {options.workers}')
    if options.store:
        given.append('"store": true')
    return "{ " + ", ".join(given) + " }"


class _Lines:
    """The statements that perform steps."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._names: dict[str, str] = {}
        self._used = {
            step.client for at, step in enumerate(steps) if step.kind not in (CONNECT, TAB)
        } | {step.value for step in steps if step.kind == TAB}
        self._made = 0
        self.lines = [line for step in steps for line in self._of(step)]

    def _of(self, step: Step) -> list[str]:
        if step.kind == CONNECT:
            return [self._assigned(step.client, self._connect(step))]
        if step.kind in (RELOAD, RESTART, LEAVE):
            return [f"world.{step.kind}"]
        if step.kind == MIRRORS:
            return []  # it stands at the end
        if step.kind == PASS:
            return [f"world.pass_time({step.value:g})"]
        name = self._names.get(step.value if step.kind == TAB else step.client)
        if name is None:
            return []
        if step.kind == TAB:
            return [self._assigned(step.client, f"{name}.tab")]
        if step.kind == SEND:
            return [self._send(name, step)]
        if step.kind == BACK_IS_WHOLE:
            return [f"assert_back({name})"]
        return [f"{name}.{step.kind}"]

    def _assigned(self, client: str, call: str) -> str:
        name = self._names[client] = client.replace(".", "_")
        self._made += 1
        return f"{name} = {call}" if client in self._used else call

    def _connect(self, step: Step) -> str:
        ticket = step.value
        pairs = []
        if step.client != _name_of(self._made):
            pairs.append(f'"name": {string_literal(step.client)}')
        if ticket.headers:
            pairs.append(f'"headers": {literal(ticket.headers)}')
        if ticket.session is not None:
            pairs.append(f'"session": {literal(ticket.session)}')
        if ticket.resumes:
            pairs.append('"resume": true')
        options = ", { " + ", ".join(pairs) + " }" if pairs else ""
        return f"world.connect({string_literal(ticket.target)}{options})"

    def _send(self, name: str, step: Step) -> str:
        word = "send" if step.waits else "post"
        if isinstance(step.value, bytes):
            return f"{name}.{word}_binary({list(step.value)})"
        return f"{name}.{word}({_message(step.value)})"


def _name_of(number: int) -> str:
    again = number // len(NAMES)
    return NAMES[number % len(NAMES)] + (str(again + 1) if again else "")


def _message(text: str) -> str:
    """A text as it is sent: a Hash where that gives the same text, or a long one in short."""
    if len(text) > 200 and len(set(text)) == 1:
        return f"{string_literal(text[0])} * {len(text)}"
    try:
        data = json.loads(text)
    except ValueError:
        return string_literal(text)
    return (
        literal(data) if isinstance(data, dict) and written(data) == text else string_literal(text)
    )
