"""Worlds in memory for a spec file; what makes them is loaded when one asks for the first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..loading.project import Project
from ..words.simulated.port import WorldPort

if TYPE_CHECKING:
    from .exploring.specs import SpecWorlds


class LateWorlds:
    """Of the app of one spec file."""

    def __init__(self, project: Project | None, folder: Path) -> None:
        self._project = project
        self._folder = folder
        self._worlds: SpecWorlds | None = None

    def begin(self, seed: int, workers: int, *, store: bool, app: str | None) -> WorldPort:
        """A new world."""
        if self._worlds is None:
            from .exploring.specs import SpecWorlds  # loads aiohttp

            self._worlds = SpecWorlds(self._project, self._folder)
        return self._worlds.begin(seed, workers, store=store, app=app)

    def stop(self) -> None:
        """A test has ended: forget its worlds."""
        if self._worlds is not None:
            self._worlds.stop()

    def close(self) -> None:
        """Forget everything."""
        if self._worlds is not None:
            self._worlds.close()
