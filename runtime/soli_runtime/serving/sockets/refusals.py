"""Refusals that a browser can hear.

A page cannot see the status of an upgrade that was refused: to it all of them look like a broken
line. A client that asks for it (`?soli_refusal=1`) is let in just to be told: the upgrade is
accepted and closed at once, with 4000 and the status as the code and the text as the reason. No
event is handled, and no connection is counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sized
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from aiohttp import web

from soli_lang.base.records import changed

from ...core.payloads import cut_reason
from ...gate.refusals import LOWEST, Refusal
from ...http.guards.refusals import AnsweredRefusal
from ...http.requests import RawRequest
from ...http.responses import Response
from ...ws.counters import CloseCause
from ...ws.endpoint import Endpoint
from ...ws.upgrade import upgrade

if TYPE_CHECKING:
    from ...ws.connection import Connection

QUERY = "soli_refusal"
CODES = 4000
"""What is added to a status to make a close code of it."""
MAX_TOLD = 1000
"""Clients that are being told at a time; further ones get the status of HTTP as others do."""

_AFTER = "retry-after="
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""What does not belong into one line of text, and what turns it round."""


def split_query(raw: RawRequest) -> tuple[bool, RawRequest]:
    """Whether the client wants to hear of a refusal; and the request without that wish."""
    if not raw.query_string:
        return False, raw
    parts = raw.query_string.split("&")
    others = [part for part in parts if not _is_wish(part)]
    if len(others) == len(parts):
        return False, raw
    wishes = f"{QUERY}=1" in parts
    return wishes, changed(raw, query_string="&".join(others))


def _is_wish(part: str) -> bool:
    name = unquote_plus(part.partition("=")[0])
    return name.partition("[")[0] == QUERY


def reason_of(refusal: Refusal) -> str:
    """The reason that is sent: one line of at most 123 bytes, the seconds to wait in front."""
    text = refusal.text
    if isinstance(refusal, AnsweredRefusal):
        text = _text_of(refusal.response)
    text = _UNSEEN.sub(" ", text).strip() or _phrase(_status_of(refusal))
    if refusal.retry_after is not None:
        text = f"{_AFTER}{refusal.retry_after} {text}".rstrip()
    elif text.startswith(_AFTER):
        text = f" {text}"  # a program's words are no order to wait
    return cut_reason(text)


def _status_of(refusal: Refusal) -> int:
    """A redirect, or what a gate rendered with 200, refuses too, and the page is to hear that."""
    return refusal.status if refusal.status >= LOWEST else HTTPStatus.FORBIDDEN


def _text_of(response: Response) -> str:
    """What a person may read of it: a page is more than that, and of JSON there is a key."""
    kind = (response.header("content-type") or "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _word_of(response.text)
    if kind in ("text/plain", ""):
        return response.text
    return _phrase(response.status)


def _word_of(text: str) -> str:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return text
    found = read if isinstance(read, dict) else {}
    words = (found.get(key) for key in ("error", "message", "reason"))
    return next((word for word in words if isinstance(word, str)), text)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class Tellers:
    """Tells clients of one endpoint why they are refused."""

    def __init__(self, endpoint: Endpoint, seats: Sized) -> None:
        self._endpoint = endpoint
        self._seats = seats

    @property
    def is_free(self) -> bool:
        """Whether one more can be told: not too many lines are there that are no connections."""
        return len(self._endpoint.connections) - len(self._seats) < MAX_TOLD

    async def tell(self, refusal: Refusal, request: web.BaseRequest) -> web.StreamResponse:
        """Accept the upgrade, and close with code and reason."""
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        # A browser that offered some gives up where none is selected, and hears nothing.
        protocol = offered.partition(",")[0].strip() or None
        code = CODES + _status_of(refusal)
        listener = _Telling(self._endpoint, code, reason_of(refusal))
        return await upgrade(request, listener, self._endpoint, protocol=protocol)


class _Telling:
    """The listener of an upgrade that is refused."""

    __slots__ = ("_code", "_endpoint", "_reason")

    def __init__(self, endpoint: Endpoint, code: int, reason: str) -> None:
        self._endpoint = endpoint
        self._code = code
        self._reason = reason

    def on_open(self, connection: Connection) -> None:
        self._endpoint.counters.opened -= 1  # it is no connection of the app
        connection.close(self._code, self._reason, cause=CloseCause.REFUSED)

    def on_message(self, connection: Connection, payload: str | bytes) -> None:
        """Nobody listens."""

    def on_closed(self, connection: Connection, code: int, reason: str) -> None:
        """It was told."""
