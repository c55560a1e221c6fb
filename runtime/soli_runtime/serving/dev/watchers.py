"""Pages that are told what happens: WebSocket connections of the server's own, beside the app's."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ...gate.origins import TrustedProxies, origin_fault
from ...http.messages import peer_of, plain, raw_request
from ...ws.endpoint import Endpoint
from ...ws.limits import SocketLimits
from ...ws.upgrade import upgrade

if TYPE_CHECKING:
    from ...ws.connection import Connection
    from ..service import Service

MAX_WATCHERS = 64
"""Pages that are told at once; further ones are refused."""

MAX_MESSAGE_BYTES = 4096
"""Of what a page may say, which is nothing."""

MAX_OUTBOX_BYTES = 16 * 1024 * 1024
"""Of what one page has not read yet; then it is let go, and comes again."""

ACCOUNT = "/_soli"
"""As what the accounts of those who look are known."""

Greeting = Callable[[], list[dict[str, Any]]]


class Watcher:
    """One page: it is greeted when it comes, and told until it goes."""

    def __init__(self, group: Watchers, greeting: Greeting, address: str) -> None:
        self._group = group
        self._greeting = greeting
        self._address = address

    def on_open(self, connection: Connection) -> None:
        connection.belongs_to(None, self._address)
        self._group.connections.add(connection)
        with self._group.charged((connection,)):
            for message in self._greeting():
                connection.send_text(json.dumps(message))

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        """Pages have nothing to say."""

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        self._group.connections.discard(connection)


class Watchers:
    """The pages of one kind. Their connections are not the app's: no event, no count, no limit."""

    def __init__(self, service: Service, endpoint: Endpoint, greeting: Greeting) -> None:
        self.connections: set[Connection] = set()
        self._service = service
        self._endpoint = endpoint
        self._greeting = greeting
        self._proxies = TrustedProxies(service.settings.trusted_proxies)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer an upgrade: from pages of this very server only, whatever `allowed-origins` says.

        That list names who may use the app. These pages show what all its users do.
        """
        peer = peer_of(request, self._proxies)
        raw = raw_request(request, peer, b"")
        fault = origin_fault(raw.headers, peer, ())
        if fault is not None:
            return plain(403, fault)
        if len(self.connections) >= MAX_WATCHERS:
            return plain(503, f"{MAX_WATCHERS} pages are connected already")
        watcher = Watcher(self, self._greeting, peer.ip)
        return await upgrade(request, watcher, self._endpoint)

    @contextmanager
    def charged(self, connections: Collection[Connection] | None = None) -> Iterator[None]:
        """What is computed in here is put to the accounts of *connections*, or of all."""
        told = tuple(self.connections if connections is None else connections)
        started = perf_counter()
        try:
            yield
        finally:
            share = (perf_counter() - started) / max(1, len(told))
            for connection in told:
                self._service.state.turns.charge(connection.address, ACCOUNT, share)

    def tell(self, message: dict[str, Any]) -> None:
        """Send *message* to all."""
        if not self.connections:
            return
        with self.charged():
            text = json.dumps(message)
            for connection in tuple(self.connections):
                try:
                    connection.send_text(text)
                except Exception:
                    connection.failed()


def endpoint_beside(service: Service) -> Endpoint:
    """An endpoint for connections that are not the app's."""
    limits = SocketLimits(
        max_message_bytes=MAX_MESSAGE_BYTES, max_outbox_bytes=MAX_OUTBOX_BYTES, message_rate=20
    )
    return Endpoint(limits, loop=service.loop)
