"""The counters of a service in the Prometheus text format (`--metrics`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(counters: Any, events: Mapping[str, int], gauges: Mapping[str, float]) -> str:
    """The page. *counters* are those of the socket layer, *events* what was logged by name."""
    return "\n".join([*_gauges(gauges), *_socket_lines(counters), *_event_lines(events)]) + "\n"


def _gauges(gauges: Mapping[str, float]) -> Iterator[str]:
    for name, value in gauges.items():
        yield f"# TYPE soli_{name} gauge"
        yield f"soli_{name} {value:g}"


def _socket_lines(counters: Any) -> Iterator[str]:
    for name in sorted(_slots(counters)):
        value = getattr(counters, name)
        if isinstance(value, int):
            kind = "gauge" if name == "outbox_high_water" else "counter"
            suffix = "" if kind == "gauge" else "_total"
            yield f"# TYPE soli_ws_{name}{suffix} {kind}"
            yield f"soli_ws_{name}{suffix} {value}"
    yield "# TYPE soli_ws_closes_total counter"
    for (code, cause), count in sorted(counters.closes.items()):
        yield f'soli_ws_closes_total{{code="{int(code)}",cause="{cause}"}} {count}'


def _slots(counters: Any) -> tuple[str, ...]:
    return tuple(type(counters).__slots__)


def _event_lines(events: Mapping[str, int]) -> Iterator[str]:
    yield "# TYPE soli_events_total counter"
    for name, count in sorted(events.items()):
        yield f'soli_events_total{{event="{name}"}} {count}'


def is_allowed(token: str, authorization: str) -> bool:
    """Whether a request may see the counters."""
    from hmac import compare_digest

    if not token:
        return True
    return compare_digest(authorization.encode(), f"Bearer {token}".encode())
