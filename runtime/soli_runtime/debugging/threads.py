"""Whose code runs, as threads of a debugger: connections, requests, jobs, the main program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from soli_lang.machine.machine import Machine
from soli_lang.tools.debugging.debugger import Step

from ..http.current import CONNECTION, REQUEST
from ..http.guards.identity import user_id_of
from ..jobs.worker import RUNNING

MAIN = 1
MOST_PASSING = 64
"""Requests and jobs that are remembered though they do not stand."""

Connections = Callable[[], Iterable[Any]]


class Thread:
    """One of them (a `Thread` of `tools.debugging`)."""

    def __init__(self, number: int, name: str, local: Any = None) -> None:
        self.id = number
        self.name = name
        self.local = local
        """`Machine.local` of the one call that it is; None: there will be others."""
        self.step: Step | None = None
        self.pauses = ""
        self.stands = False

    def be_standing(self, stands: bool) -> None:
        """Whether it has stopped."""
        self.stands = stands


class Threads:
    """All of them."""

    def __init__(self) -> None:
        self.main = Thread(MAIN, "main program")
        self._of_connections: dict[str, Thread] = {}
        self._passing: dict[int, Thread] = {}
        self._count = MAIN
        self.connections: Connections = tuple
        """Gives the conversations that are open."""

    def serve(self, connections: Connections) -> None:
        """From now on there are connections."""
        self.connections = connections

    def current(self, machine: Machine) -> Thread:
        """Whose code runs now."""
        local = machine.local
        conversation = local.get(CONNECTION)
        if conversation is not None:
            return self.of_connection(conversation)
        request = local.get(REQUEST)
        if request is not None:
            raw: Any = getattr(request, "raw", None)
            what = "authenticate" if raw is None else f"{raw.method} {raw.path}"
            return self._passing_by(local, what)
        job = local.get(RUNNING)
        return self.main if job is None else self._passing_by(local, f"job {job.name}")

    def of_connection(self, conversation: Any) -> Thread:
        """That of a connection."""
        found = self._of_connections.get(conversation.id)
        if found is None:
            user = user_id_of(conversation.visitor.user)
            who = f" {user}" if user is not None else ""
            name = f"{conversation.visitor.path}{who} {conversation.id[:8]}"
            found = self._of_connections[conversation.id] = Thread(self._next(), name)
        return found

    def _passing_by(self, local: Any, name: str) -> Thread:
        found = self._passing.get(id(local))
        if found is None or found.local is not local:
            found = self._passing[id(local)] = Thread(self._next(), name, local)
            self._forget_some()
        return found

    def _forget_some(self) -> None:
        if len(self._passing) <= MOST_PASSING:
            return
        kept = {key: one for key, one in self._passing.items() if one.stands or one.step}
        kept.update(list(self._passing.items())[-MOST_PASSING // 2 :])
        self._passing = kept

    def _next(self) -> int:
        self._count += 1
        return self._count

    def listed(self) -> list[Thread]:
        """The main program, the connections that are open, and what stands."""
        open_now = [self.of_connection(one) for one in list(self.connections())]
        known = {one.id for one in open_now}
        others = (*list(self._of_connections.values()), *list(self._passing.values()))
        standing = [one for one in others if one.stands and one.id not in known]
        return [self.main, *open_now, *standing]

    def by_id(self, number: Any) -> Thread | None:
        """The one with this number."""
        return next((one for one in self.listed() if one.id == number), None)

    def forget(self, connection_id: str) -> Thread | None:
        """A connection is gone: what its thread was."""
        found = self._of_connections.get(connection_id)
        if found is not None and not found.stands:
            del self._of_connections[connection_id]
        return found
