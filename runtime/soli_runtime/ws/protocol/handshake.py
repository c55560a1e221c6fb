"""The opening handshake (RFC 6455 section 4.2): what is checked, and what is answered."""

import base64
import binascii
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .deflate import Agreement, negotiate

__all__ = ["HEADERS", "SERVER", "Accepted", "Refused", "answer", "choose_protocol"]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION = "13"
#: What the `Server` header says: enough to know whom to ask, nothing to attack by.
SERVER = "soli"
#: The request headers that matter here.
HEADERS = (
    "upgrade",
    "connection",
    "sec-websocket-version",
    "sec-websocket-key",
    "sec-websocket-extensions",
)


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP answer that declines the upgrade."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Headers of the 101, and what was agreed about compression."""

    headers: Mapping[str, str]
    agreement: Agreement | None


def answer(
    method: str,
    http_version: tuple[int, int],
    headers: Mapping[str, str],
    *,
    compression: bool = False,
    protocol: str | None = None,
) -> Accepted | Refused:
    """Decide about an upgrade request.

    *headers* finds names in lower case, repeated ones joined by commas. *protocol* is what
    `choose_protocol` chose.
    """
    refusal = _refusal(method, http_version, headers)
    if refusal is not None:
        return refusal
    response = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": accept_token(headers["sec-websocket-key"].strip()),
        "Server": SERVER,
    }
    if protocol is not None:
        response["Sec-WebSocket-Protocol"] = protocol
    agreement = None
    if compression:
        agreement = negotiate(headers.get("sec-websocket-extensions", ""))
    if agreement is not None:
        response["Sec-WebSocket-Extensions"] = agreement.response
    return Accepted(response, agreement)


def choose_protocol(offered: str, known: Collection[str]) -> str | None:
    """Return the first of the *offered* subprotocols that is *known* (RFC 6455 section 4.2.2).

    *offered* is the value of Sec-WebSocket-Protocol, in the client's order of preference. None:
    there is no such one, and the answer must not name any.
    """
    names = (name.strip() for name in offered.split(","))
    return next((name for name in names if name in known), None)


def accept_token(key: str) -> str:
    """Return the Sec-WebSocket-Accept that proves that we read *key*."""
    digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def _refusal(
    method: str, http_version: tuple[int, int], headers: Mapping[str, str]
) -> Refused | None:
    if method != "GET" or http_version < (1, 1):
        return Refused(400, "a WebSocket handshake is a GET of HTTP/1.1", {})
    if not _has_token(headers, "upgrade", "websocket"):
        # RFC 9110 section 15.5.22: a 426 says what to upgrade to.
        return Refused(426, "this is a WebSocket", {"Upgrade": "websocket"})
    if not _has_token(headers, "connection", "upgrade"):
        return Refused(400, "the Connection header must say Upgrade", {})
    if headers.get("sec-websocket-version", "").strip() != VERSION:
        text = f"this server speaks version {VERSION} of the WebSocket protocol"
        return Refused(426, text, {"Sec-WebSocket-Version": VERSION, "Upgrade": "websocket"})
    if not _is_key(headers.get("sec-websocket-key", "").strip()):
        return Refused(400, "Sec-WebSocket-Key must be 16 bytes in base64", {})
    return None


def _has_token(headers: Mapping[str, str], name: str, token: str) -> bool:
    value = headers.get(name, "").lower()
    return value == token or any(one.strip() == token for one in value.split(","))


def _is_key(key: str) -> bool:
    try:
        return len(key) == 24 and len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
