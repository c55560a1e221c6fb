"""Answers that are there as a whole: head and body go out in one write."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import cache
from http import HTTPStatus
from typing import Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter

from ..gate.unread import LARGE_BYTES
from ..ws.protocol.handshake import SERVER
from .responses import Response

_BODILESS = frozenset({204, 304})

_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})
"""Headers that the server itself must decide about."""

_OWN = (
    (hdrs.SERVER, SERVER),
    # No browser may guess that what somebody uploaded or wrote is a page or a script.
    ("X-Content-Type-Options", "nosniff"),
)
_OWN_NAMES = frozenset(name.lower() for name, _ in _OWN)


def header_list(response: Response) -> list[tuple[str, str]]:
    """The headers that a response may choose, and those that it has unless it chooses others."""
    return _headers_of(response.headers, {name.lower() for name, _ in response.headers})


def _headers_of(headers: list[tuple[str, str]], names: set[str]) -> list[tuple[str, str]]:
    if not _HOP_BY_HOP.isdisjoint(names):
        headers = [header for header in headers if header[0].lower() not in _HOP_BY_HOP]
    if _OWN_NAMES.isdisjoint(names):
        return [*headers, *_OWN]
    return [*headers, *(header for header in _OWN if header[0].lower() not in names)]


def whole_answer(response: Response) -> bytes | None:
    """*response* as it goes over a line that stays, to a request of HTTP/1.1 that is no HEAD.

    None: there is more to it, and aiohttp has to send it.
    """
    body, status = response.body, response.status
    names = {name.lower() for name, _ in response.headers}
    if status in _BODILESS or len(body) > LARGE_BYTES or "date" in names:
        return None
    headers = _headers_of(response.headers, names)
    if body and "content-type" not in names:
        headers.append(("Content-Type", "application/octet-stream"))
    lines = [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join(
        [_status_line(status), *lines, f"Content-Length: {len(body)}", f"Date: {_clock.date()}"]
    )
    # Nothing that a program says may end a header, and begin another one.
    ends = len(lines) + 2
    if head.count("\r") != ends or head.count("\n") != ends or "\0" in head:
        return None
    return f"{head}\r\n\r\n".encode() + body


@cache
def _status_line(status: int) -> str:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = ""
    return f"HTTP/1.1 {status} {reason}"


class WholeResponse(web.Response):
    """An answer whose body is known.

    aiohttp asks a dozen questions before it writes one; they have one answer where a request came
    to our own server, by HTTP/1.1 on a connection that stays. All others go its way.
    """

    _is_plain = True
    """Whether nobody asked for anything out of the ordinary."""
    _is_sent = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if not self._is_plain or not _asks_plainly(request) or self.status in _BODILESS:
            self._is_plain = False
            return await super().prepare(request)
        body = self.body or b""
        assert isinstance(body, bytes)
        headers = self.headers
        headers[hdrs.CONTENT_LENGTH] = str(len(body))
        if body:
            headers.setdefault(hdrs.CONTENT_TYPE, "application/octet-stream")
        headers.setdefault(hdrs.DATE, _clock.date())
        self._is_plain, self._is_sent = False, True
        writer = request.writer
        await writer.write_headers(f"HTTP/1.1 {self.status} {self.reason}", headers)
        await writer.write_eof(body)
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        if not self._is_sent:
            await super().write_eof(data)

    def force_close(self) -> None:
        self._is_plain = False
        super().force_close()

    def enable_chunked_encoding(self, *arguments: Any, **named: Any) -> None:
        self._is_plain = False
        super().enable_chunked_encoding(*arguments, **named)

    def enable_compression(self, *arguments: Any, **named: Any) -> None:
        self._is_plain = False
        super().enable_compression(*arguments, **named)

    def set_cookie(self, *arguments: Any, **named: Any) -> None:
        self._is_plain = False
        super().set_cookie(*arguments, **named)

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays; aiohttp asks when the answer is sent."""
        return True if self._is_sent else super().keep_alive

    @property
    def prepared(self) -> bool:
        """Whether it began to be sent."""
        return self._is_sent or (not self._is_plain and super().prepared)


def _asks_plainly(request: web.BaseRequest) -> bool:
    return (
        request.__class__ is web.BaseRequest  # one of an `Application` has signals to send
        and request.version == HttpVersion11
        and request.keep_alive
        and request.method != hdrs.METH_HEAD
    )


class _Clock:
    """The date as headers have it, worked out once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._date = ""

    def date(self) -> str:
        """RFC 9110 section 5.6.7."""
        second = int(time.time())
        if second != self._second:
            self._second, self._date = second, formatdate(second, usegmt=True)
        return self._date


_clock = _Clock()
