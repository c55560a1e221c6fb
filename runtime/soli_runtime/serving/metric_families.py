"""What a service counts, as families of metrics: read here, kept where it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..observing.metrics import by_label, tallied

if TYPE_CHECKING:
    from .service import Service


async def collected(service: Service) -> list[Metric]:
    """All that is our own, as it is now."""
    jobs = await service.program.job_counts()
    events = service.state.log.counts
    return [
        *_state(service, jobs),
        *_socket_counts(service),
        *_broker(service),
        *tallied(service.state.tally),
        by_label("soli_log_events", "What was logged, written or not.", ["event"], events),
    ]


def _state(service: Service, jobs: Mapping[str, int]) -> Iterator[Metric]:
    presence = service.hub.presence
    gauges = {
        "connections": ("Open connections.", len(service.hub.seats)),
        "rooms": ("Rooms with members.", service.connections.room_count),
        "presence_rooms": ("Rooms with presence.", len(presence)),
        "presence_channels": ("Former name of soli_presence_rooms.", len(presence)),
        "presence_users": ("Users present, once per channel.", presence.roster.total_users()),
        "handlers_suspended": ("Handlers that wait.", service.calls.runners.suspended),
        "jobs_queued": ("Jobs that wait for their time.", jobs.get("queued", 0)),
        "jobs_running": ("Jobs at work.", jobs.get("running", 0)),
        "outbox_high_water_bytes": (
            "The most that ever waited to be sent on one connection.",
            service.endpoint.counters.outbox_high_water,
        ),
    }
    for name, (text, value) in gauges.items():
        yield GaugeMetricFamily(f"soli_{name}", text, value)
    waiting = GaugeMetricFamily("soli_waiting", "Who waits for a turn.", labels=["reason"])
    for reason, number in service.endpoint.scheduler.waiting_by_reason().items():
        waiting.add_metric([reason], number)
    yield waiting


def _broker(service: Service) -> Iterator[Metric]:
    if service.node is None:
        return
    broker = service.node.broker
    yield GaugeMetricFamily("soli_broker_up", "Whether Redis answers.", int(not broker.is_away))
    text = "Of what was not sent to Redis yet."
    yield GaugeMetricFamily("soli_broker_waiting_bytes", text, broker.outbox.waiting_bytes)
    text = "Messages that were never seen to arrive."
    yield CounterMetricFamily("soli_broker_dropped", text, broker.outbox.dropped)


def _volatile_dropped_by_broker(service: Service) -> int:
    return 0 if service.node is None else service.node.broker.outbox.volatile_dropped


def _socket_counts(service: Service) -> Iterator[Metric]:
    counters = service.endpoint.counters
    counts = {
        "connections_opened": ("Connections opened.", counters.opened),
        "messages_received": ("Messages from clients.", counters.messages_in),
        "messages_sent": ("Messages queued for clients, one per recipient.", counters.messages_out),
        "received_bytes": ("Bytes from clients, after the upgrade.", counters.bytes_in),
        "sent_bytes": ("Bytes of messages queued for clients.", counters.bytes_out),
        "slow_consumers": ("Closed: read too slowly.", counters.slow_consumers),
        "volatile_dropped": (
            "Volatile messages that were not sent, as a newer one came or the line was lost.",
            counters.volatile_dropped + _volatile_dropped_by_broker(service),
        ),
        "rate_limited": ("Closed: sent too fast.", counters.rate_limited),
        "ping_timeouts": ("Given up: answered no ping.", counters.ping_timeouts),
        "closings_timed_out": ("Cut: did not finish closing.", counters.closings_timed_out),
        "listener_errors": ("Faults inside the server.", counters.listener_errors),
    }
    for name, (text, value) in counts.items():
        yield CounterMetricFamily(f"soli_{name}", text, value)
    closes = {(int(code), cause.value): n for (code, cause), n in counters.closes.items()}
    yield by_label("soli_closes", "Closed connections.", ["code", "cause"], closes)
