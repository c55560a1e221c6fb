"""Runs the events of a recording through an app, and compares what they cause."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from difflib import ndiff
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from soli_lang.base.errors import SoliError

from ...core.payloads import is_close_code
from ...http.guards.identity import ANONYMOUS, Answer
from ...observing.traces import CONNECT, DISCONNECT, MESSAGE, Trace
from ...words.clients import SocketClient
from ..repl.bench import Bench, BenchOptions
from .entries import KINDS, Entries, Entry, lines_of
from .recording import FORMAT

_KEPT = ("accept-language", "referer", "sec-websocket-protocol", "user-agent")
"""Headers that are sent again, as those that begin with `x-` are; the others belong to the
connection that was, or are redacted."""
NORMAL = 1000
NO_CODE = 1005
"""What a server sees of a client that closes without a code; such a close cannot be sent here."""


class NoRecording(Exception):
    """The file is no recording that can be read. The text says where and why."""


def read(path: Path) -> list[Entry]:
    """The events of a recording. Raises NoRecording."""
    try:
        with path.open(encoding="utf-8") as lines:
            entries = [_entry(path, number, line) for number, line in enumerate(lines, 1)]
    except OSError as error:
        raise NoRecording(f"'{path}' cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NoRecording(f"'{path}' is no recording: not UTF-8 text") from None
    if not entries or entries[0].get("soli_recording") != FORMAT:
        raise NoRecording(f"'{path}' is no recording of `soli run --record`, format {FORMAT}")
    return [one for one in entries[1:] if "full" not in one]


def _entry(path: Path, number: int, line: str) -> Entry:
    try:
        entry = orjson.loads(line)
    except ValueError:
        raise NoRecording(f"{path}:{number}: no JSON") from None
    if number == 1 or (isinstance(entry, dict) and "full" in entry):
        return entry if isinstance(entry, dict) else {}
    if not _is_entry(entry):
        raise NoRecording(f"{path}:{number}: no event of a recording")
    return dict(entry)


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or entry.get("kind") not in KINDS:
        return False
    texts = all(isinstance(entry.get(name), str) for name in ("connection", "path", "handler"))
    did, sent = entry.get("did"), entry.get("sent")
    pairs = (
        isinstance(did, list)
        and isinstance(sent, list)
        and all(isinstance(one, list) and len(one) == 2 for one in (*did, *sent))
        and all(isinstance(names, list) for _, names in sent)
    )
    if not (texts and pairs and isinstance(entry.get("error", ""), str | None)):
        return False
    return entry["kind"] != CONNECT or (
        isinstance(entry.get("query"), dict) and isinstance(entry.get("headers"), dict)
    )


class Replay:
    """One recording, run through one app."""

    def __init__(self, options: BenchOptions) -> None:
        self._bench = Bench(options, self._told, lambda text: None)
        self._entries = Entries()
        self._seen: list[Entry] = []
        self._clients: dict[str, SocketClient] = {}
        self._user: Any = None

    async def run(self, entries: list[Entry]) -> list[str]:
        """Lines that say what differs; none when nothing does. Raises InvalidApp, SoliError."""
        await self._bench.start()
        assert self._bench.service is not None
        self._bench.service.use_authenticate(self._recorded, replaces_all=True)
        try:
            lines: list[str] = []
            for number, entry in enumerate(entries, 1):
                self._seen.clear()
                why = await self._again(entry)
                found = self._found(entry)
                if found is not None and entry.get("code") == NO_CODE:
                    found["code"] = NO_CODE
                lines += differences(number, entry, found, why)
            return lines
        finally:
            await self._bench.stop()

    def _recorded(self, request: dict[str, Any]) -> Answer:
        """What the gate said when the connection was recorded."""
        user: Answer | None = self._user
        return ANONYMOUS if user is None else user

    def _told(self, trace: Trace) -> None:
        if trace.kind in KINDS:
            self._seen.append(self._entries.entry(trace))

    def _found(self, entry: Entry) -> Entry | None:
        wanted = (entry["kind"], entry["connection"])
        return next((one for one in self._seen if (one["kind"], one["connection"]) == wanted), None)

    async def _again(self, entry: Entry) -> str:
        """Let the event happen; why it could not."""
        client = self._clients.get(entry["connection"])
        try:
            if entry["kind"] == CONNECT:
                await self._connect(entry)
            elif client is None:
                return "this client is not connected"
            elif entry["kind"] == MESSAGE:
                await client.send(_payload(entry))
            elif entry["kind"] == DISCONNECT:
                await self._leave(client, entry)
        except SoliError as error:
            return error.message
        return ""

    async def _connect(self, entry: Entry) -> None:
        server = self._bench.server
        assert server is not None
        self._user = entry.get("user")
        query = urlencode(list(_pairs(entry["query"])))
        path = f"{entry['path']}?{query}" if query else entry["path"]
        client = SocketClient(server, path)
        headers = {one: text for one, text in entry["headers"].items() if _is_kept(one, text)}
        await client.connect(server.url(path, "ws"), {**headers, "Origin": server.origin})
        self._clients[entry["connection"]] = client

    async def _leave(self, client: SocketClient, entry: Entry) -> None:
        code = entry.get("code")
        if client.is_closed:
            return  # the app closed it, here as there
        if code == 1006:
            await client.drop()
        else:
            sendable = code if isinstance(code, int) and is_close_code(code) else NORMAL
            await client.close(sendable, str(entry.get("reason", ""))[:60])


def _is_kept(name: str, value: Any) -> bool:
    if not isinstance(value, str) or not value.isprintable():
        return False
    return name in _KEPT or name.startswith("x-")


def _payload(entry: Entry) -> str | bytes:
    if isinstance(entry.get("binary"), str):
        try:
            return base64.b64decode(entry["binary"])
        except ValueError:
            return b""
    return str(entry.get("message", ""))


def _pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """A parsed query as it was written: `a[b]=c`, `a[]=d`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _pairs(item, f"{name}[{key}]" if name else key)
    elif isinstance(value, list):
        for item in value:
            yield from _pairs(item, f"{name}[]")
    else:
        yield name, "" if value is None else str(value)


def differences(number: int, entry: Entry, found: Entry | None, why: str) -> list[str]:
    """What is other than it was, below a line that says in which event."""
    if found is None:
        lines = [f"- {line}" for line in lines_of(entry)]
        lines.append(f"  does not happen any more{': ' + why if why else ''}")
    else:
        before, now = lines_of(entry), lines_of(found)
        if before == now:
            return []
        lines = [line for line in ndiff(before, now) if not line.startswith("?")]
    head = f"event {number}: {entry['kind']} of {entry['connection']}, {entry['path']}"
    message = entry.get("message")
    if isinstance(message, str):
        head += f"   {message[:200]}"
    return [head, *(f"  {line}" for line in lines)]
