"""aiohttp's requests and responses as ours, and back. Nothing else."""

from __future__ import annotations

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from multidict import CIMultiDict

from ..gate.origins import Peer, TrustedProxies
from ..ws.protocol.handshake import SERVER
from .requests import RawRequest, UploadedFile, header_hash
from .responses import Response, text_response

MAX_PARTS = 1000

_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})
"""Headers that the server itself must decide about."""


class BodyTooLarge(Exception):
    """A request body past the limit."""


def peer_of(request: web.BaseRequest, proxies: TrustedProxies) -> Peer:
    """Who sent a request."""
    return proxies.peer(request.remote or "", request.scheme, _forwarding_headers(request))


def _forwarding_headers(request: web.BaseRequest) -> dict[str, str]:
    names = ("host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")
    return {
        name: ", ".join(request.headers.getall(name)) for name in names if name in request.headers
    }


def raw_request(request: web.BaseRequest, peer: Peer, body: bytes) -> RawRequest:
    """The parts of a request that programs see."""
    return RawRequest(
        method=request.method,
        path=request.rel_url.raw_path,
        query_string=request.rel_url.raw_query_string,
        headers=header_hash(request.headers.items()),
        body=body,
        remote_ip=peer.ip,
        scheme=peer.scheme,
    )


async def read_request(request: web.BaseRequest, peer: Peer, limit: int) -> RawRequest:
    """A request with its body, or with the fields and files of its multipart form.

    Raises BodyTooLarge past *limit* bytes.
    """
    if request.content_length is not None and request.content_length > limit:
        raise BodyTooLarge
    if request.content_type == "multipart/form-data":
        return await _read_form(request, peer, limit)
    return raw_request(request, peer, await _read_body(request, limit))


async def _read_body(request: web.BaseRequest, limit: int) -> bytes:
    if not request.body_exists:
        return b""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge
    return bytes(body)


async def _read_form(request: web.BaseRequest, peer: Peer, limit: int) -> RawRequest:
    raw = raw_request(request, peer, b"")
    raw.fields = []
    left = limit
    try:
        reader = await request.multipart()
        for _ in range(MAX_PARTS):
            part = await reader.next()
            if part is None:
                break
            if isinstance(part, MultipartReader):
                continue
            data = await _read_part(part, left)
            left -= len(data)
            _keep_part(raw, part, data)
    except (ValueError, AssertionError):
        # A malformed form has the fields that came before the damage.
        pass
    return raw


async def _read_part(part: BodyPartReader, limit: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(65536):
        data += chunk
        if len(data) > limit:
            raise BodyTooLarge
    return bytes(part.decode(data))


def _keep_part(raw: RawRequest, part: BodyPartReader, data: bytes) -> None:
    name = part.name or ""
    if part.filename is not None:
        content_type = part.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
        raw.files.append(UploadedFile(name, part.filename, content_type, data))
    elif raw.fields is not None:
        raw.fields.append((name, data.decode("utf-8", "replace")))


def to_aiohttp(response: Response) -> web.Response:
    """A finished response for aiohttp to send."""
    return web.Response(
        status=response.status, headers=header_multidict(response), body=response.body or None
    )


def header_multidict(response: Response) -> CIMultiDict[str]:
    """The headers that a response may choose, and those that it has unless it chooses others."""
    headers: CIMultiDict[str] = CIMultiDict(
        (name, value) for name, value in response.headers if name.lower() not in _HOP_BY_HOP
    )
    headers.setdefault(hdrs.SERVER, SERVER)
    # No browser may guess that what somebody uploaded or wrote is a page or a script.
    headers.setdefault("X-Content-Type-Options", "nosniff")
    return headers


def plain(status: int, text: str) -> web.Response:
    """A plain text answer of the server itself."""
    return to_aiohttp(text_response(status, text + "\n"))
