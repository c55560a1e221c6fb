"""What is measured of sockets, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERYBODY = ("soli", "python", "node", "aiohttp", "websockets", "c")


@dataclass(frozen=True)
class Target:
    """What the figure of *server* must be, as a multiple of the *yardstick*'s."""

    server: str
    yardstick: str
    ratio: float
    at_most: bool = False


@dataclass(frozen=True)
class Scenario:
    """One row of the table: how the load generator runs, and against whom."""

    name: str
    title: str
    mode: str
    path: str
    options: tuple[str, ...]
    servers: tuple[str, ...]
    unit: str
    key: str = "msgs_s"
    """The figure of the load generator that counts."""
    less_is_better: bool = False
    seconds: float = 2.0
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Flags of single servers."""
    targets: tuple[Target, ...] = ()
    at_most: float | None = None
    """A target that is no ratio: the figure of the Soli handler itself."""
    max_rounds: int = 99
    """Memory varies so little that fewer rounds tell as much."""


SCENARIOS = (
    Scenario(
        "echo-100",
        "Echo, 100 connections",
        "echo",
        "/echo",
        ("-c", "100"),
        EVERYBODY,
        "messages/s",
        targets=(Target("soli", "node", 1.0), Target("python", "node", 1.3)),
    ),
    Scenario(
        "echo-1000",
        "Echo, 1,000 connections",
        "echo",
        "/echo",
        ("-c", "1000"),
        EVERYBODY,
        "messages/s",
        targets=(Target("soli", "node", 1.1), Target("python", "node", 1.3)),
    ),
    Scenario(
        "room-1",
        "Room of 1,000, one publisher",
        "room",
        "/room",
        ("-c", "1000"),
        EVERYBODY,
        "deliveries/s",
        targets=(Target("soli", "node", 1.2), Target("soli", "c", 0.75)),
    ),
    Scenario(
        "room-50",
        "Room of 1,000, 50 publishers",
        "room",
        "/room",
        ("-c", "1000", "-P", "50"),
        ("soli", "python", "node", "websockets", "c"),
        "deliveries/s",
        targets=(Target("soli", "node", 10.0),),
    ),
    Scenario(
        "room-deflate",
        "Room of 1,000, compressed",
        "room",
        "/room",
        ("-c", "1000", "-p", "512", "--deflate"),
        ("soli", "node"),
        "deliveries/s",
        flags={"soli": ("--compression",), "node": ("--compression",)},
        targets=(Target("soli", "node", 5.0),),
    ),
    Scenario(
        "room-open",
        "Room of 1,000 at 50 publishes/s, 99th percentile",
        "room",
        "/room",
        ("-c", "1000", "-P", "50", "-r", "50"),
        ("soli", "node", "c"),
        "ms",
        key="p99_ms",
        less_is_better=True,
        seconds=3.0,
        targets=(Target("soli", "node", 1.0, at_most=True),),
    ),
    Scenario(
        "connects",
        "Connect, upgrade, close",
        "connect",
        "/echo",
        ("-k", "64"),
        ("soli", "python", "node", "aiohttp", "websockets", "c"),
        "connections/s",
        targets=(Target("soli", "node", 0.8),),
    ),
    Scenario(
        "rooms",
        "1,000 rooms of 19, one publisher each",
        "room",
        "/rooms/%d",
        ("-c", "19000", "--rooms", "1000", "-P", "1000", "-k", "256"),
        ("soli", "node"),
        "deliveries/s",
        max_rounds=3,
    ),
    Scenario(
        "idle",
        "Memory of an idle connection",
        "idle",
        "/echo",
        ("-c", "5000", "-k", "128"),
        ("soli", "python", "node", "aiohttp", "websockets"),
        "KB",
        key="kb_per_connection",
        less_is_better=True,
        seconds=1.0,
        at_most=6.0,
        max_rounds=3,
    ),
    Scenario(
        "idle-19900",
        "19,900 idle connections, pings every 5 s: CPU",
        "idle",
        "/echo",
        ("-c", "19900", "-k", "256"),
        ("soli",),
        "% of a core",
        key="server_cpu_pct",
        less_is_better=True,
        seconds=12.0,
        flags={"soli": ("--ping-seconds", "5")},
        max_rounds=1,
    ),
)
