"""What one event was told from outside: the seed of its randomness, its times, its answers."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import UNLIMITED, BoundMethod, NativeFunction
from soli_lang.values.values import Function, Value

from .plain_values import MARK, NotPlain, plain, value_of

SEED_BYTES = 16
NO_BLOCK = {MARK: ["block", ""]}
"""Stands for a block among the arguments of a question."""

_BLOCKS = frozenset({Function, NativeFunction, BoundMethod})

Question = list[Any]
"""[name, arguments, answer] and, where others ran before the answer came, the tick of that.

An answer is {"=": value}, or {"!": [kind, message]}; with a block also {"|": [[arguments, what the
block made of them], …]}.
"""


class Told(SoliError):
    """An error that a builtin raised when the event was recorded, raised again."""


def told_again(kind: str, message: str) -> SoliError:
    """The error of *kind* with this message."""
    classes = {one.kind: one for one in _subclasses(SoliError)}
    found = classes.get(kind)
    error = SoliError.__new__(found) if found is not None else Told.__new__(Told)
    SoliError.__init__(error, message)
    return error


def _subclasses(klass: type[SoliError]) -> list[type[SoliError]]:
    found = []
    for one in klass.__subclasses__():
        found += [one, *_subclasses(one)]
    return found


class Tape:
    """What an event is told while it is recorded."""

    __slots__ = ("asked", "before", "began", "clock", "inside", "random", "seed")

    def __init__(self, began: int = 0) -> None:
        self.before: dict[str, Any] = {}
        """What else is kept of the world before the event."""
        self.began = began
        """The tick at which it began."""
        self.seed = b""
        """Empty until something is drawn."""
        self.random: Random | None = None
        self.clock: list[float] = []
        self.asked: list[Question] = []
        self.inside = 0
        """How many builtins that reach outside are at work: what they ask is theirs."""

    def note(self, before: dict[str, Any]) -> None:
        """Keep of the world before the event what is in *before*."""
        self.before = before

    def draw(self) -> Random:
        """The generator of this event."""
        if self.random is None:
            self.seed = self.seed or os.urandom(SEED_BYTES)
            self.random = Random(self.seed)
        return self.random

    def time(self, now: float) -> float:
        """The clock was read."""
        if not self.inside:
            self.clock.append(now)
        return now

    def ask(
        self,
        machine: Machine,
        native: NativeFunction,
        arguments: tuple[Value, ...],
        tick: Callable[[], int],
    ) -> Value:
        """What the world answers; it is written down."""
        question: Question = [native.name, [_argument(one) for one in arguments]]
        self.asked.append(question)
        blocks: list[Any] = []
        given = [self._heard(machine, one, blocks) for one in arguments]
        before = tick()
        self.inside += 1
        answer: dict[str, Any] = {}
        try:
            value = native.code(*given)
            answer["="] = plain(value)
        except SoliError as error:
            answer["!"] = [error.kind, error.message]
            raise
        finally:
            self.inside -= 1
            if blocks:
                answer["|"] = blocks
            question.append(answer)
            if tick() != before:
                question.append(tick())
        return value

    def _heard(self, machine: Machine, argument: Value, blocks: list[Any]) -> Value:
        """*argument*; of a block all that goes in and comes out is written down."""
        if argument.__class__ not in _BLOCKS:
            return argument

        def run(*arguments: Value) -> Value:
            heard: list[Any] = [[plain(one) for one in arguments], None]
            blocks.append(heard)
            inside, self.inside = self.inside, 0
            try:
                found = machine.callback(argument, len(arguments), keep_skip=True)(*arguments)
            finally:
                self.inside = inside
            heard[1] = plain(found)
            return found

        return NativeFunction("block", 0, UNLIMITED, run)

    def entry(self) -> dict[str, Any]:
        """What is kept of it."""
        kept: dict[str, Any] = {"began": self.began}
        if self.seed:
            kept["seed"] = self.seed.hex()
        if self.clock:
            kept["clock"] = self.clock
        if self.asked:
            kept["asked"] = self.asked
        return kept


def _argument(value: Value) -> Any:
    return NO_BLOCK if value.__class__ in _BLOCKS else plain(value)


def question_key(name: str, arguments: Any) -> str:
    """What a question is found by: equal for the same builtin with the same arguments."""
    return json.dumps([name, _without_marks(arguments)], sort_keys=True)


def _without_marks(kept: Any) -> Any:
    """Objects were only named; a replay may have the name in their place."""
    if isinstance(kept, list):
        return [_without_marks(item) for item in kept]
    if isinstance(kept, dict):
        if MARK in kept and kept[MARK][0] == "other":
            return kept[MARK][1]
        return {key: _without_marks(item) for key, item in kept.items()}
    return kept


class Answered:
    """What the recording says to one question."""

    __slots__ = ("answer", "machine", "tick")

    def __init__(self, machine: Machine, answer: dict[str, Any], tick: int | None) -> None:
        self.machine = machine
        self.answer = answer
        self.tick = tick
        """When it came, where others ran before."""

    def give(self, arguments: tuple[Value, ...]) -> Value:
        """The value. Raises SoliError: what was raised then, and what a block raises now."""
        block = next((one for one in arguments if one.__class__ in _BLOCKS), None)
        if block is not None:
            for given, made in self.answer.get("|", ()):
                run = self.machine.callback(block, len(given), keep_skip=True)
                found = run(*[value_of(one) for one in given])
                if plain(found) != made:
                    return found
        if "!" in self.answer:
            kind, message = self.answer["!"]
            raise told_again(str(kind), str(message))
        return value_of(self.answer["="])


class PlayedTape:
    """What an event is told when it runs again."""

    __slots__ = ("_answers", "_clock", "_last", "_machine", "asked", "inside", "random")

    def __init__(self, kept: dict[str, Any], machine: Machine) -> None:
        """Of an entry that was read. Raises NotPlain."""
        self._machine = machine
        self.random = Random(_seed_of(kept))
        self._clock = deque(kept.get("clock", ()))
        self._last = self._clock[-1] if self._clock else float(kept.get("at", 0.0))
        self._answers: dict[str, deque[Answered]] = {}
        for name, arguments, answer, *tick in kept.get("asked", ()):
            answered = Answered(machine, answer, tick[0] if tick else None)
            self._answers.setdefault(question_key(name, arguments), deque()).append(answered)
        self.asked: list[Question] = []
        """What the event asks now."""
        self.inside = 0

    def time(self) -> float:
        """What the clock showed then; once that is used up, what it showed last."""
        return self._clock.popleft() if self._clock else self._last

    def find(self, name: str, arguments: tuple[Value, ...]) -> Answered | None:
        """What the world answered; None: it was not asked that."""
        given = [_argument(one) for one in arguments]
        self.asked.append([name, given, {}])
        found = self._answers.get(question_key(name, given))
        return found.popleft() if found else None

    def entry(self) -> dict[str, Any]:
        """What is compared of it."""
        return {"asked": self.asked}

    def look(self, native: NativeFunction, arguments: tuple[Value, ...]) -> Value:
        """What *native* says now, which was not asked then. Its blocks ask for themselves."""
        given = [self._within(one) for one in arguments]
        self.inside += 1
        try:
            return native.code(*given)
        finally:
            self.inside -= 1

    def _within(self, argument: Value) -> Value:
        """*argument* for a builtin that is at work: a block asks for itself."""
        if argument.__class__ not in _BLOCKS:
            return argument

        def run(*arguments: Value) -> Value:
            inside, self.inside = self.inside, 0
            try:
                return self._machine.callback(argument, len(arguments), keep_skip=True)(*arguments)
            finally:
                self.inside = inside

        return NativeFunction("block", 0, UNLIMITED, run)


def _seed_of(kept: dict[str, Any]) -> bytes:
    """Of an event that drew nothing then: something that is the same each time."""
    try:
        seed = bytes.fromhex(kept.get("seed", ""))
    except (TypeError, ValueError):
        raise NotPlain("no seed") from None
    return seed or f"{kept.get('connection')} {kept.get('at')}".encode()
