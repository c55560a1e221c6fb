"""Notes how large everything is after each round."""

from __future__ import annotations

from collections.abc import Iterator

from ...serving.local.simulated.simulation import Simulation
from .judges.growth import Sizes, sizes

GROWN = 3
"""Rounds in which something has to have grown to be looked at."""


class GrowthWatch:
    """Of one world."""

    def __init__(self, world: Simulation) -> None:
        self._world = world
        self._sizes: Sizes = sizes(world)
        self._grown: dict[str, int] = {}

    def suspects(self) -> Iterator[str]:
        """A round is over: what grew in it, and did so before."""
        before, self._sizes = self._sizes, sizes(self._world)
        for name, size in self._sizes.items():
            if size > before.get(name, 0):
                self._grown[name] = self._grown.get(name, 0) + 1
                if self._grown[name] >= GROWN:
                    yield name
