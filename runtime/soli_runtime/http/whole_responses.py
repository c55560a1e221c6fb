"""Answers that are there as a whole: head and body go out in one write."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter

_BODILESS = frozenset({204, 304})


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
