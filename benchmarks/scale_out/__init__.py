"""Several processes that meet in Redis: what that costs, and how fast it heals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..processes import build, raise_file_limit
from . import churn, faults, ratios, returning, rigs, throughput

FEW = 2
"""Rounds of what takes long and varies little."""


def measure(rounds: int, say: Callable[[str], None], *, quick: bool = False) -> dict[str, Any]:
    """Everything, some four minutes for three rounds."""
    build("wsload")
    raise_file_limit()
    found: dict[str, Any] = {"rounds": rounds, **rigs.versions()}
    found["ratios"] = ratios.measure(rounds, say, quick=quick)
    found["throughput"] = throughput.measure(rounds, say)
    with rigs.all_rigs() as known:
        found["churn"] = churn.measure(known, 1, say)
    few = min(rounds, FEW)
    found["returning"] = returning.measure(few, say, quick=quick)
    found["faults"] = faults.measure(few, say, quick=quick)
    return found
