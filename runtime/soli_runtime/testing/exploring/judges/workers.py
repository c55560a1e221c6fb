"""Two processes are as good as one: every client gets the same from both."""

from __future__ import annotations

from ....serving.local.simulated.simulation import Simulation
from .finding import Finding

WORKERS = "workers"


def difference(one: Simulation, two: Simulation, since: int = 0) -> Finding | None:
    """The first client that got something else from two processes than from one.

    *since*: those before that one are known to have got the same.
    """
    for left, right in zip(one.clients[since:], two.clients[since:], strict=False):
        if left.refusal != right.refusal:
            return _finding(left.name, left.refusal or "let in", right.refusal or "let in")
        if left.wire() != right.wire():
            for ours, theirs in _pairs(left.received(), right.received()):
                if ours != theirs:
                    return _finding(left.name, _shown(ours), _shown(theirs))
            return _finding(left.name, f"closed {left.closed}", f"closed {right.closed}")
    return None


def _pairs(left: list[str | bytes], right: list[str | bytes]) -> list[tuple[object, object]]:
    longest = max(len(left), len(right))
    return [
        (left[at] if at < len(left) else None, right[at] if at < len(right) else None)
        for at in range(longest)
    ]


def _shown(message: object) -> str:
    if message is None:
        return "nothing"
    text = message if isinstance(message, str) else repr(message)
    return text if len(text) <= 200 else text[:197] + "..."


def _finding(name: str, left: str, right: str) -> Finding:
    text = f"{name} gets from one process: {left}\n    and from two workers: {right}"
    return Finding(WORKERS, "", text)
