"""Clients of the app under test: real ones, each at the other end of a real upgrade."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlencode

import aiohttp
from soli_stdlib.json import text as json_text

from soli_lang.base.errors import SoliError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine

from ..core.history.resuming import QUERY, position_in
from .served import ServedApp

OWNER = "WebSocketClient"
RECEIVE_SECONDS = 1.0
"""How long `receive` waits unless told otherwise."""
SETTLE_SECONDS = 5.0
"""How long `send` and `close` wait for the app's handler."""
_REPLY = '{"event":"phx_reply","ref":"ask-'
"""How the reply to an `ask` begins."""
ABNORMAL = 1006
"""The close code of a line that just broke."""

Text = aiohttp.WSMsgType.TEXT
Binary = aiohttp.WSMsgType.BINARY


class SocketClient:
    """One WebSocket connection to the app under test."""

    soli_type = OWNER

    def __init__(
        self, server: ServedApp, path: str, positions: dict[str, str] | None = None
    ) -> None:
        self.server = server
        self.path = path
        self.positions = positions
        """Where it is in rooms, if it opted in to come back to them (`core.history.resuming`)."""
        self.id = ""
        """The connection's id, as the app's handler sees it."""
        self.close_code: int | None = None
        self.close_reason = ""
        self.taken = 0
        """How many messages were received by whoever holds this client."""
        self.was_left = False
        """Whether this side closed it, or broke the line."""
        self._target = ""
        self._headers: dict[str, str] = {}
        self._messages: deque[str | bytes] = deque()
        self._arrived = asyncio.Event()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._pings: dict[bytes, asyncio.Future[None]] = {}
        self._numbers = itertools.count(1)

    def soli_text(self) -> str:
        return f"<WebSocketClient {self.path}>"

    @property
    def is_closed(self) -> bool:
        return self.close_code is not None

    async def connect(self, target: str, headers: dict[str, str]) -> None:
        """Upgrade. Raises SoliError with the status when the app refuses."""
        self._target, self._headers = target, headers
        before = self.server.connection_ids()
        try:
            self._socket = await self.server.client.ws_connect(
                self._with_positions(target), headers=headers, autoping=False, max_msg_size=0
            )
        except aiohttp.WSServerHandshakeError as error:
            why = self.server.refusal or error.message
            raise SoliError(
                f"ws_connect: the app refused {self.path} ({error.status}): {why}"
            ) from None
        new = self.server.connection_ids() - before
        self.id = next(iter(new), "")
        self._reader = asyncio.create_task(self._read(self._socket))
        await self._settle()

    def _with_positions(self, target: str) -> str:
        """*target* with what the JavaScript client adds."""
        if self.positions is None:
            return target
        pairs = [(f"{QUERY}[]", f"{room}@{held}") for room, held in self.positions.items()]
        return f"{target}{'&' if '?' in target else '?'}{urlencode(pairs or [(QUERY, '1')])}"

    def _is_position(self, data: str | bytes) -> bool:
        """Whether it only says where the client is now; such messages are not for programs."""
        if self.positions is None or isinstance(data, bytes):
            return False
        told = position_in(data)
        if told is None:
            return False
        self.positions[told.room] = told.position
        return told.is_alone

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            message = await socket.receive()
            if message.type in (Text, Binary):
                if self._is_position(message.data):
                    continue
                self._messages.append(message.data)
                self._arrived.set()
            elif message.type is aiohttp.WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is aiohttp.WSMsgType.PONG:
                waiting = self._pings.pop(bytes(message.data), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(None)
            else:
                self._ended(socket, message)
                return

    def _ended(self, socket: aiohttp.ClientWebSocketResponse, message: aiohttp.WSMessage) -> None:
        code = socket.close_code
        self.close_code = code if code is not None else 1006
        if message.type is aiohttp.WSMsgType.CLOSE:
            self.close_reason = message.extra or ""
        self._arrived.set()
        for waiting in self._pings.values():
            if not waiting.done():
                waiting.set_result(None)

    async def _settle(self) -> None:
        """Until the app has handled all that was sent: a pong comes behind the answers."""
        if self._socket is None or self.is_closed:
            return
        payload = str(next(self._numbers)).encode()
        answered = self._pings[payload] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.ping(payload)
            await asyncio.wait_for(answered, SETTLE_SECONDS)
        except (ConnectionError, TimeoutError):
            self._pings.pop(payload, None)

    async def send(self, payload: str | bytes) -> None:
        """Send one message, and wait until it was handled. Raises SoliError when closed."""
        if self._socket is None or self.is_closed:
            raise SoliError(f"send: {self._closed_text()}")
        try:
            if isinstance(payload, str):
                await self._socket.send_str(payload)
            else:
                await self._socket.send_bytes(payload)
        except ConnectionError:
            raise SoliError(f"send: {self._closed_text()}") from None
        await self._settle()

    async def receive(self, seconds: float) -> str | bytes:
        """The next message. Raises SoliError when none comes in time, or none can come."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._messages:
            if self.is_closed:
                raise SoliError(f"receive: {self._closed_text()}")
            left = deadline - asyncio.get_running_loop().time()
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), max(0.0, left))
            except TimeoutError:
                raise SoliError(f"receive: no message within {seconds:g} s") from None
        self.taken += 1
        return self._messages.popleft()

    async def ask(self, event: str, payload: str, seconds: float) -> str:
        """Send a request and wait for its reply; other messages stay to be received.

        Raises SoliError when no reply comes in time, or none can come.
        """
        ref = str(next(self._numbers))
        name = json_text.encode(event)
        await self.send(f'{{"event":{name},"payload":{payload},"ref":"ask-{ref}"}}')
        deadline = asyncio.get_running_loop().time() + seconds
        while (found := self._reply_to(ref)) is None:
            if self.is_closed:
                raise SoliError(f"ask: {self._closed_text()}")
            left = deadline - asyncio.get_running_loop().time()
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), max(0.0, left))
            except TimeoutError:
                raise SoliError(f"ask: no reply to '{event}' within {seconds:g} s") from None
        return found

    def _reply_to(self, ref: str) -> str | None:
        """The reply that bears *ref*, taken."""
        for index, message in enumerate(self._messages):
            if isinstance(message, str) and ref_replied_to(message) == ref:
                del self._messages[index]
                return message
        return None

    async def is_silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        await self._settle()
        if not self._messages and not self.is_closed:
            self._arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), seconds)
        return not self._messages

    def arrived(self) -> list[str | bytes]:
        """All that arrived and was not received, left where it is."""
        return list(self._messages)

    def waiting_messages(self) -> list[str | bytes]:
        """All that arrived and was not received, taken."""
        messages = list(self._messages)
        self.taken += len(messages)
        self._messages.clear()
        return messages

    async def wait_closed(self, seconds: float) -> None:
        """Until the app closes the connection. Raises SoliError when it does not in time."""
        if self._reader is None:
            return
        done, _ = await asyncio.wait([self._reader], timeout=seconds)
        if not done:
            raise SoliError(f"wait_closed: still open after {seconds:g} s")
        await self.server.until_gone(self.id, SETTLE_SECONDS)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait until the app has handled that."""
        if self._socket is not None and not self.is_closed:
            self.was_left = True
            await self._stop_reading()
            await self._socket.close(code=code, message=reason.encode())
            self.close_code, self.close_reason = code, reason
        await self.server.until_gone(self.id, SETTLE_SECONDS)

    async def drop(self) -> None:
        """Break the line, with no word to the app, and wait until the app has handled that."""
        if self._socket is not None and not self.is_closed:
            self.was_left = True
            await self._stop_reading()
            connection = self._socket._response.connection
            if connection is not None and connection.transport is not None:
                connection.transport.abort()
                connection.close()
            self.close_code = ABNORMAL
        await self.server.until_gone(self.id, SETTLE_SECONDS)

    async def tab(self) -> SocketClient:
        """A second connection of the same visitor. Raises SoliError when it is refused."""
        second = SocketClient(self.server, self.path, None if self.positions is None else {})
        await second.connect(self._target, self._headers)
        return second

    async def come_back(self) -> SocketClient:
        """The same client on a new line. Raises SoliError when it is refused."""
        if not self.is_closed:
            raise SoliError("come_back: the connection is open; drop it first")
        again = SocketClient(self.server, self.path, self.positions)
        await again.connect(self._target, self._headers)
        return again

    async def _stop_reading(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    def _closed_text(self) -> str:
        reason = f", {self.close_reason}" if self.close_reason else ""
        return f"the connection is closed ({self.close_code}{reason})"


def ref_replied_to(message: str | bytes) -> str | None:
    """Of the `ask` to which *message* is the reply; None for any other message."""
    if isinstance(message, bytes) or not message.startswith(_REPLY):
        return None
    return message.removeprefix(_REPLY).partition('"')[0]


TYPES: dict[str, tuple[type, ...]] = {OWNER: (SocketClient,)}


class OpenSockets:
    """The clients of one spec file. Those opened in a test are closed after it."""

    def __init__(self) -> None:
        self._clients: list[SocketClient] = []

    def add(self, client: SocketClient) -> None:
        self._clients.append(client)

    def __iter__(self) -> Iterator[SocketClient]:
        return iter(tuple(self._clients))

    @property
    def count(self) -> int:
        return len(self._clients)

    async def close_from(self, index: int) -> None:
        """Close the clients opened since there were *index* of them."""
        while len(self._clients) > index:
            await self._clients.pop().close()


SOCKETS: MachineKey[OpenSockets] = MachineKey("soli_runtime.testing.sockets")


def open_sockets(machine: Machine) -> OpenSockets:
    """The clients of this spec file."""
    sockets = machine.library.get(SOCKETS)
    if sockets is None:
        sockets = machine.library[SOCKETS] = OpenSockets()
    return sockets
