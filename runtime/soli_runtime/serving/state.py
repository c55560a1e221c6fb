"""What the parts of one service share: what it was set up with, and how it is with it now."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from soli_lang.base.records import Record, field

from ..calling.calls import failure_text
from ..gate.request_turns import RequestTurns
from ..gate.unread import Unread
from ..http.responses import Response, text_response
from ..http.sse import Topics
from ..observing.health import may_watch
from ..observing.logs import Log
from ..observing.probes import Dependencies
from ..observing.tally import Tally
from ..settings import Settings
from ..stores.errors import StoreAway

if TYPE_CHECKING:
    from ..observing.metrics import Metrics
    from ..observing.observation import Observation
    from .dev.own_pages import OwnPages
    from .sockets.transactions import Commit


STORE_RETRY_SECONDS = 5
"""After which a client is asked to try again where the store did not answer."""


class Sources(Record, frozen=True):
    """Where a service has time and ids from that clients may see: a simulation gives its own."""

    clock: Callable[[], float] | None = None
    """Seconds that never go backwards; None: of the system, by which computing is measured."""
    unix_time: Callable[[], float] = time.time
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex


SYSTEM = Sources()


Seen = tuple[str, dict[str, Any], dict[str, str]]
"""Of a connection: its id, and its query and headers as handlers see them."""


def as_it_came(query: dict[str, Any], headers: dict[str, str]) -> Seen:
    """A connection has an id that nobody can guess, and what its client sent."""
    return str(uuid.uuid4()), query, headers


class ServiceState(Record):
    """What is below `needs` changes while the service runs."""

    settings: Settings
    log: Log
    turns: RequestTurns
    now: Callable[[], float]
    """The time of the loop, in seconds."""
    tally: Tally = field(default_factory=Tally)
    inflates: bool = False
    """Whether bodies of requests come as they were sent, for us to inflate."""
    sources: Sources = SYSTEM
    seen: Callable[[dict[str, Any], dict[str, str]], Seen] = as_it_came
    """What handlers see of the next connection."""
    topics: Topics = field(default_factory=Topics)
    needs: Dependencies = field(default_factory=Dependencies)
    metrics: Metrics | None = None
    """None unless they are on."""
    observation: Observation | None = None
    """None unless somebody watches."""
    own_pages: OwnPages | None = None
    """None unless `--dev`, or there is a token for the dashboard."""
    unread: Unread | None = None
    """None unless connections are ours (`soli run`)."""
    is_stopping: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    """What handlers of connections have committed in rooms that hold state, by the id of the
    connection, until the rest of their returns is applied."""

    def show_connections(self, seen: Callable[[dict[str, Any], dict[str, str]], Seen]) -> None:
        """From now on handlers see of new connections what *seen* says: a recording, perhaps."""
        self.seen = seen

    def measure(self, metrics: Metrics) -> None:
        """There are metrics from now on."""
        self.metrics = metrics

    def watch(self, observation: Observation | None) -> None:
        """Somebody watches from now on; None: nobody does any more."""
        self.observation = observation

    def show(self, pages: OwnPages) -> None:
        """There are pages of our own from now on."""
        self.own_pages = pages

    def count_unread(self, unread: Unread) -> None:
        """Connections are ours, and *unread* knows what was not read on them."""
        self.unread = unread

    def stop(self) -> None:
        """Nobody new is let in any more."""
        self.is_stopping = True

    def too_slow(self, reason: str, ip: str) -> None:
        """An HTTP connection is closed: its `answer` was read, or its `body` sent, too slowly."""
        self.tally.slow_readers[reason] += 1
        self.log.warning("slow_reader", reason=reason, ip=ip)

    def shows_errors_to(self, remote_ip: str, headers: Mapping[str, str]) -> bool:
        """Whether a client sees what failed: with `--dev`, on this machine."""
        return self.settings.dev and may_watch("", remote_ip, headers)

    def error_response(
        self, error: BaseException, remote_ip: str = "", headers: Mapping[str, str] | None = None
    ) -> Response:
        """What a client sees of a failure; 503 where another try may find the store again."""
        if isinstance(error, StoreAway):
            answer = text_response(503, "the store is down")
            answer.headers.append(("Retry-After", str(STORE_RETRY_SECONDS)))
            return answer
        if headers is not None and self.shows_errors_to(remote_ip, headers):
            return text_response(500, failure_text(error))
        return text_response(500, "Internal Server Error")
