"""Who waited for its turn, and why: what the log and the counters say of it (`ws.fair`)."""

from __future__ import annotations

from ...gate.request_turns import RequestFlow
from ...observing.logs import Log
from ...observing.tally import Tally
from ...ws.connection import Connection
from ...ws.fair.accounts import Flow

WHY = {
    "busy": "others who had used less came first",
    "heavy": "calls of more than 40 ms wait for each other (slow-handler-cpu-percent)",
    "limit": "a limit ended one of its calls (handler-cpu-seconds, handler-steps)",
}


def held_back(log: Log, tally: Tally, flow: Flow, reason: str, seconds: float) -> None:
    """Count, and say, that *flow* waited for so long that it would like to know why."""
    tally.held_back[reason] += 1
    tally.held_back_seconds[reason] += seconds
    log.warning(
        "held_back",
        reason=reason,
        handler=_handler(flow),
        ip=flow.address,
        text=f"held back {seconds:.1f} s: {WHY[reason]}",
    )


def _handler(flow: Flow) -> str:
    if isinstance(flow, RequestFlow):
        return flow.name
    conversation = flow.session if isinstance(flow, Connection) else None
    return "" if conversation is None else str(conversation.handler.name)
