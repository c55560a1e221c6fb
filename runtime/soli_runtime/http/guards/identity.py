"""What an `authenticate` may answer: an identity, a stranger, or a refusal. Nothing else lets in.

A gate that takes whatever it does not know for a user is open to every slip in writing a refusal.
So the only way in is an identity, or to say in so many words that a stranger may come in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

from soli_lang.base.errors import SoliError
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from ...core.payloads import EncodeJson
from ...gate.refusals import HIGHEST, LOWEST, Refusal
from ..context import Admitted
from ..responses import Response, is_response_hash, response_of
from .refusals import refusal_of

IDENTITY_KEYS = ("id", "user_id")
"""Where an identity says who the user is; the first that says it counts."""

HOW_TO_ANSWER = (
    'return { "id": … } to let a user in, anonymous() for a stranger, halt(401, "…") to refuse'
)
_IN_PYTHON = (
    'return {"id": …} to let a user in, ANONYMOUS for a stranger, Refusal(401, "…") to refuse'
)


class Anonymous:
    """The answer that lets a stranger in: `anonymous()`, in Python `ANONYMOUS`."""

    __slots__ = ()

    soli_type = "Anonymous"

    def soli_text(self) -> str:
        return "<Anonymous>"

    def __repr__(self) -> str:
        return "ANONYMOUS"


ANONYMOUS = Anonymous()

Answer = Mapping[str, Any] | Anonymous | Refusal
"""What a host's `authenticate` may say."""


class Authenticate(Protocol):
    """A host's gate: says who sent a request, may be a coroutine function.

    *request* has `method`, `path`, `params`, `query`, `headers`, `cookies` and `remote_ip`. The
    answer is an identity (a mapping with `id` or `user_id`, a non-empty str or an int),
    `ANONYMOUS` for a stranger who may come in, or a `Refusal`. Anything else, None too, refuses
    with 500, and so does an exception.
    """

    def __call__(self, request: dict[str, Any], /) -> Answer | Awaitable[Answer]: ...


Verdict = Admitted | Refusal


def user_id_of(user: Value) -> str | int | None:
    """Who an identity is; None: it is none."""
    if not isinstance(user, dict):
        return None
    for key in IDENTITY_KEYS:
        value = user.get(key)
        if type(value) is int or (isinstance(value, str) and value):
            return value
    return None


def verdict_of(found: Any, encode_json: EncodeJson, *, by_host: bool = False) -> Verdict:
    """What the answer of a gate means. Raises SoliError for what is neither of the three."""
    if by_host and isinstance(found, Mapping):
        found = dict(found)
    if found is ANONYMOUS:
        return Admitted(None)
    if isinstance(found, Refusal):
        return _of_host(found)
    if isinstance(found, Response):
        return refusal_of(found, "authenticate")
    if is_response_hash(found) and "status" in found:
        return refusal_of(response_of(found, encode_json), "authenticate")
    if user_id_of(found) is not None:
        return Admitted(found)
    hint = _IN_PYTHON if by_host else HOW_TO_ANSWER
    raise SoliError(f"authenticate: {_fault(found, by_host)}", hint=hint)


def _of_host(refusal: Refusal) -> Refusal:
    status = refusal.status
    if type(status) is not int or not LOWEST <= status <= HIGHEST:
        raise SoliError(
            f"authenticate: the status of a Refusal is from {LOWEST} to {HIGHEST}, got {status}"
        )
    return refusal


def _fault(found: Any, by_host: bool) -> str:
    """Why *found* lets nobody in."""
    if found is None:
        nothing = "None" if by_host else "null"
        return f"{nothing} says neither who it is nor that strangers may come in"
    if not isinstance(found, dict):
        kind = type(found).__name__ if by_host else type_name(found)
        return f"expected an identity or a response, got {kind}"
    if "status" in found:
        return "a Hash with a status that is no response, and that has no id"
    present = [key for key in IDENTITY_KEYS if key in found]
    if present:
        return f"the {present[0]} of an identity is a non-empty String or an Int"
    return "a Hash without id or user_id is no identity"
