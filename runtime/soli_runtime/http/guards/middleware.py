"""What runs before a handler: middleware (docs/spec §L24.5) and the gate `authenticate`.

Both answer one question, whether a request goes on. What an answer means is decided here, for HTTP
and for upgrades alike; an answer that means nothing stops the request with an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.base.records import Record
from soli_lang.base.source import Source
from soli_lang.machine.machine import Machine
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Function, Value

from ...core.payloads import EncodeJson
from ...gate.refusals import Refusal
from ...routing.declared import GATE
from ...routing.event_use import body_parts_seen
from ...routing.returns import at_definition
from ..context import AuthenticationContext, RequestContext
from ..responses import Response, is_response_hash, response_of
from .refusals import answer_to

Context = RequestContext | AuthenticationContext

REQUEST_KEYS = ("method", "path", "params", "query", "headers", "cookies")
"""What a Hash has that is the request, or a changed copy of it."""

_HOW = (
    "end with null or the request to go on; with halt(…), redirect(…), render_json(…) or another "
    "response to stop"
)


class Stage(Record, frozen=True):
    """One thing that runs before the handler of a route."""

    name: str
    function: Function | None = None
    """None for the gate, whom the request's context asks."""
    source: Source | None = None
    """The file of the function."""

    @property
    def is_gate(self) -> bool:
        """Whether it is `authenticate`."""
        return self.function is None

    @property
    def body_parts(self) -> tuple[str, ...]:
        """What it may see of a request's body (`event_use`)."""
        return () if self.function is None else body_parts_seen(self.function)


def passed(
    machine: Machine,
    stages: Iterable[Stage],
    request: Value,
    context: Context,
    encode_json: EncodeJson,
) -> Value | Response:
    """Run *stages*: the request that goes on, or the response that stops it.

    Raises what a stage raises, and SoliError for an answer that means nothing; `context.stage`
    says then which it was.
    """
    for stage in stages:
        context.stage = stage.name
        if stage.function is None:
            verdict = context.ask()
            if verdict is None:
                raise SoliError(f"{GATE}: this app has none")
            if isinstance(verdict, Refusal):
                return answer_to(verdict)
            continue
        answer = machine.callback(stage.function, 1)(request)
        request = _judged(stage, answer, request, context, encode_json)
        if isinstance(request, Response):
            return request
    context.stage = None
    return request


def _judged(
    stage: Stage, answer: Value, request: Value, context: Context, encode_json: EncodeJson
) -> Value | Response:
    """What the answer of a middleware means."""
    if context.stream is not None:
        raise SoliError(f"middleware '{stage.name}' may not stream: only an action may")
    if context.rendered is not None:
        return context.rendered
    if answer is None or answer is request:
        return request
    if isinstance(answer, dict):
        if "continue" in answer:
            return _continued(stage, answer, encode_json)
        if is_response_hash(answer):
            return response_of(answer, encode_json)
        if "status" not in answer and all(key in answer for key in REQUEST_KEYS):
            return answer
    raise at_definition(_unclear(stage, answer), stage.function, stage.source)


def _continued(stage: Stage, answer: dict[Any, Value], encode_json: EncodeJson) -> Value | Response:
    """`{"continue": true, "request": …}` or `{"continue": false, "response": …}`."""
    goes_on = answer["continue"]
    if goes_on is True and isinstance(answer.get("request"), dict):
        return answer["request"]
    if goes_on is False and is_response_hash(answer.get("response")):
        return response_of(answer["response"], encode_json)
    raise at_definition(_unclear(stage, answer), stage.function, stage.source)


def _unclear(stage: Stage, answer: Value) -> SoliError:
    kind = type_name(answer)
    shown = f"a {kind} that is none of these" if isinstance(answer, dict) else f"{kind}"
    return SoliError(
        f"middleware '{stage.name}': expected null, the request or a response, got {shown}",
        hint=_HOW,
    )
