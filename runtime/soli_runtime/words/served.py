"""What the words need of the app that they ask: whoever serves it has this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import aiohttp

    from ..http.sessions import SessionStore


class ServedApp(Protocol):
    """An app that is served within this process."""

    @property
    def client(self) -> aiohttp.ClientSession:
        """What reaches it."""
        ...

    @property
    def origin(self) -> str:
        """An origin from which it lets pages connect."""
        ...

    @property
    def refusal(self) -> str:
        """What it answered to the last upgrade that it refused."""
        ...

    @property
    def sessions(self) -> SessionStore: ...

    def url(self, path: str, scheme: str = "http") -> str:
        """An URL of it for `client`."""
        ...

    def connection_ids(self) -> set[str]:
        """Ids of the WebSocket connections that it knows."""
        ...

    async def until_gone(self, connection_id: str, seconds: float) -> None:
        """Wait until it has handled the end of a connection, but not longer than that."""

    async def open_port(self) -> str:
        """Serve on a free loopback port as well; its URL."""
        ...
