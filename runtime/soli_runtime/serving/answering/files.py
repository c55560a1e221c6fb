"""Files as answers: whole, a part of one, or that it has not changed."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from ...http.files.static_files import StaticFile, choose_part
from ...http.messages import header_multidict, to_aiohttp
from ...http.responses import Response

_CHUNK = 256 * 1024


def file_response(file: StaticFile, request: web.BaseRequest) -> web.StreamResponse:
    """The answer to a request for *file*."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    part = choose_part(file, headers)
    response = Response(
        part.status,
        [
            ("ETag", file.etag),
            ("Last-Modified", file.last_modified),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )
    if part.status == 416:
        response.headers.append(("Content-Range", f"bytes */{file.size}"))
    elif part.status != 304:
        response.headers.append(("Content-Type", file.content_type))
        if part.status == 206:
            place = f"bytes {part.start}-{part.end - 1}/{file.size}"
            response.headers.append(("Content-Range", place))
        return _FileResponse(file, part.start, part.end, response)
    return to_aiohttp(response)


class _FileResponse(web.StreamResponse):
    """Part of a file. Reading happens in a thread, sending under flow control."""

    def __init__(self, file: StaticFile, start: int, end: int, response: Response) -> None:
        super().__init__(status=response.status, headers=header_multidict(response))
        self._file = file
        self._from = start
        self._until = end
        self.content_length = end - start

    async def prepare(self, request: web.BaseRequest) -> Any:
        writer = await super().prepare(request)
        if request.method == "HEAD" or self._from == self._until:
            return writer
        with await asyncio.to_thread(self._file.path.open, "rb") as stream:
            stream.seek(self._from)
            left = self._until - self._from
            while left > 0:
                data = await asyncio.to_thread(stream.read, min(_CHUNK, left))
                if not data:
                    break  # the file shrank; the client sees a short answer
                left -= len(data)
                await self.write(data)
        return writer
