"""Who lets a program go on is answered first: the program may end, and its process with it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from soli_runtime.debugging.session import Session


class Recorded:
    """A program that stands, and a writer, which note what is done in which order."""

    past = None

    def __init__(self) -> None:
        self.done: list[str] = []
        self.standing = SimpleNamespace(stopped=SimpleNamespace(frames=[]), is_over=False)
        self.debugger = SimpleNamespace(step=lambda stopped, kind: self.done.append(f"step {kind}"))

    def go_on(self, standing: Any) -> None:
        self.done.append("goes on")

    def answer(self, request: Any, body: Any) -> None:
        self.done.append(f"answered {request['command']}")

    def refuse(self, request: Any, why: str) -> None:
        self.done.append(f"refused {why}")


@pytest.mark.parametrize("command", ["continue", "next", "stepIn", "stepOut"])
def test_the_answer_comes_first(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded()
    session = Session(recorded, recorded)  # type: ignore[arg-type]
    monkeypatch.setattr(Session, "_standing", lambda self, given: recorded.standing)

    session.handle({"seq": 1, "command": command, "arguments": {"threadId": 1}})

    assert recorded.done[-2:] == [f"answered {command}", "goes on"]
