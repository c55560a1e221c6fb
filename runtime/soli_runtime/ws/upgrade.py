"""From an aiohttp request to a `Connection`.

aiohttp routes the request and parses its headers; the 101 goes out through its response object,
so that signals and middlewares see it. Then, with no await in between, the transport is ours:
`set_parser` gives us the bytes that arrived behind the handshake, `set_protocol` those to come,
and `connection_lost` makes aiohttp's handler believe that its connection is gone, so that it
neither keeps 10 KB for it nor closes it. None of this is a documented use of aiohttp: `selftest`
tries it at start-up.
"""

import logging
from collections.abc import Mapping

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from .connection import Connection
from .endpoint import Endpoint
from .listener import Listener
from .protocol.handshake import HEADERS, SERVER, Accepted, Refused, answer

__all__ = ["SWITCHED", "AlreadyUpgraded", "upgrade", "upgrade_at_once"]

logger = logging.getLogger("soli.ws")


async def upgrade(
    request: web.BaseRequest, listener: Listener, endpoint: Endpoint, *, protocol: str | None = None
) -> web.StreamResponse:
    """Answer an upgrade request and start a connection; return what the aiohttp handler returns.

    *protocol* is the subprotocol to agree to, one of those that the client offered.
    `listener.on_open` is called before this returns, unless the handshake is refused (the response
    says why) or the line broke meanwhile.
    """
    if isinstance(request, AlreadyUpgraded):
        return await request.converse(listener, endpoint, protocol)
    if not isinstance(request, web.Request):
        headers = _headers(request.headers)
        return upgrade_at_once(request, headers, listener, endpoint, protocol)
    decision = _decision(request, _headers(request.headers), endpoint, protocol)
    if isinstance(decision, Refused):
        return _refused(decision, endpoint)
    response = _Switching(decision)
    await response.prepare(request)
    _take_over(request, Connection(endpoint, listener, decision.agreement))
    return response


def upgrade_at_once(
    request: web.BaseRequest,
    headers: Mapping[str, str],
    listener: Listener,
    endpoint: Endpoint,
    protocol: str | None,
) -> web.StreamResponse:
    """The same on a line of our own, where nobody wants to see the response: it is written here.

    *headers*: those of the request, by names in lower case, repeated ones joined.
    """
    decision = _decision(request, headers, endpoint, protocol)
    if isinstance(decision, Refused):
        return _refused(decision, endpoint)
    transport = request.transport
    if transport is not None:
        transport.write(_head(decision))
    _take_over(request, Connection(endpoint, listener, decision.agreement))
    return SWITCHED


def _decision(
    request: web.BaseRequest, headers: Mapping[str, str], endpoint: Endpoint, protocol: str | None
) -> Accepted | Refused:
    return answer(
        request.method,
        (request.version.major, request.version.minor),
        headers,
        compression=endpoint.limits.compression,
        protocol=protocol,
    )


def _refused(decision: Refused, endpoint: Endpoint) -> web.Response:
    endpoint.counters.handshakes_refused += 1
    logger.info("handshake refused", extra={"status": decision.status, "why": decision.text})
    headers = {"Server": SERVER, **decision.headers}
    return web.Response(status=decision.status, text=decision.text + "\n", headers=headers)


def _head(decision: Accepted) -> bytes:
    """The 101 as it goes over the line."""
    lines = [f"{name}: {value}\r\n" for name, value in decision.headers.items()]
    return f"HTTP/1.1 101 Switching Protocols\r\n{''.join(lines)}\r\n".encode()


class AlreadyUpgraded(web.BaseRequest):
    """A request whose handshake somebody else does: an ASGI server, say."""

    async def converse(
        self, listener: Listener, endpoint: Endpoint, protocol: str | None
    ) -> web.StreamResponse:
        """Accept with *protocol* and serve the connection to its end."""
        raise NotImplementedError


def _headers(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return the headers of the handshake, repeated ones joined."""
    return CIMultiDict(
        (name, ", ".join(headers.getall(name))) for name in HEADERS if name in headers
    )


class _Switching(web.StreamResponse):
    """The 101. aiohttp ends every response; this one has no end."""

    _length_check = False

    def __init__(self, decision: Accepted) -> None:
        super().__init__(status=101, headers=dict(decision.headers))

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing: the connection goes on."""


class _Switched(web.StreamResponse):
    """What aiohttp is given for a 101 that is written already."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing: the line is somebody else's."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing either."""


SWITCHED = _Switched(status=101)


class _Tail:
    """Stands in for aiohttp's WebSocket parser, to be given what it kept back for that."""

    def __init__(self) -> None:
        self.data = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        pass


def _take_over(request: web.BaseRequest, connection: Connection) -> None:
    """Make *connection* the protocol of the request's transport. Must not await."""
    handler = request.protocol
    transport = handler.transport
    if transport is None or transport.is_closing():
        return
    tail = _Tail()
    handler.set_parser(tail)  # type: ignore[arg-type]  # only feed_data and feed_eof are used
    transport.set_protocol(connection)
    # aiohttp's handler closes the transport that it knows when it hears that the line broke.
    handler.transport = None
    handler.connection_lost(None)
    # uvloop's transports offer the interface without deriving from it.
    connection.start(transport, tail.data)
    if not connection.is_held and not transport.is_closing() and not transport.is_reading():
        # aiohttp pauses a transport while a handler is busy.
        transport.resume_reading()
