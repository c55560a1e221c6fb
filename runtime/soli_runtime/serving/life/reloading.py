"""SIGHUP to a server that is alone: the app is loaded anew in place, and connections stay."""

from __future__ import annotations

import logging

from ...loading.launch import Launch
from ...observing.logs import Log
from ..dev.changes import Fault, load_anew, lost_since, state_of
from ..service import Service

logger = logging.getLogger("soli")


class Reload:
    """Loads the app of *how* again each time it is called; broken code leaves the old running."""

    def __init__(self, service: Service, how: Launch, log: Log) -> None:
        self._service = service
        self._how = how
        self._log = log
        self._state = state_of(service.app)

    def __call__(self) -> None:
        """Load the app anew. What is wrong with it is logged."""
        try:
            self._load()
        except Exception:  # whatever it is, the app from before goes on
            logger.exception("the app could not be reloaded")

    def _load(self) -> None:
        if self._how.text is not None:
            self._log.error("reload_failed", error="the program came from standard input")
            return
        found = load_anew(self._how)
        if isinstance(found, Fault):
            self._log.error("reload_failed", error=found.text)
            return
        lost = lost_since(self._state, self._service.app)
        self._service.reload(found.app, found.waiting)
        self._state = state_of(found.app)
        fields = {"reset": ", ".join(lost)} if lost else {}
        self._log.info("reloaded", connections=len(self._service.hub.seats), **fields)
