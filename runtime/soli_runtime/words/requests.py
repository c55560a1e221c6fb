"""Request specs: `get("/posts")`, `res_status(response)`, … (docs/spec §L25.3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import aiohttp
from soli_stdlib.json import text as json_text
from yarl import URL

from soli_lang.base.errors import SoliError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, String, function
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key
from soli_lang.values.values import Value

from ..http.sessions import COOKIE
from .no_app import HINT
from .served import ServedApp

USER_KEY = "user_id"
"""Under this name the session of a signed-in user has their id."""
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Visitor:
    """The client that a spec file's requests come from: its headers and cookies."""

    server: ServedApp
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def request_headers(self, more: dict[str, str]) -> dict[str, str]:
        """The headers of the next request."""
        headers = {**self.headers, **more}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return headers

    def keep_cookies(self, response: aiohttp.ClientResponse) -> None:
        """What a browser would do with the cookies of a response."""
        for line in response.headers.getall("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.coded_value

    def session_data(self) -> dict[str, Any] | None:
        """The session that the visitor's cookie names, as the app keeps it."""
        cookie = self.cookies.get(COOKIE)
        return self.server.sessions.load(cookie) if cookie else None


VISITOR: MachineKey[Visitor] = MachineKey("soli_runtime.testing.visitor")


def visitor_of(machine: Machine, user: str) -> Visitor:
    """The visitor of this spec file. Raises SoliError when there is no app."""
    visitor = machine.library.get(VISITOR)
    if visitor is None:
        raise SoliError(
            f"{user}: there is no app to test",
            hint=HINT,
        )
    return visitor


# --- requests ----------------------------------------------------------------------------------


def _perform(
    machine: Machine, user: str, method: str, path: str, body: Value, options: Value = None
) -> dict[str, Value]:
    visitor = visitor_of(machine, user)
    given = options if isinstance(options, dict) else {}
    headers = _texts(given.get("headers"))
    data, content_type = _encoded(body, headers)
    if content_type and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    target = _with_query(visitor.server.url(path), given.get("query"))
    request = _send(visitor, method, target, data, visitor.request_headers(headers))
    return machine.suspend(request, user)  # type: ignore[no-any-return]


async def _send(
    visitor: Visitor, method: str, target: str, data: bytes | None, headers: dict[str, str]
) -> dict[str, Value]:
    url = URL(target, encoded=True)
    try:
        async with visitor.server.client.request(
            method, url, data=data, headers=headers, allow_redirects=False
        ) as response:
            visitor.keep_cookies(response)
            text = await response.text(errors="replace")
            return {
                "status": response.status,
                "body": text,
                "headers": {name.lower(): value for name, value in response.headers.items()},
            }
    except aiohttp.ClientError as error:
        raise SoliError(f"{method.lower()}: the app did not answer ({error})") from None


def _texts(value: Value) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {to_text(from_key(name)): to_text(item) for name, item in value.items()}


def _encoded(body: Value, headers: dict[str, str]) -> tuple[bytes | None, str]:
    """The bytes of a body and their media type: text as it is, everything else as JSON, or as a
    form where the header says so."""
    if body is None:
        return None, ""
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        looks_like_json = body.lstrip()[:1] in ("{", "[")
        return body.encode(), "application/json" if looks_like_json else "text/plain"
    wanted = next((text for name, text in headers.items() if name.lower() == "content-type"), "")
    if isinstance(body, dict) and wanted.startswith(FORM):
        return urlencode(_texts(body)).encode(), FORM
    return json_text.encode(body).encode(), "application/json"


def _with_query(target: str, query: Value) -> str:
    texts = _texts(query)
    if not texts:
        return target
    return f"{target}{'&' if '?' in target else '?'}{urlencode(texts)}"


def _requester(name: str) -> Callable[..., Value]:
    method = name.upper()

    def perform(machine: Machine, path: str, body: Value, options: Value) -> Value:
        return _perform(machine, name, method, path, body, options)

    perform.__doc__ = f"Send {method} *path* to the app; its response, a Hash."
    return function(name, String, Any_.optional(), Any_.optional())(perform)


get = _requester("get")
post = _requester("post")
put = _requester("put")
patch = _requester("patch")
delete = _requester("delete")
head = _requester("head")
options = _requester("options")


@function("request", String, String, Any_.optional(), Any_.optional())
def request(machine: Machine, method: str, path: str, body: Value, options: Value) -> Value:
    """Send any request to the app; its response, a Hash. Options: `headers`, `query`."""
    return _perform(machine, "request", method.upper(), path, body, options)


# --- responses ---------------------------------------------------------------------------------

_Response = Hash(message="{name}() expects a response")


@function("res_status", _Response)
def res_status(response: dict[str, Value]) -> Value:
    """The status of a response."""
    return response.get("status")


@function("res_body", _Response)
def res_body(response: dict[str, Value]) -> Value:
    """The body of a response, a String."""
    return response.get("body")


@function("res_json", _Response)
def res_json(machine: Machine, response: dict[str, Value]) -> Value:
    """The body of a response, read as JSON."""
    return json_text.json_parse(machine, to_text(response.get("body")))


@function("res_headers", _Response)
def res_headers(response: dict[str, Value]) -> Value:
    """The headers of a response; names in lower case."""
    return response.get("headers")


@function("res_header", _Response, String)
def res_header(response: dict[str, Value], name: str) -> Value:
    """One header of a response, null if it is not there."""
    headers = response.get("headers")
    return headers.get(name.lower()) if isinstance(headers, dict) else None


@function("res_location", _Response)
def res_location(response: dict[str, Value]) -> Value:
    """Where a response redirects to."""
    return res_header(response, "location")


def _judge(name: str, low: int, high: int, what: str) -> Callable[..., Value]:
    def judge(response: dict[str, Value]) -> bool:
        status = response.get("status")
        return isinstance(status, int) and low <= status <= high

    judge.__doc__ = f"Whether a response {what}."
    return function((name, name + "?"), _Response)(judge)


res_ok = _judge("res_ok", 200, 299, "has a status of 2xx")
res_redirect = _judge("res_redirect", 300, 399, "redirects (3xx)")
res_client_error = _judge("res_client_error", 400, 499, "blames the client (4xx)")
res_server_error = _judge("res_server_error", 500, 599, "blames the server (5xx)")
res_not_found = _judge("res_not_found", 404, 404, "has status 404")
res_unauthorized = _judge("res_unauthorized", 401, 401, "has status 401")
res_forbidden = _judge("res_forbidden", 403, 403, "has status 403")
res_unprocessable = _judge("res_unprocessable", 422, 422, "has status 422")


# --- the visitor -------------------------------------------------------------------------------


@function("set_header", String, Any_)
def set_header(machine: Machine, name: str, value: Value) -> None:
    """Send a header with all further requests."""
    visitor_of(machine, "set_header").headers[name] = to_text(value)


@function("clear_headers")
def clear_headers(machine: Machine) -> None:
    """Forget what `set_header` and `set_authorization` set."""
    visitor_of(machine, "clear_headers").headers.clear()


@function(("set_authorization", "with_token"), String)
def set_authorization(machine: Machine, token: str) -> None:
    """Send `Authorization: Bearer TOKEN` with all further requests."""
    value = token if " " in token else f"Bearer {token}"
    visitor_of(machine, "set_authorization").headers["Authorization"] = value


@function("clear_authorization")
def clear_authorization(machine: Machine) -> None:
    """Send no `Authorization` any more."""
    visitor_of(machine, "clear_authorization").headers.pop("Authorization", None)


@function("set_request_cookie", String, Any_)
def set_request_cookie(machine: Machine, name: str, value: Value) -> None:
    """Send a cookie with all further requests."""
    visitor_of(machine, "set_request_cookie").cookies[name] = to_text(value)


@function("clear_cookies")
def clear_cookies(machine: Machine) -> None:
    """Forget all cookies, and with them the session."""
    visitor_of(machine, "clear_cookies").cookies.clear()


@function("with_session", Hash)
def with_session(machine: Machine, data: dict[Any, Value]) -> None:
    """Go on as a visitor whose session has this data."""
    visitor = visitor_of(machine, "with_session")
    session_id = str(uuid.uuid4())
    visitor.server.sessions.create(session_id, dict(data))
    visitor.cookies[COOKIE] = session_id


@function("as_user", Any_, Hash.optional())
def as_user(machine: Machine, user_id: Value, fields: Value) -> None:
    """Go on as the user with this id: the session has it as `user_id`, with *fields*."""
    with_session(machine, {USER_KEY: user_id, **(fields or {})})


@function(("as_guest", "logout"))
def as_guest(machine: Machine) -> None:
    """Go on as a stranger: without session and token."""
    visitor = visitor_of(machine, "as_guest")
    visitor.cookies.pop(COOKIE, None)
    visitor.headers.pop("Authorization", None)


@function("login", String, String, String("string path").optional("/login"))
def login(machine: Machine, email: str, password: str, path: str) -> Value:
    """POST a form with `email` and `password` to `/login`; the response."""
    form = {"email": email, "password": password}
    headers = {"headers": {"Content-Type": FORM}}
    return _perform(machine, "login", "POST", path, form, headers)


@function("current_user")
def current_user(machine: Machine) -> Value:
    """The session of the user that the visitor is, null for a stranger."""
    data = visitor_of(machine, "current_user").session_data()
    return dict(data) if data and USER_KEY in data else None


@function("signed_in?")
def is_signed_in(machine: Machine) -> bool:
    """Whether the visitor's session has a user."""
    return current_user(machine) is not None


@function("test_server_url")
def test_server_url(machine: Machine) -> Value:
    """The URL of the app on a loopback port, opened when first asked for."""
    visitor = visitor_of(machine, "test_server_url")
    return machine.suspend(visitor.server.open_port(), "test_server_url")
