"""aiohttp's requests and responses as ours, and back. Nothing else."""

from __future__ import annotations

from aiohttp import hdrs, web
from multidict import CIMultiDict

from ..gate.origins import Peer, TrustedProxies
from .requests import RawRequest, header_hash
from .responses import Response, text_response
from .whole_responses import WholeResponse, header_list


def peer_of(request: web.BaseRequest, proxies: TrustedProxies) -> Peer:
    """Who sent a request."""
    headers = request.headers
    if proxies.trusts_nobody and "x-forwarded-for" not in headers:
        hosts = headers.getall(hdrs.HOST, ())
        host = hosts[0] if len(hosts) == 1 else ", ".join(hosts)
        return Peer(request.remote or "", request.scheme, host)
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


def to_aiohttp(response: Response) -> web.Response:
    """A finished response for aiohttp to send."""
    return WholeResponse(
        status=response.status, headers=header_list(response), body=response.body or None
    )


def header_multidict(response: Response) -> CIMultiDict[str]:
    """The headers that a response may choose, and those that it has unless it chooses others."""
    return CIMultiDict(header_list(response))


def plain(status: int, text: str) -> web.Response:
    """A plain text answer of the server itself."""
    return to_aiohttp(text_response(status, text + "\n"))
