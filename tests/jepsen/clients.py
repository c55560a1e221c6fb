"""Clients of the checker, which write down what they do and see."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from ..support.presence_clients import PageClient, PhoenixClient
from .history import Heard, History, Leave, Message, Said, Span, Tick, Tracking

OPEN_SECONDS = 3.0


class Recorder:
    """The history of a run, and its clock."""

    def __init__(self) -> None:
        self.history = History()
        self._ticks = itertools.count(1)

    def tick(self) -> Tick:
        return next(self._ticks)


class Client:
    """Somebody with one connection after another. *name* is of all of them."""

    def __init__(self, name: str, room: str, recorder: Recorder) -> None:
        self.name = name
        self.room = room
        self.node = ""
        self.is_doomed = False
        """Whether the line may end any time."""
        self.span: Span | None = None
        self.tracking: Tracking | None = None
        self.on_end: Callable[[Client], object] = lambda client: None
        """Called when the line ended and this side did not end it."""
        self.page = PageClient()
        self.phoenix = PhoenixClient()
        self._recorder = recorder
        self._births = 0
        self._users = itertools.count(1)
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._asked: dict[int, Callable[[dict[str, Any]], object]] = {}
        self._numbers = itertools.count(1)

    @property
    def connection(self) -> str:
        return f"{self.name}.{self._births}"

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    @property
    def is_waiting(self) -> bool:
        """Whether the server owes an answer."""
        return bool(self._asked)

    @property
    def users(self) -> set[str]:
        """Who is there, as the page's client holds it."""
        return set(self.page.state)

    async def open(self, url: str, node_of: Callable[[str], str]) -> None:
        """Connect. *node_of* names the node from what the server says of itself."""
        socket = await connect(
            url, proxy=None, open_timeout=OPEN_SECONDS, ping_interval=None, close_timeout=0.5
        )
        try:
            hello = json.loads(await asyncio.wait_for(socket.recv(), OPEN_SECONDS))
        except BaseException:
            socket.transport.abort()
            raise
        self._births += 1
        self._asked = {}
        self.is_doomed = False
        self._socket = socket
        self.node = node_of(hello["hello"])
        self._reader = asyncio.create_task(self._read(socket))

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                self._take(json.loads(await socket.recv()))
        if self._socket is socket:
            self.doom()
            self._socket = None
            self.on_end(self)

    def doom(self) -> None:
        """From now on the line is ending, or may be: nothing more is promised to it."""
        now = self._recorder.tick()
        self.is_doomed = True
        if self.span is not None and self.span.ended is None:
            self.span.ended = now
        if self.tracking is not None and self.tracking.ended is None:
            self.tracking.ended = now
        self._recorder.history.open.discard(self.connection)

    async def close(self, *, politely: bool = True) -> None:
        """End the line from this side."""
        self.doom()
        socket, self._socket = self._socket, None
        if socket is None:
            return
        if politely:
            await socket.close()
        else:
            socket.transport.abort()
        assert self._reader is not None
        await self._reader

    # What it does

    async def _ask(
        self, op: str, done: Callable[[dict[str, Any]], object] | None, **more: Any
    ) -> None:
        number = next(self._numbers)
        socket = self._socket
        if socket is None:
            return
        if done is not None:
            self._asked[number] = done
        line = json.dumps({"op": op, "n": number, "room": self.room, **more})
        with contextlib.suppress(websockets.ConnectionClosed):
            await socket.send(line)

    async def say(self, room: str, op: str = "say") -> Message:
        """Say something to *room*."""
        message = (self.connection, next(self._numbers))
        said = Said(room, self.node, self._recorder.tick(), is_answered=op == "say")
        self._recorder.history.said[message] = said

        def done(answer: dict[str, Any]) -> None:
            said.acked = self._recorder.tick()

        await self._ask(
            op, done if said.is_answered else None, room=room, body=json.dumps({"m": message})
        )
        return message

    async def join(self) -> None:
        if (
            self.span is not None
            and self.span.ended is None
            and self.span.connection == self.connection
        ):
            return
        span = Span(self.connection, self.node, self.room, self._recorder.tick())
        span.ended = span.asked if self.is_doomed else None
        self.span = span
        self._recorder.history.spans.append(span)

        def done(answer: dict[str, Any]) -> None:
            span.began = self._recorder.tick()

        await self._ask("join", done)

    async def leave(self) -> None:
        span = self.span
        if span is None or span.ended is not None or span.began is None:
            return
        span.ended = self._recorder.tick()

        def done(answer: dict[str, Any]) -> None:
            span.has_left = True

        await self._ask("leave", done)

    async def track(self) -> None:
        if self.tracking is not None and self.tracking.ended is None:
            return
        tracking = Tracking(f"{self.name}-{next(self._users)}", self.room, self.node)
        tracking.ended = self._recorder.tick() if self.is_doomed else None
        self.tracking = tracking
        self._recorder.history.trackings.append(tracking)

        def done(answer: dict[str, Any]) -> None:
            tracking.began = self._recorder.tick()

        await self._ask("track", done, user=tracking.user)

    async def untrack(self) -> None:
        tracking = self.tracking
        if tracking is None or tracking.ended is not None:
            return
        tracking.ended = self._recorder.tick()
        await self._ask("untrack", lambda answer: None)

    async def set_state(self, state: str) -> None:
        if self.tracking is not None and self.tracking.ended is None:
            await self._ask("state", lambda answer: None, state=state)

    async def ask_all(self, told: Callable[[dict[str, Any]], object]) -> None:
        """What the helpers say to its handler."""
        await self._ask("count", told)

    # What it sees

    def _take(self, message: dict[str, Any]) -> None:
        if "m" in message:
            self._hear((message["m"][0], message["m"][1]))
        elif "did" in message:
            done = self._asked.pop(message["did"], None)
            if done is None:
                self._recorder.history.answered_again.append(self.connection)
            else:
                done(message)
        elif message["event"] == "presence_state":
            self.page.on_snapshot(_copy(message["payload"]))
            self.phoenix.on_snapshot(_copy(message["payload"]))
        else:
            joins, leaves = message["payload"]["joins"], message["payload"]["leaves"]
            self.page.on_diff(_copy(joins), _copy(leaves))
            self.phoenix.on_diff(_copy(joins), _copy(leaves))
            for user in leaves:
                leave = Leave(self.connection, user, self._recorder.tick())
                self._recorder.history.leaves.append(leave)

    def _hear(self, message: Message) -> None:
        span = self.span
        if span is None or span.has_left or span.connection != self.connection:
            outsider = (span, self.connection, Heard(message, self._recorder.tick()))
            self._recorder.history.outsiders.append(outsider)
        else:
            span.heard.append(Heard(message, self._recorder.tick()))


def _copy(users: Any) -> Any:
    return {key: {"metas": [dict(meta) for meta in user["metas"]]} for key, user in users.items()}
