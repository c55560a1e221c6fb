"""A request as it arrives: its body, inflated and taken apart, never more than a limit of it.

Inflating is done here where the server lets us (`inflates`): aiohttp inflates whatever comes, also
what nobody will read, and an answer that refuses a body does not stop it.
"""

from __future__ import annotations

import asyncio
import binascii
import zlib
from collections.abc import AsyncIterator, Iterator

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http_exceptions import BadHttpMessage

from ...gate.origins import Peer
from ..messages import raw_request
from ..requests import RawRequest, UploadedFile

MAX_PARTS = 1000

INFLATED_PIECE = 256 * 1024
"""Bytes that are inflated between two turns of the loop: a millisecond."""

WINDOW_SECONDS = 20.0
"""Over which the rate of a body is judged."""

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_ENCODINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}


class BodyRefused(Exception):
    """A body that is not read to its end. `reason` is for the log, the text for the client."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason


def _too_large() -> BodyRefused:
    return BodyRefused(413, "too_large", "request body too large")


def _malformed(text: str) -> BodyRefused:
    return BodyRefused(400, "malformed", text)


def is_bare(request: web.BaseRequest) -> bool:
    """Whether a request has no body, nor anything that describes one."""
    headers = request.headers
    return (
        not request.body_exists
        and hdrs.CONTENT_TYPE not in headers
        and hdrs.CONTENT_ENCODING not in headers
    )


class Pace:
    """How slowly a body may come: *rate* bytes a second over `WINDOW_SECONDS`; 0: at any speed.

    *deadline* is for the whole body; it comes earlier when a window passes with less.
    """

    def __init__(self, deadline: asyncio.Timeout, rate: int) -> None:
        self._deadline = deadline
        self._last = deadline.when()
        self._window = rate * WINDOW_SECONDS
        self._bytes = 0
        self._is_begun = not rate

    def wait(self) -> None:
        """The body is not there as a whole."""
        if not self._is_begun:
            self._is_begun = True
            self._begin()

    def came(self, size: int) -> None:
        """So many bytes came."""
        self._bytes += size
        if self._window and self._bytes >= self._window:
            self._begin()

    def _begin(self) -> None:
        self._bytes = 0
        until = asyncio.get_running_loop().time() + WINDOW_SECONDS
        self._deadline.reschedule(until if self._last is None else min(until, self._last))


async def read_request(
    request: web.BaseRequest, peer: Peer, limit: int, pace: Pace, *, inflates: bool
) -> RawRequest:
    """A request with its body, or with the fields and files of its multipart form.

    *inflates* says that bodies come as they were sent, and encoded ones are to be inflated here.
    Raises BodyRefused: 413 past *limit* bytes, before or after inflating; 415 for an encoding that
    is not known; 400 for what cannot be read.
    """
    if request.content_length is not None and request.content_length > limit:
        raise _too_large()
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower() if inflates else ""
    if encoding in ("", "identity"):
        if request.content_type == "multipart/form-data":
            return await _read_form(request, peer, limit, pace)
        return raw_request(request, peer, await _gathered(_chunks(request, pace), limit))
    if encoding not in _ENCODINGS or request.content_type == "multipart/form-data":
        raise BodyRefused(415, "encoding", "this content encoding is not supported")
    chunks = _inflated(_chunks(request, pace), encoding)
    return raw_request(request, peer, await _gathered(chunks, limit))


async def _chunks(request: web.BaseRequest, pace: Pace) -> AsyncIterator[bytes]:
    if request.body_exists:
        pace.wait()
        try:
            async for chunk in request.content.iter_any():
                pace.came(len(chunk))
                yield chunk
        except web.RequestPayloadError:
            raise _malformed("the request body is malformed") from None


async def _gathered(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    found: list[bytes] = []
    size = 0
    async for chunk in chunks:
        found.append(chunk)
        size += len(chunk)
        if size > limit:
            raise _too_large()
    return b"".join(found)


async def _inflated(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    inflater = _Inflater(encoding)
    try:
        async for chunk in chunks:
            for piece in inflater.pieces(chunk):
                yield piece
                await asyncio.sleep(0)
    except zlib.error:
        raise _malformed("corrupt compressed body") from None
    if not inflater.is_complete:
        raise _malformed("the compressed body ends too early")


class _Inflater:
    """Inflates gzip or deflate; the latter with zlib's frame or, as some send it, without."""

    def __init__(self, encoding: str) -> None:
        self._bits = _ENCODINGS[encoding]
        self._stream: zlib._Decompress | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the data may end here."""
        return self._stream is None or self._stream.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What *data* inflates to, at most `INFLATED_PIECE` at a time. Raises zlib.error."""
        while data:
            if self._stream is None or self._stream.eof:
                self._begin(data)
            stream = self._stream
            assert stream is not None
            piece = stream.decompress(data, INFLATED_PIECE)
            data = stream.unused_data if stream.eof else stream.unconsumed_tail
            yield piece
            if stream.eof and self._bits != _GZIP:
                return  # only gzip has further members; what follows is dropped

    def _begin(self, data: bytes) -> None:
        if self._bits == _ZLIB and data[0] & 0x0F != zlib.DEFLATED:
            self._bits = _RAW
        self._stream = zlib.decompressobj(self._bits)


async def _read_form(request: web.BaseRequest, peer: Peer, limit: int, pace: Pace) -> RawRequest:
    raw = raw_request(request, peer, b"")
    raw.fields = []
    left = limit
    pace.wait()
    try:
        reader = await request.multipart()
        for _ in range(MAX_PARTS):
            part = await reader.next()
            if part is None:
                break
            if isinstance(part, MultipartReader):
                continue
            data = await _read_part(part, left, pace)
            left -= len(data)
            _keep_part(raw, part, data)
    except BadHttpMessage:
        raise _malformed("the header of a part is too large") from None
    except web.RequestPayloadError:
        raise _malformed("the request body is malformed") from None
    except (ValueError, AssertionError, RuntimeError):
        # A malformed form has the fields that came before the damage.
        pass
    return raw


async def _read_part(part: BodyPartReader, limit: int, pace: Pace) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(65536):
        pace.came(len(chunk))
        data += chunk
        if len(data) > limit:
            raise _too_large()
    return _part_decoded(part, bytes(data))


def _part_decoded(part: BodyPartReader, data: bytes) -> bytes:
    """The content of a part. RFC 7578 section 4.7: encodings of transfer are history."""
    if part.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise BodyRefused(415, "encoding", "a part of a form cannot be compressed")
    encoding = part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary").lower()
    if encoding == "base64":
        return binascii.a2b_base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    return data


def _keep_part(raw: RawRequest, part: BodyPartReader, data: bytes) -> None:
    name = part.name or ""
    if part.filename is not None:
        content_type = part.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
        raw.files.append(UploadedFile(name, part.filename, content_type, data))
    elif raw.fields is not None:
        raw.fields.append((name, data.decode("utf-8", "replace")))
