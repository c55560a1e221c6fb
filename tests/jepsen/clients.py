"""Clients of the checker, which write down what they do and see."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import websockets
from websockets.asyncio.client import ClientConnection, connect

from ..support.presence_clients import PageClient, PhoenixClient
from .history import Heard, History, Leave, Message, Resume, Said, Span, Tick, Tracking

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

    def __init__(self, name: str, room: str, recorder: Recorder, *, resumes: bool = False) -> None:
        self.name = name
        self.room = room
        self.resumes = resumes
        """Whether it opts in to come back to where it was."""
        self.node = ""
        self.is_doomed = False
        """Whether the line may end any time."""
        self.span: Span | None = None
        self._left: Span | None = None
        """The membership before that, which it asked to end."""
        self.tracking: Tracking | None = None
        self.on_end: Callable[[Client], object] = lambda client: None
        """Called when the line ended and this side did not end it."""
        self.page = PageClient()
        self.phoenix = PhoenixClient()
        self._recorder = recorder
        self._position = ""
        self._held: list[Message] = []
        """All that it got, as far back as nothing is missing."""
        self._confirmed = 0
        """How many of these its position is behind."""
        self._births = 0
        self._users = itertools.count(1)
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._asked: dict[int, Callable[[dict[str, Any]], object]] = {}
        self._answered: set[int] = set()
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

    def wait_no_longer(self) -> None:
        """A fault may have lost what it waits for."""
        self._asked.clear()
        self._left = None

    @property
    def _is_leaving(self) -> bool:
        """Whether the server has not said yet that it is out."""
        left = self._left
        return left is not None and left.connection == self.connection and not left.has_left

    @property
    def users(self) -> set[str]:
        """Who is there, as the page's client holds it."""
        return set(self.page.state)

    async def open(self, url: str, node_of: Callable[[str], str]) -> None:
        """Connect. *node_of* names the node from what the server says of itself."""
        if self.resumes:
            back = {"resume[]": f"{self.room}@{self._position}"} if self._position else {}
            url += "?" + urlencode(back or {"resume": "1"})
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
            self._left = None  # also if a fault lost the answer

        await self._ask("join", done)

    async def leave(self) -> None:
        span = self.span
        if span is None or span.ended is not None or span.began is None:
            return
        span.ended = self._recorder.tick()
        self._left = span
        self._begin_anew()

        def done(answer: dict[str, Any]) -> None:
            span.has_left = True

        await self._ask("leave", done)

    def _begin_anew(self) -> None:
        """From now on it misses something: it is nowhere that it could come back to."""
        self._position, self._held, self._confirmed = "", [], 0

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

    async def ask_past(self) -> Span:
        """What the history of its room says, as if somebody had heard it."""
        span = Span(f"history of {self.connection}", self.node, self.room, self._recorder.tick())
        span.ended = span.asked

        def done(answer: dict[str, Any]) -> None:
            for text in answer["past"]:
                publisher, number = json.loads(text)["m"]
                span.heard.append(Heard((publisher, number), self._recorder.tick()))

        await self._ask("past", done)
        self._recorder.history.spans.append(span)
        return span

    # What it sees

    def _take(self, message: dict[str, Any]) -> None:
        if "m" in message:
            self._hear((message["m"][0], message["m"][1]))
        elif "did" in message:
            done = self._asked.pop(message["did"], None)
            if done is not None:
                done(message)
            elif message["did"] in self._answered:
                self._recorder.history.answered_again.append(self.connection)
            self._answered.add(message["did"])
        elif message["event"] in ("position", "resumed"):
            self._take_position(message["event"], message["payload"])
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

    def _take_position(self, event: str, payload: Any) -> None:
        span = self.span
        if not self.resumes:
            self._recorder.history.unasked.append(self.connection)
        elif span is None or self._is_leaving:
            pass  # it asked to leave: what comes of the room means nothing any more
        elif event == "resumed":
            if span.resumes is None:  # once more when its node begins anew, and something is lost
                span.resumes = Resume(list(self._held), self._confirmed, payload["recovered"])
            if not payload["recovered"]:
                self._begin_anew()
            self._position = payload["position"]
        else:
            self._position, self._confirmed = payload, len(self._held)

    def _hear(self, message: Message) -> None:
        is_leaving = self._is_leaving
        span = self._left if is_leaving else self.span
        if span is None or span.has_left or span.connection != self.connection:
            outsider = (span, self.connection, Heard(message, self._recorder.tick()))
            self._recorder.history.outsiders.append(outsider)
        else:
            span.heard.append(Heard(message, self._recorder.tick()))
            if not is_leaving and message not in self._held:
                self._held.append(message)


def _copy(users: Any) -> Any:
    return {key: {"metas": [dict(meta) for meta in user["metas"]]} for key, user in users.items()}
