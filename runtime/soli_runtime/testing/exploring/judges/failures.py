"""No handler, gate or job fails, and no return is refused."""

from __future__ import annotations

from pathlib import PurePath

from ....serving.local.simulated.faults import Fault
from ....serving.local.simulated.simulation import Simulation
from .finding import Finding

FAILURE, REFUSED = "failure", "refused"


def failed(world: Simulation) -> Finding | None:
    """The first failure."""
    return finding_of(world.faults[0]) if world.faults else None


def finding_of(fault: Fault) -> Finding:
    """What is said of it."""
    judge = REFUSED if fault.is_refusal else FAILURE
    return Finding(judge, f"{fault.where} {fault.kind} {_place(fault.text)}", said_of(fault))


def said_of(fault: Fault) -> str:
    """In one sentence."""
    text = _with_file(fault.headline.removeprefix("Error: "), _place(fault.text))
    if fault.is_refusal:
        return f"a return of {fault.where} is refused: {text}"
    return f"{fault.where} fails: {text}"


def _with_file(headline: str, place: str) -> str:
    """*headline*, whose line and column follow the name of their file."""
    before, at, position = headline.rpartition(" at ")
    if not at or not place.endswith(f":{position}"):
        return headline
    return f"{before} at {PurePath(place).name}"


def _place(text: str) -> str:
    """Where it happened: the first line of the rendered error that names a place."""
    for line in text.split("\n"):
        before, arrow, place = line.partition("--> ")
        if arrow and not before.strip():
            return place.strip()
    return ""
