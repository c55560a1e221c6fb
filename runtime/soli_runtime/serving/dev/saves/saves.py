"""Keeps the last events of a service, and tries them after each reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ....observing.traces import Trace
from ....recordings.worlds import RecordedWorld
from .recent import RecentEvents
from .scenes import Variables, scene_of
from .trying import CAN_COPY, Trial, Verdict, Version

if TYPE_CHECKING:
    from ...service import Service

Judged = Callable[[Verdict | str], None]


class Saves:
    """Of one service. `begin` first, `stop` last."""

    def __init__(self, service: Service, world: RecordedWorld) -> None:
        self._service = service
        self._world = world
        self._version = Version(service.app, Variables(service.app))
        root = service.app.project.root
        self.recent = RecentEvents(root, world, self._before, service.loop)
        self._trial: Trial | None = None
        self._judged: Judged = _nobody
        self.last: Verdict | None = None
        """What the last save changed."""

    def begin(self, judged: Judged) -> None:
        """Keep events from now on; *judged* is told what a save changes, or why it is unknown."""
        self._judged = judged
        self._service.watch(self.recent.told, self.recent.begun)

    def stop(self) -> None:
        """Keep no more, and write down what there is."""
        self._service.unwatch(self.recent.told)
        self._end_trial()
        self.recent.close()

    def reloaded(self) -> None:
        """The service runs newly loaded code: try the last events in both."""
        before = self._version
        self._version = now = Version(self._service.app, Variables(self._service.app))
        self._end_trial()
        events = list(self.recent.events)
        if not events or not CAN_COPY:
            return
        self._trial = Trial(self._tried)
        try:
            self._trial.start(
                (before, now),
                self._service.settings,
                events,
                self.recent.entries.names,
                self._world,
            )
        except OSError as error:
            self._trial = None
            self._judged(f"no copy of the server can be made: {error.strerror}")

    def _tried(self, outcome: Verdict | str) -> None:
        self._trial = None
        if isinstance(outcome, Verdict):
            self.last = outcome
        self._judged(outcome)

    def _end_trial(self) -> None:
        if self._trial is not None:
            self._trial.stop()
            self._trial = None

    def _before(self, trace: Trace) -> dict[str, Any]:
        return {
            "scene": scene_of(self._service.hub, trace.connection_id),
            "vars": self._version.variables.changed(),
        }


def _nobody(_: Verdict | str) -> None:
    pass
