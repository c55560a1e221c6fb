"""The dialogue: reads an input, evaluates it, shows its value and all that it caused."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from soli_lang.base.errors import SoliError, SoliSyntaxError, Thrown, render
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from ...loading.app import InvalidApp
from ...observing.observation import Observer
from ...observing.traces import Trace
from ...serving.service import Service
from ...words.clients import SocketClient
from ..tables import columns
from .asking import USAGE, asked_for, explained, suggestion
from .colours import Colours
from .commands import CommandFailed, run_command
from .evaluating import Interrupted, is_unfinished
from .names import AppNames
from .printing import shown
from .saving import CannotSave, Saved
from .transcript import FAULT, HEAD, Transcript

PROMPT = "soli> "
CONTINUATION = "  ... "

OK, INVALID, FAILED = 0, 65, 70
"""What an input leaves for the exit status of a piped session."""

ReadLine = Callable[[str], Awaitable[str | None]]
"""Reads with a prompt; None at the end. Raises KeyboardInterrupt to begin the input again."""


class Tried(Protocol):
    """What inputs are evaluated in: a bench, or a serving process."""

    names: AppNames | None
    redefined: list[str]

    @property
    def machine(self) -> Machine: ...

    @property
    def service(self) -> Service | None: ...

    async def evaluate(self, text: str) -> Value: ...

    async def stoppable(self, work: Awaitable[Any]) -> Any: ...

    def watch(self, observer: Observer) -> bool: ...

    async def reload(self) -> list[str]: ...

    async def fresh(self) -> None: ...

    async def save(self, name: str, inputs: list[tuple[str, bool]]) -> Saved: ...

    def variables(self) -> dict[str, Value]: ...

    def variable_of(self, connection_id: str) -> str | None: ...


class Prompting:
    """One session at the prompt."""

    def __init__(
        self,
        bench: Tried,
        write: Callable[[str], None],
        colours: Colours | None = None,
        *,
        with_messages: bool = False,
    ) -> None:
        self.bench = bench
        self.is_over = False
        self.colours = colours or Colours()
        self.transcript = Transcript(self.name_of, self._paint, with_messages=with_messages)
        self.inputs: list[tuple[str, bool]] = []
        """What was evaluated since the start and whether it failed, for `.save`."""
        self.redefined: dict[str, None] = {}
        """Functions and classes of the app that differ from its files."""
        self.statuses: list[int] = []
        self._write = write
        self._waiting: list[Trace] | None = None
        """Traces of the input under way: clients have their names when it is done."""
        self._numbers: dict[str, int] = {}

    # --- what is shown -------------------------------------------------------------------------

    def end(self) -> None:
        """Take no further inputs."""
        self.is_over = True

    def write(self, text: str) -> None:
        """Show *text*, behind all that came before it."""
        self._show_waiting()
        self._write(text)

    def told(self, trace: Trace) -> None:
        """The observer: show what happened, at once or with the input that caused it."""
        if trace.connection_id:
            self._numbers.setdefault(trace.connection_id, len(self._numbers) + 1)
        if self._waiting is not None:
            self._waiting.append(trace)
        else:
            self._write(self.transcript.text(trace))

    def name_of(self, connection_id: str) -> str:
        """The variable that holds a client, or `#1`."""
        number = self._numbers.setdefault(connection_id, len(self._numbers) + 1)
        return self.bench.variable_of(connection_id) or f"#{number}"

    def _paint(self, what: str, text: str) -> str:
        if what == FAULT:
            return self.colours.error(text)
        if what == HEAD:
            return self.colours.head(text)
        return self.colours.client(self._numbers[what], text) if what else text

    def _show_waiting(self) -> None:
        waiting = self._waiting or []
        while waiting:
            trace = waiting.pop(0)
            if trace.error is not None:
                self.statuses.append(FAILED)
            self._write(self.transcript.text(trace))

    def table(self, rows: Sequence[Sequence[str]], nothing: str) -> None:
        """Columns below each other, or *nothing*."""
        if not rows:
            self.write(nothing + "\n")
            return
        self.write(columns(rows))

    def report(self, error: SoliError) -> None:
        """Tell what went wrong with an input."""
        self._show_waiting()
        sys.stdout.flush()
        first, newline, rest = render(error).partition("\n")
        sys.stderr.write(self.colours.error(first) + newline + rest + "\n")

    # --- the dialogue --------------------------------------------------------------------------

    async def run(self, read: ReadLine) -> int:
        """Go on until the input ends. The worst status that an input left."""
        while not self.is_over:
            try:
                text = await read_input(read)
            except KeyboardInterrupt:
                continue
            if text is None:
                break
            await self._take_safely(text)
        return max(self.statuses, default=OK)

    async def take(self, text: str) -> None:
        """Do what one input says."""
        word = text.strip()
        if not word:
            return
        if word in ("exit", "quit", "help"):
            word = ".exit" if word != "help" else ".help"
        name = asked_for(self.bench, word)
        if name is not None:
            self._doc(name)
        elif word.startswith(".") and "\n" not in word:
            await self._command(word)
        else:
            await self.evaluate(text)

    async def _take_safely(self, text: str) -> None:
        """A bug of ours costs one input, and not the session."""
        try:
            await self.take(text)
        except Exception as error:
            if os.environ.get("SOLI_TRACEBACK"):
                raise
            self.write(f"internal error: {type(error).__name__}: {error}\n")
            self.statuses.append(FAILED)

    async def _command(self, line: str) -> None:
        try:
            await self.bench.stoppable(run_command(self, line))
        except Interrupted:
            self.write("stopped\n")
            self.statuses.append(FAILED)
        except CommandFailed as error:
            self.write(f"{error}\n")
            self.statuses.append(FAILED)
        except SoliError as error:
            self.report(error)
            self.statuses.append(FAILED)

    async def evaluate(self, text: str, *, keep: bool = True) -> None:
        """Evaluate an input, and show what came of it. *keep*: it counts as tried."""
        self._waiting = []
        failed = is_slip = False
        try:
            value = await self.bench.evaluate(text)
        except SoliSyntaxError as error:
            self._failed(error, INVALID)
            return
        except SoliError as error:
            self._failed(error, FAILED)
            failed, is_slip = True, _is_slip(error)
        except Interrupted:
            self.write("stopped\n")
            self.statuses.append(FAILED)
            return  # nor is it saved: it would not end
        else:
            self._show_waiting()
            if value is not None and not isinstance(value, SocketClient):
                self._write(f"=> {shown(value, full=self.transcript.is_full)}\n")
        finally:
            self._show_waiting()
            self._waiting = None
        redefined = self.bench.redefined
        self.redefined.update(dict.fromkeys(redefined))
        if keep and not redefined and not is_slip:
            self.inputs.append((text, failed))

    def _failed(self, error: SoliError, status: int) -> None:
        self.report(error)
        self.statuses.append(status)

    async def reload(self) -> None:
        """`.reload`: what is wrong with the files is told, and the old code goes on."""
        try:
            lost = await self.bench.reload()
        except InvalidApp as invalid:
            for problem in invalid.problems:
                self.report(problem)
            raise CommandFailed("the code is as before") from None
        self.redefined.clear()
        self.write(f"reloaded{'; reset: ' + ', '.join(lost) if lost else ''}\n")

    async def save(self, name: str) -> None:
        """`.save`: what was tried becomes a spec."""
        if self.redefined:
            names = ", ".join(self.redefined)
            raise CommandFailed(
                f"the files do not have what you redefined: {names}; write it there"
            )
        try:
            saved = await self.bench.save(name, self.inputs)
        except CannotSave as error:
            raise CommandFailed(str(error)) from None
        except InvalidApp as invalid:
            for problem in invalid.problems:
                self.report(problem)
            raise CommandFailed("the app's files cannot be loaded") from None
        count = f"{saved.expectations} expectation{'s' * (saved.expectations != 1)}"
        self.write(f"saved {saved.path} with {count}; it passes: {saved.command}\n")
        for text in saved.left_out:
            self.write(f"  left out, as specs do not see it: {text}\n")

    async def fresh(self) -> None:
        """`.fresh`: the app is started anew."""
        self._waiting = []  # nobody wants to hear how the old clients leave
        try:
            await self.bench.fresh()
        except InvalidApp as invalid:
            for problem in invalid.problems:
                self.report(problem)
            raise CommandFailed("the app cannot be loaded; '.fresh' tries again") from None
        finally:
            self._waiting = None
        self._numbers.clear()
        self.inputs.clear()
        self.redefined.clear()
        self.write("fresh\n")

    def _doc(self, name: str) -> None:
        """`doc trim`, `help String.split`, `alice.send?`."""
        text = explained(self.bench, name) if name else USAGE.rstrip()
        if text is None:
            text = f"there is no builtin, function or key '{name}'{suggestion(name)}"
            self.statuses.append(FAILED)
        self.write(text + "\n")


def _is_slip(error: SoliError) -> bool:
    """Whether an input itself is wrong, which no spec is to expect; refusals by the app are not."""
    is_of_input = error.source is not None and error.source.name.startswith("<repl")
    return is_of_input and type(error) not in (SoliError, Thrown)


async def read_input(read: ReadLine) -> str | None:
    """One whole input; an unfinished one when there is no more. None at the end."""
    text = await read(PROMPT)
    while text is not None and text.strip() and is_unfinished(text):
        more = await read(CONTINUATION)
        if more is None:
            break
        text += "\n" + more
    return text
