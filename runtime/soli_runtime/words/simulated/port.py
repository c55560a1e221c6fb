"""What the words for worlds need: whoever simulates an app has this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from soli_lang.base.errors import SoliError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine

Payload = str | bytes


class WorldPort(Protocol):
    """One world."""

    def connect(self, options: Mapping[str, Any]) -> str:
        """A client connects, with `target`, `headers`, `session`, `resume` and `name`; its name."""
        ...

    def act(self, kind: str, client: str, value: Any, *, waits: bool) -> None:
        """A client, or the world, does something: the kinds of `testing.exploring.steps`."""
        ...

    def received(self, client: str) -> list[Payload]:
        """All messages that a client ever received."""
        ...

    def refusal(self, client: str) -> str:
        """Why a client was not let in; empty if it was."""
        ...

    def closed(self, client: str) -> tuple[int, str] | None:
        """Code and reason with which the app closed its line."""
        ...

    def fault(self, judge: str) -> str | None:
        """What a judge says: `failures`, `mirrors`, `left`, `invariants`."""
        ...

    def difference(self, other: Any) -> str | None:
        """What clients of *other* got that those of this world did not."""
        ...

    def stands_back(self, client: str) -> str | None:
        """What a new client would have joined that one who came back has not."""
        ...

    def end_round(self) -> None:
        """All leave, and time passes; what is kept then is measured."""
        ...

    def grown(self, rounds: int) -> str | None:
        """What grew in each of the last rounds."""
        ...


class Simulator(Protocol):
    """Makes worlds of the app under test."""

    def begin(self, seed: int, workers: int, *, store: bool, app: str | None) -> WorldPort:
        """A new world, of *app* if it is given: a path from the folder of the spec.

        Raises SoliError when there is no app, or it cannot be loaded.
        """
        ...


SIMULATOR: MachineKey[Simulator] = MachineKey("soli_runtime.words.simulator")


def simulator(machine: Machine, user: str) -> Simulator:
    """The one of this spec file. Raises SoliError where there is no app."""
    found = machine.library.get(SIMULATOR)
    if found is None:
        raise SoliError(f"{user}: there is no app here; a spec lies in the folder of its app")
    return found
