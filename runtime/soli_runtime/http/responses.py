"""What an action returns, as an HTTP response (docs/spec §W8, §L24.3)."""

from __future__ import annotations

import binascii
import re
from typing import Any

from soli_lang.base.errors import SoliError, SoliPlainTypeError
from soli_lang.base.records import Record, field
from soli_lang.values.display import to_text
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.values import Value

from ..core.payloads import EncodeJson

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
BYTES = "application/octet-stream"


RESPONSE_KEYS = frozenset({"status", "headers", "body", "body_base64"})

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


class Response(Record):
    """A finished response. Header names as the program wrote them; repeated ones repeat."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


def text_response(status: int, text: str) -> Response:
    """A plain text response."""
    return Response(status, [("Content-Type", TEXT)], text.encode("utf-8", "replace"))


def html_response(status: int, text: str) -> Response:
    """An HTML page."""
    return Response(status, [("Content-Type", HTML)], text.encode("utf-8", "replace"))


def json_response(status: int, text: str) -> Response:
    """A response of JSON *text*."""
    return Response(status, [("Content-Type", JSON)], text.encode("utf-8", "replace"))


def is_response_hash(value: Value) -> bool:
    """Whether a Hash describes a response, and is not data to be sent as JSON.

    `{"status": "ok"}` is data: a response's status is an Int.
    """
    if not isinstance(value, dict) or not value or not RESPONSE_KEYS.issuperset(value):
        return False
    return type(value.get("status", 200)) is int


def response_of(value: Value, encode_json: EncodeJson) -> Response:
    """The response for what an action returned. Raises SoliError when it cannot be one."""
    if is_response_hash(value):
        return _from_hash(value, encode_json)
    if value is None:
        return Response(204)
    body, content_type = _body(value, encode_json)
    return Response(200, [("Content-Type", content_type)], body)


def _from_hash(value: dict[Any, Value], encode_json: EncodeJson) -> Response:
    response = Response(checked_status(value.get("status", 200)))
    for name, header in _hash(value.get("headers"), "headers").items():
        for one in header if isinstance(header, list) else [header]:
            response.headers.append(checked_header(to_text(from_key(name)), to_text(one)))
    response.body, content_type = _hash_body(value, encode_json)
    if response.header("content-type") is None and response.status not in (204, 304):
        response.headers.append(("Content-Type", content_type))
    return response


def _hash_body(value: dict[Any, Value], encode_json: EncodeJson) -> tuple[bytes, str]:
    encoded = value.get("body_base64")
    if encoded is not None:
        import base64

        try:
            return base64.b64decode(to_text(encoded), validate=True), BYTES
        except (binascii.Error, ValueError):
            raise SoliError("body_base64: expected Base64 text") from None
    body = value.get("body")
    return (b"", TEXT) if body is None else _body(body, encode_json)


def _body(value: Value, encode_json: EncodeJson) -> tuple[bytes, str]:
    if isinstance(value, bytes):
        return value, BYTES
    if isinstance(value, str):
        # Text, however much it looks like HTML: it may hold what a client sent.
        return value.encode("utf-8", "replace"), TEXT
    if isinstance(value, dict | list):
        return encode_json(value).encode("utf-8", "replace"), JSON
    return to_text(value).encode("utf-8", "replace"), TEXT


def _hash(value: Value, what: str) -> dict[Any, Value]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SoliPlainTypeError(f"{what} of a response: expected hash, got {type_name(value)}")
    return value


def checked_status(status: Value) -> int:
    """*status* when it is one that a server may answer with."""
    if type(status) is not int or not 200 <= status <= 599:
        raise SoliError(f"status of a response: expected an Int from 200 to 599, got {status}")
    return status


def checked_header(name: str, value: str) -> tuple[str, str]:
    """A header that cannot smuggle in another one."""
    if not _TOKEN.match(name):
        raise SoliError(f"header {name!r}: expected a name of letters, digits and !#$%&'*+-.^_`|~")
    if any(ord(character) < 32 and character != "\t" for character in value) or "\x7f" in value:
        raise SoliError(f"header {name!r}: control characters are not allowed in its value")
    return name, value
