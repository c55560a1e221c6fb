"""Refusals as responses, and responses as refusals."""

from __future__ import annotations

from soli_lang.base.records import field

from ...gate.refusals import Refusal
from ..responses import Response, text_response


class AnsweredRefusal(Refusal, frozen=True):
    """One that a program wrote, with headers and a body of its own."""

    response: Response = field(default_factory=Response)


def refusal_of(response: Response, reason: str, *, by: str = "") -> AnsweredRefusal:
    """What a program's answer means where it refuses."""
    after = response.header("retry-after") or ""
    seconds = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else None
    by = by if reason == "middleware" else ""
    return AnsweredRefusal(response.status, response.text, seconds, reason, by, response)


def answer_to(refusal: Refusal) -> Response:
    """The response that tells the client."""
    if isinstance(refusal, AnsweredRefusal):
        return refusal.response
    answer = text_response(refusal.status, refusal.text + "\n")
    if refusal.retry_after is not None:
        answer.headers.append(("Retry-After", str(refusal.retry_after)))
    return answer
