"""Messages of the Debug Adapter Protocol as they are written: `Content-Length: N`, and N bytes."""

from __future__ import annotations

import json
import threading
from typing import Any, BinaryIO

import orjson

MAX_BYTES = 16 * 1024 * 1024
"""Of one message."""
MAX_HEADER = 4096
"""Bytes of the lines before it."""

Message = dict[str, Any]


class BrokenFraming(Exception):
    """What came is no message; nothing that follows can be read. The text says why."""


def read_message(stream: BinaryIO) -> Message | None:
    """The next message; None at the end. Raises BrokenFraming, OSError."""
    length = _header(stream)
    if length is None:
        return None
    body = stream.read(length)
    if len(body) < length:
        return None
    try:
        message = orjson.loads(body)
    except ValueError:
        raise BrokenFraming("a message is no JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BrokenFraming("a message is no object with a type")
    return message


def _header(stream: BinaryIO) -> int | None:
    """The length of the message that follows; None at the end."""
    length, read = -1, 0
    while True:
        line = stream.readline(MAX_HEADER)
        if not line:
            return None
        read += len(line)
        if read > MAX_HEADER:
            raise BrokenFraming("the header of a message is too long")
        name, colon, value = line.strip().partition(b":")
        if not name:
            break
        if not colon or name.lower() not in (b"content-length", b"content-type"):
            # A browser that was made to send a request here, say.
            raise BrokenFraming("a message has to begin with Content-Length")
        if name.lower() == b"content-length":
            length = int(value) if value.strip().isdigit() and len(value) < 12 else -1
    if not 0 <= length <= MAX_BYTES:
        raise BrokenFraming(f"Content-Length has to be a number up to {MAX_BYTES}")
    return length


class Writer:
    """Writes messages, from any thread, each with its number."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._sent = 0

    def write(self, message: Message) -> None:
        """Write one; nothing happens when nobody reads any more."""
        with self._lock:
            self._sent += 1
            self._put({**message, "seq": self._sent})

    def write_as_is(self, message: Message) -> None:
        """Write one that has its number already."""
        with self._lock:
            self._put(message)

    def _put(self, message: Message) -> None:
        body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
        try:
            self._stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self._stream.flush()
        except (OSError, ValueError):
            return  # whoever reads learns of the end by reading

    def event(self, name: str, /, **body: Any) -> None:
        """Write an event."""
        self.write({"type": "event", "event": name, "body": body})

    def answer(self, request: Message, body: Message | None = None) -> None:
        """Write that *request* was done."""
        self.write({**_response(request), "success": True, "body": body or {}})

    def refuse(self, request: Message, why: str) -> None:
        """Write that it was not."""
        error = {"id": 1, "format": why.replace("{", "(").replace("}", ")"), "showUser": True}
        answer = {**_response(request), "success": False, "message": why}
        self.write({**answer, "body": {"error": error}})


def _response(request: Message) -> Message:
    command = request.get("command")
    return {"type": "response", "request_seq": request.get("seq", 0), "command": command}
