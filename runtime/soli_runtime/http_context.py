"""What belongs to one HTTP request while its action runs (`Machine.local["request"]`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from soli_lang.errors import SoliError
from soli_lang.machine import Machine
from soli_lang.values import Value

from .http_requests import RawRequest
from .http_responses import Response
from .sessions import Session
from .sse import BlockStream, TopicStream

JSON_KEY = "soli_runtime.json"
SEALING_KEY = "soli_runtime.sealing"


@dataclass(frozen=True, slots=True)
class JsonCodec:
    """Soli's JSON rules, as the library implements them."""

    encode: Callable[[Value], str]
    decode: Callable[[str], Value]


def json_codec(machine: Machine) -> JsonCodec:
    """The codec of a machine that the runtime has set up."""
    codec = machine.library[JSON_KEY]
    assert isinstance(codec, JsonCodec)
    return codec


@dataclass(frozen=True, slots=True)
class Sealing:
    """Signs and encrypts cookie values. `key` must not leave the server."""

    key: bytes
    encrypt: Callable[[str], str]
    decrypt: Callable[[str], str | None]

    def sign(self, name: str, text: str) -> str:
        """*text* with a signature that holds only for the cookie *name*."""
        body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return f"{body}.{self._tag(name, body)}"

    def verified(self, name: str, signed: str) -> str | None:
        """The text that was signed, None when it was not us."""
        body, _, tag = signed.rpartition(".")
        if not hmac.compare_digest(tag.encode(), self._tag(name, body).encode()):
            return None
        try:
            return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        except ValueError:
            return None

    def _tag(self, name: str, body: str) -> str:
        return hmac.new(self.key, f"{name}={body}".encode(), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class RequestContext:
    """One request, and what its action has said about the answer so far."""

    raw: RawRequest
    request: dict[str, Any]
    """The Hash that the action gets."""
    session: Session | None = None
    user: Value = None
    """What `authenticate` returned."""
    rendered: Response | None = None
    """The answer of `render_json` and the like; the action's return counts when it is not null."""
    set_cookies: list[str] = field(default_factory=list)
    stream: BlockStream | TopicStream | None = None
    layout: Any = None
    instance: Any = None
    """The controller object whose fields templates see."""

    @property
    def origin(self) -> str:
        """`http://host` as the client sees it."""
        return f"{self.raw.scheme}://{self.raw.headers.get('host', 'localhost')}"

    def seal(
        self, machine: Machine, name: str, value: Value, options: dict[Any, Value]
    ) -> str | None:
        """*value* signed or encrypted as *options* ask for; None when they do not."""
        sealing = machine.library.get(SEALING_KEY)
        if not options.get("signed") and not options.get("encrypted"):
            return None
        text = json_codec(machine).encode(value)
        if not isinstance(sealing, Sealing):
            raise SoliError("set_cookie() cannot sign here: there is no secret (SECRET_KEY_BASE)")
        return sealing.encrypt(text) if options.get("encrypted") else sealing.sign(name, text)

    def unseal(self, machine: Machine, name: str, value: str, options: dict[Any, Value]) -> Value:
        """The value that `seal` sealed; None when it was tampered with."""
        sealing = machine.library.get(SEALING_KEY)
        if not options.get("signed") and not options.get("encrypted"):
            return value
        if not isinstance(sealing, Sealing):
            return None
        text = sealing.decrypt(value) if options.get("encrypted") else sealing.verified(name, value)
        return None if text is None else json_codec(machine).decode(text)
