"""Runs the events of a recording through an app, and compares what they cause."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterable, Iterator
from difflib import ndiff
from typing import Any
from urllib.parse import quote, urlencode

from soli_lang.base.errors import SoliError
from soli_lang.base.records import changed

from ...core.payloads import is_close_code
from ...http.guards.identity import ANONYMOUS, Answer
from ...jobs.queue import Job
from ...observing.traces import CONNECT, DISCONNECT, JOB, MESSAGE, REQUEST, Trace
from ...recordings.entries import Entries, Entry, lines_of
from ...recordings.masks import reaches
from ...recordings.plain_values import NotPlain, value_of
from ...recordings.reading import Recorded
from ...recordings.tapes import PlayedTape
from ...recordings.worlds import PlayedWorld
from ...serving.service import Service
from ...words.clients import SocketClient
from ..repl.bench import Bench, BenchOptions
from .order import Order

_NOT_SENT = ("host", "connection", "upgrade", "origin", "content-length", "transfer-encoding")
"""Headers of the line that was. Handlers see them as they were recorded all the same."""
_SENT = ("accept-language", "referer", "sec-websocket-protocol", "user-agent")
"""Headers of an upgrade that are sent again, as those that begin with `x-` are."""
NORMAL = 1000
NO_CODE = 1005
"""What a server sees of a client that closes without a code; such a close cannot be sent here."""
SAFE_IN_PATHS = "/%:@!$&'()*+,;=~-._"


class Outcome:
    """What an event did when it ran again."""

    __slots__ = ("entry", "found", "is_masked", "number", "why")

    def __init__(
        self, number: int, entry: Entry, found: Entry | None, why: str, is_masked: bool
    ) -> None:
        self.is_masked = is_masked
        """Whether stand-ins reached it: what differs may come of that."""
        self.number = number
        self.entry = entry
        self.found = found
        """None: it did not happen, for the reason *why*."""
        self.why = why


class Differences:
    """What a replay did otherwise."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.real = 0
        """Events that differ."""
        self.masked = 0
        """Events that differ where a stand-in reached them."""


class Replay:
    """One recording, run through one app."""

    def __init__(self, options: BenchOptions, recorded: Recorded) -> None:
        self._recorded = recorded
        self._world = PlayedWorld(self._tape_of, recorded.load) if recorded.is_whole else None
        if self._world is not None:
            options = changed(options, outside=self._world)
        self.bench = Bench(options, self._told, lambda text: None)
        self._entries = Entries()
        self._seen: list[Entry] = []
        self._clients: dict[str, SocketClient] = {}
        self._now: dict[tuple[str, str], Entry] = {}
        """What is being run, by kind and connection (of what has none, its handler)."""
        self._users: dict[str, Any] = {}
        """Who connections are, by their names."""
        self._arriving: Entry | None = None
        """The connection whose upgrade is under way."""

    async def start(self) -> None:
        """Load and serve the app. Raises InvalidApp, SoliError."""
        await self.bench.start()
        service = self.bench.service
        assert service is not None
        service.use_authenticate(self._authenticated, replaces_all=True)
        if self._recorded.is_whole:
            service.state.show_connections(self._shown)
            service.watch(self._ended, self._begun)

    async def run(self, until: int | None = None) -> Iterator[Outcome]:
        """Run the events in their order, those before number *until* (from 1) if given."""
        events = list(enumerate(self._recorded.events[:until], 1))
        outcomes: dict[int, Outcome] = {}

        async def again(number: int, entry: Entry) -> None:
            self._now[_place(entry)] = entry
            why = await self._again(entry)
            found = self._found(entry)
            if found is not None and entry.get("code") == NO_CODE:
                found["code"] = NO_CODE
            outcomes[number] = Outcome(number, entry, found, why, self._is_masked(entry))

        order = Order(events, again)
        if self._world is not None:
            self._world.wait_with(order.until)
        await order.run()
        return iter([outcomes[number] for number, _ in events])

    async def stop(self) -> None:
        """Close all clients and stop serving."""
        await self.bench.stop()

    async def differences(self, follow: Callable[[Service], None] | None = None) -> Differences:
        """What differs. *follow* gets the service first. Raises InvalidApp, SoliError."""
        await self.start()
        if follow is not None:
            assert self.bench.service is not None
            follow(self.bench.service)
        try:
            return compared(await self.run(), is_whole=self._recorded.is_whole)
        finally:
            await self.stop()

    def _is_masked(self, entry: Entry) -> bool:
        if entry["kind"] == CONNECT:
            self._users[entry["connection"]] = entry.get("user")
        return reaches(entry, self._users.get(entry["connection"]))

    # What the app is told

    def _authenticated(self, request: dict[str, Any]) -> Answer:
        """What the gate said when the connection was recorded."""
        entry = self._arriving
        user = None if entry is None else value_of(entry.get("user"))
        return ANONYMOUS if user is None else user

    def _shown(
        self, query: dict[str, Any], headers: dict[str, str]
    ) -> tuple[str, dict[str, Any], dict[str, str]]:
        """What handlers saw of the connection that is arriving."""
        entry = self._arriving
        assert entry is not None
        texts = {str(name): str(value) for name, value in entry["headers"].items()}
        return entry["id"] or entry["connection"], value_of(entry["query"]), texts

    def _begun(self, trace: Trace) -> None:
        """Which event of the recording it is shows as soon as something is asked."""

    def _ended(self, trace: Trace) -> None:
        self._now.pop(self._place_of(trace), None)

    def _tape_of(self, trace: Trace) -> PlayedTape | None:
        if trace.tape is None:
            entry = self._now.get(self._place_of(trace), {})
            trace.tape = PlayedTape(entry, self.bench.machine)
        tape: PlayedTape = trace.tape
        return tape

    def _place_of(self, trace: Trace) -> tuple[str, str]:
        if trace.connection_id:
            return trace.kind, self._entries.name_of(trace.connection_id)
        return trace.kind, trace.handler if trace.kind == JOB else trace.path.partition("?")[0]

    # What happens again

    def _told(self, trace: Trace) -> None:
        if self._entries.is_kept(trace):
            self._seen.append(self._entries.entry(trace))

    def _found(self, entry: Entry) -> Entry | None:
        """What came of it; it is taken from what was seen."""
        for index, one in enumerate(self._seen):
            if _place(one) == _place(entry):
                return self._seen.pop(index)
        return None

    async def _again(self, entry: Entry) -> str:
        """Let the event happen; why it could not."""
        ways: dict[str, Callable[[Entry], Awaitable[str | None]]] = {
            CONNECT: self._connect,
            MESSAGE: self._message,
            DISCONNECT: self._leave,
            REQUEST: self._request,
            JOB: self._job,
        }
        try:
            return await ways[entry["kind"]](entry) or ""
        except SoliError as error:
            return error.message
        except NotPlain as error:
            return f"the recording holds no such value: {error}"

    async def _connect(self, entry: Entry) -> str | None:
        server = self.bench.server
        assert server is not None
        self._arriving = entry
        try:
            query = urlencode(list(pairs(value_of(entry["query"]))))
            path = quote(entry["path"], safe=SAFE_IN_PATHS)
            client = SocketClient(server, f"{path}?{query}" if query else path)
            headers = {one: text for one, text in entry["headers"].items() if _is_sent(one, text)}
            target = server.url(client.path, "ws")
            # Before it waits for the handler, which may wait for other events.
            self._clients[entry["connection"]] = client
            await client.connect(target, {**headers, "Origin": server.origin})
        except BaseException:
            self._clients.pop(entry["connection"], None)
            raise
        finally:
            self._arriving = None
        return None

    async def _message(self, entry: Entry) -> str | None:
        client = self._clients.get(entry["connection"])
        if client is None:
            return "this client is not connected"
        await client.send(_payload(entry, "message"))
        return None

    async def _leave(self, entry: Entry) -> str | None:
        client, code = self._clients.get(entry["connection"]), entry.get("code")
        if client is None:
            return "this client is not connected"
        if client.is_closed:
            return None  # the app closed it, here as there
        if code == 1006:
            await client.drop()
        else:
            sendable = code if isinstance(code, int) and is_close_code(code) else NORMAL
            await client.close(sendable, str(entry.get("reason", ""))[:60])
        return None

    async def _request(self, entry: Entry) -> str | None:
        import aiohttp

        server = self.bench.server
        assert server is not None
        path = quote(entry["path"], safe=SAFE_IN_PATHS)
        target = server.url(f"{path}?{entry['query']}" if entry["query"] else path)
        given = {
            name: value
            for name, value in entry["headers"].items()
            if name not in _NOT_SENT and isinstance(value, str) and value.isprintable()
        }
        body = _payload(entry, "body")
        try:
            async with server.client.request(
                entry["method"], target, data=body, headers=given, allow_redirects=False
            ) as answer:
                await answer.read()
        except (aiohttp.ClientError, ValueError) as error:
            raise SoliError(f"the app did not answer: {error}") from None
        return None

    async def _job(self, entry: Entry) -> str | None:
        service = self.bench.service
        assert service is not None
        attempts = entry.get("attempts")
        job = Job(entry["id"], entry["handler"], value_of(entry.get("args")), 0.0)
        if isinstance(attempts, int):
            job = changed(job, attempts=attempts)
        await service.program.worker.run(job)
        return None


def _place(entry: Entry) -> tuple[str, str]:
    if entry["connection"]:
        return entry["kind"], entry["connection"]
    return entry["kind"], entry["handler"] if entry["kind"] == JOB else entry["path"]


def _is_sent(name: str, value: Any) -> bool:
    if not isinstance(value, str) or not value.isprintable():
        return False
    return name in _SENT or name.startswith("x-")


def _payload(entry: Entry, name: str) -> str | bytes:
    if isinstance(entry.get("binary"), str):
        try:
            return base64.b64decode(entry["binary"])
        except ValueError:
            return b""
    return str(entry.get(name, ""))


def pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """A parsed query as it was written: `a[b]=c`, `a[]=d`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from pairs(item, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from pairs(item, f"{name}[]")
    else:
        yield name, "" if value is None else str(value)


def compared(outcomes: Iterable[Outcome], *, is_whole: bool) -> Differences:
    """What differs in all of them."""
    found = Differences()
    for outcome in outcomes:
        lines = differences(outcome, is_whole=is_whole)
        if lines and outcome.is_masked and outcome.found is not None:
            found.masked += 1
            lines[0] = f"masked: {lines[0]}"
        elif lines:
            found.real += 1
        found.lines += lines
    return found


def differences(outcome: Outcome, *, is_whole: bool) -> list[str]:
    """What is other than it was, below a line that says in which event."""
    entry, found = outcome.entry, outcome.found
    if found is None:
        why = outcome.why
        lines = [f"- {line}" for line in lines_of(entry, is_whole=is_whole)]
        lines.append(f"  does not happen any more{': ' + why if why else ''}")
    else:
        before, now = lines_of(entry, is_whole=is_whole), lines_of(found, is_whole=is_whole)
        if before == now:
            return []
        lines = [line for line in ndiff(before, now) if not line.startswith("?")]
    whose = entry["connection"] or entry["handler"]
    head = f"event {outcome.number}: {entry['kind']} of {whose}, {entry['path']}"
    message = entry.get("message")
    if isinstance(message, str):
        head += f"   {message[:200]}"
    return [head, *(f"  {line}" for line in lines)]
