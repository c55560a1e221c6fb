"""`HTTP.get` and its kin (docs/spec §L22.1). A call waits; nobody else does.

aiohttp is imported when the first request is made: most scripts make none.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from soli_stdlib.json.text import json_codec

from soli_lang.base.errors import SoliError, SoliIOError, SoliPlainTypeError
from soli_lang.base.records import Record, field
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, String, static
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.values import Value

from ..requests import header_hash, whole_text
from .addresses import is_public, literal_address

if TYPE_CHECKING:
    import socket

    import aiohttp
    from yarl import URL

DEFAULT_TIMEOUT_SECONDS = 30.0
MAX_REDIRECTS = 10
MAX_RESPONSE_BYTES = 50 * 1024 * 1024
MAX_PARALLEL = 256

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})


class RequestFailed(SoliIOError):
    """No answer: the text begins `HTTP request failed: `."""


class Wanted(Record, frozen=True):
    """One request, checked."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = DEFAULT_TIMEOUT_SECONDS


class Got(Record, frozen=True):
    """Its answer."""

    status: int
    status_text: str
    headers: dict[str, str]
    text: str

    def to_hash(self) -> dict[str, Value]:
        return {
            "status": self.status,
            "status_text": self.status_text,
            "headers": dict(self.headers),
            "body": self.text,
        }


# --- requests ----------------------------------------------------------------------------------


async def fetch(wanted: Wanted, *, private_network: bool) -> Got:
    """The answer to a request, redirects followed. Raises RequestFailed."""
    import asyncio

    import aiohttp

    try:
        async with asyncio.timeout(wanted.timeout), _session(private_network) as session:
            return await _follow(session, wanted, private_network)
    except TimeoutError:
        raise RequestFailed(f"HTTP request failed: timeout after {wanted.timeout:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise RequestFailed(f"HTTP request failed: {reason}") from None


def _session(private_network: bool) -> aiohttp.ClientSession:
    import aiohttp

    factory = None if private_network else _public_socket
    connector = aiohttp.TCPConnector(socket_factory=factory, limit=MAX_PARALLEL)
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=True
    )


def _public_socket(found: tuple[Any, Any, int, str, Any]) -> socket.socket:
    """A socket for one of the addresses that a host has, if that is a public one.

    The last word: it sees the very address that is connected to, whatever the URL looked like and
    whatever its name resolved to. Raises OSError.
    """
    import errno
    import socket

    family, kind, protocol, _, address = found
    if not is_public(str(address[0])):
        raise OSError(errno.EACCES, f"{address[0]} is not a public address")
    return socket.socket(family, kind, protocol)


async def _follow(session: aiohttp.ClientSession, wanted: Wanted, private_network: bool) -> Got:
    method, headers, body = wanted.method, dict(wanted.headers), wanted.body
    url = check_url(wanted.url, private_network=private_network)
    for _ in range(MAX_REDIRECTS + 1):
        async with session.request(
            method, url, headers=headers, data=body, allow_redirects=False
        ) as response:
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or target is None:
                return await _read(response)
            if response.status == 303 or (response.status in (301, 302) and method == "POST"):
                method, body = ("HEAD" if method == "HEAD" else "GET"), None
                headers.pop("content-type", None)
            before = url.origin()
            url = check_url(urljoin(str(url), target), private_network=private_network)
            if before != url.origin():
                # What was meant for one host is not for the next, nor for anybody on the way.
                headers = {k: v for k, v in headers.items() if k.lower() not in _CREDENTIALS}
    raise RequestFailed(f"HTTP request failed: more than {MAX_REDIRECTS} redirects")


async def _read(response: aiohttp.ClientResponse) -> Got:
    import asyncio

    from ..bodies.decoding import decoded

    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            raise RequestFailed("HTTP request failed: response larger than 50 MB")
    # In a thread: nobody pays for it, and others go on between the pieces.
    text = await asyncio.to_thread(decoded, bytes(body), response.charset or "utf-8")
    headers = header_hash(response.headers.items())
    return Got(response.status, whole_text(response.reason or ""), headers, text)


def check_url(url: str, *, private_network: bool) -> URL:
    """The URL as it will be requested. Raises RequestFailed for what may not be.

    That is what is not http(s), and hosts that are addresses which are not public. The host is
    judged as aiohttp will read it, after yarl made `127。0。0。1` into an address. Names are judged
    by what they resolve to, when a socket is opened.
    """
    from yarl import URL

    try:
        parsed = URL(url)
        host = parsed.raw_host
    except ValueError:
        raise RequestFailed(f"HTTP request failed: not a URL: {url}") from None
    if parsed.scheme not in ("http", "https") or not host:
        raise RequestFailed("HTTP request failed: only http and https URLs are allowed")
    if private_network:
        return parsed
    address = literal_address(host)
    if (address is not None and not is_public(address)) or host.rstrip(".") == "localhost":
        raise RequestFailed(f"HTTP request failed: {host} is not a public address")
    return parsed


# --- arguments ---------------------------------------------------------------------------------


def _wanted(
    machine: Machine, method: str, url: str, options: dict[Any, Value], body: Value = None
) -> Wanted:
    """A request from what the program gave. Options beside `timeout` and `headers` are headers."""
    named = {to_text(from_key(key)): value for key, value in options.items()}
    timeout = _timeout(named.pop("timeout", None))
    given = named.pop("headers", None)
    pairs = given if isinstance(given, dict) else named
    headers = {to_text(from_key(name)).lower(): to_text(value) for name, value in pairs.items()}
    for name, value in headers.items():
        if any(ord(character) < 32 for character in name + value):
            raise SoliError("HTTP header must not contain control characters")
    return Wanted(method, url, headers, _body(machine, headers, body), timeout)


def _body(machine: Machine, headers: dict[str, str], body: Value) -> bytes | None:
    if body is None:
        return None
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    headers.setdefault("content-type", "application/json")
    return json_codec(machine).encode(body).encode()


def _timeout(value: Value) -> float:
    if value is None:
        return DEFAULT_TIMEOUT_SECONDS
    if type(value) not in (int, float) or not value > 0:
        raise SoliError(f"HTTP timeout must be a positive number of seconds, got {to_text(value)}")
    return float(value)


def _send(machine: Machine, user: str, wanted: Wanted) -> Got:
    private = _private(machine, user)
    return machine.suspend(fetch(wanted, private_network=private), user)  # type: ignore[no-any-return]


def _private(machine: Machine, user: str) -> bool:
    machine.capabilities.require("network", user)
    return machine.capabilities.private_network


def _text(machine: Machine, user: str, wanted: Wanted) -> str:
    got = _send(machine, user, wanted)
    if not 200 <= got.status < 300:
        raise SoliIOError(f"HTTP {got.status} error: {got.text}")
    return got.text


def _json(machine: Machine, text: str) -> Value:
    try:
        return json_codec(machine).decode(text)
    except SoliError as error:
        raise SoliIOError(f"Failed to parse JSON: {error.message}") from None


# --- builtins ----------------------------------------------------------------------------------

_URL = String("string url")
_OPTIONS = Hash("hash options").optional()
Options = dict[Any, Value] | None


@static("HTTP", "get", _URL, _OPTIONS)
def http_get(machine: Machine, url: str, options: Options) -> str:
    """The body of a GET; a status outside 2xx is an error."""
    return _text(machine, "HTTP.get", _wanted(machine, "GET", url, options or {}))


@static("HTTP", "delete", _URL, _OPTIONS)
def http_delete(machine: Machine, url: str, options: Options) -> str:
    """The body of a DELETE's answer."""
    return _text(machine, "HTTP.delete", _wanted(machine, "DELETE", url, options or {}))


@static("HTTP", "post", _URL, Any_.optional(), _OPTIONS)
def http_post(machine: Machine, url: str, body: Value, options: Options) -> str:
    """The body of a POST's answer; a Hash or Array is sent as JSON."""
    return _text(machine, "HTTP.post", _wanted(machine, "POST", url, options or {}, body))


@static("HTTP", "put", _URL, Any_.optional(), _OPTIONS)
def http_put(machine: Machine, url: str, body: Value, options: Options) -> str:
    """The body of a PUT's answer."""
    return _text(machine, "HTTP.put", _wanted(machine, "PUT", url, options or {}, body))


@static("HTTP", "patch", _URL, Any_.optional(), _OPTIONS)
def http_patch(machine: Machine, url: str, body: Value, options: Options) -> str:
    """The body of a PATCH's answer."""
    return _text(machine, "HTTP.patch", _wanted(machine, "PATCH", url, options or {}, body))


@static("HTTP", "get_json", _URL, _OPTIONS)
def http_get_json(machine: Machine, url: str, options: Options) -> Value:
    """The JSON that a GET gives, decoded."""
    return _json(machine, http_get(machine, url, options))


@static("HTTP", "post_json", _URL, Any_.optional(), _OPTIONS)
def http_post_json(machine: Machine, url: str, data: Value, options: Options) -> Value:
    """POST *data* as JSON and decode the answer."""
    return _json(machine, http_post(machine, url, _as_json(machine, data), _json_options(options)))


@static("HTTP", "put_json", _URL, Any_.optional(), _OPTIONS)
def http_put_json(machine: Machine, url: str, data: Value, options: Options) -> Value:
    """PUT *data* as JSON and decode the answer."""
    return _json(machine, http_put(machine, url, _as_json(machine, data), _json_options(options)))


@static("HTTP", "patch_json", _URL, Any_.optional(), _OPTIONS)
def http_patch_json(machine: Machine, url: str, data: Value, options: Options) -> Value:
    """PATCH *data* as JSON and decode the answer."""
    return _json(machine, http_patch(machine, url, _as_json(machine, data), _json_options(options)))


def _as_json(machine: Machine, data: Value) -> str:
    return data if isinstance(data, str) else json_codec(machine).encode(data)


def _json_options(options: Options) -> dict[Any, Value]:
    given = dict(options or {})
    headers = given.get("headers")
    inner = dict(headers) if isinstance(headers, dict) else {}
    if not any(to_text(from_key(name)).lower() == "content-type" for name in inner):
        inner["Content-Type"] = "application/json"
    given["headers"] = inner
    return given


@static("HTTP", "request", String("string method"), _URL, _OPTIONS, Any_.optional())
def http_request(
    machine: Machine, method: str, url: str, headers: Options, body: Value
) -> dict[str, Value]:
    """The whole answer to any request; never an error because of its status."""
    wanted = _wanted(machine, _method(method), url, headers or {}, body)
    return _send(machine, "HTTP.request", wanted).to_hash()


def _method(method: str) -> str:
    if not method.isascii() or not method.isalpha():
        raise SoliError(f"HTTP.request() not a method: {method}")
    return method.upper()


@static("HTTP", "head", _URL, _OPTIONS)
def http_head(machine: Machine, url: str, options: Options) -> str:
    """Status and reason of a HEAD, such as `200 OK`."""
    got = _send(machine, "HTTP.head", _wanted(machine, "HEAD", url, options or {}))
    return f"{got.status} {got.status_text}".rstrip()


@static("HTTP", "parallel", Any_)
def http_parallel(machine: Machine, requests: Value) -> list[Value]:
    """The answers to several requests at once; a failure is `{"error": TEXT}`."""
    if not isinstance(requests, list):
        raise SoliPlainTypeError(f"HTTP.parallel() expects array, got {type_name(requests)}")
    if len(requests) > MAX_PARALLEL:
        raise SoliError(f"HTTP.parallel() takes at most {MAX_PARALLEL} requests")
    private = _private(machine, "HTTP.parallel")
    wanted = [_parallel_wanted(machine, request) for request in requests]
    return list(machine.suspend(_gather(wanted, private), "HTTP.parallel"))


def _parallel_wanted(machine: Machine, request: Value) -> Wanted:
    if isinstance(request, str):
        return _wanted(machine, "GET", request, {})
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        raise SoliPlainTypeError('HTTP.parallel() expects URLs, or hashes with a "url"')
    method = _method(to_text(request.get("method", "GET")))
    options = {"headers": request.get("headers") or {}, "timeout": request.get("timeout")}
    return _wanted(machine, method, request["url"], options, request.get("body"))


def _gather(wanted: list[Wanted], private: bool) -> Coroutine[Any, Any, list[Value]]:
    async def one(request: Wanted) -> dict[str, Value]:
        try:
            return (await fetch(request, private_network=private)).to_hash()
        except SoliError as error:
            return {"error": error.message}

    async def every() -> list[Value]:
        import asyncio

        return list(await asyncio.gather(*(one(request) for request in wanted)))

    return every()


@static("HTTP", "get_all", Any_)
def http_get_all(machine: Machine, urls: Value) -> list[Value]:
    """The bodies of several GETs at once; of a failure `{"error": TEXT}`."""
    return [got.get("body", got) for got in http_parallel(machine, urls)]


@static("HTTP", "get_all_json", Any_)
def http_get_all_json(machine: Machine, urls: Value) -> list[Value]:
    """The JSON of several GETs at once, decoded; of a failure `{"error": TEXT}`."""
    answers = http_get_all(machine, urls)
    return [_json(machine, got) if isinstance(got, str) else got for got in answers]


@static("HTTP", "json_parse", String)
def http_json_parse(machine: Machine, text: str) -> Value:
    """`JSON.parse`."""
    return _json(machine, text)


@static("HTTP", "json_stringify", Any_)
def http_json_stringify(machine: Machine, value: Value) -> str:
    """`JSON.stringify`."""
    return json_codec(machine).encode(value)


__all__ = ["Got", "Wanted", "fetch"]
