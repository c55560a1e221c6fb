"""Two measurements that are no single run of the load generator: presence and slow readers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

from .processes import CLIENT_CORE, CannotMeasure, build, free_port, pinned, running
from .servers import Server, environment_of
from .sockets import ROW_SECONDS, load

USERS = 5_000
READERS, STALLED = 100, 5
MESSAGE_BYTES = 16_384
CALM_SECONDS = 3.0
STALLED_SECONDS = 9.0
"""Longer than it takes to fill the buffers and then to wait for the answer to a Close (5 s)."""
HOLD_SECONDS = 14.0
CHURN_SECONDS = 5.0


def presence(server: Server, say: Callable[[str], None]) -> dict[str, Any]:
    """USERS track themselves in one channel; then others come and go.

    Everybody gets a snapshot, and a diff for each who comes later: 12.5 million deliveries.
    """
    port = free_port()
    url = f"ws://127.0.0.1:{port}{server.prefix}/presence/"
    with running(server.start(port, ()), port, environment_of(server)) as pid:
        command = [str(build("wsload")), "idle", url + "%d", "-c", str(USERS), "-k", "256"]
        command += ["--rooms", str(USERS), "-s", str(HOLD_SECONDS), "--pid", str(pid)]
        crowd = subprocess.Popen(
            pinned(CLIENT_CORE, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert crowd.stderr is not None, "it was asked for"
            if crowd.stderr.readline().strip() != "open":
                raise CannotMeasure("presence: the crowd could not be opened")
            churn = load(url + "guest", "connect", ["-k", "4", "-s", str(CHURN_SECONDS)], pid)
            output, _ = crowd.communicate(timeout=ROW_SECONDS)
        finally:
            crowd.kill()
            crowd.wait()
    held = json.loads(output)
    found = {
        "users": USERS,
        "join_seconds": held["connect_s"],
        "joins_per_second": held["connect_rate"],
        "kb_per_connection": held["rss_per_conn_bytes"] / 1024,
        "visits_per_second": churn["msgs_s"],
        "visit_p99_ms": churn["p99_ms"],
        "errors": held["errors"] + churn["errors"],
    }
    say(f"presence: {found}")
    return found


def slow_readers(
    servers: dict[str, Server], rounds: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """READERS get large messages; what becomes of the rate when STALLED of them stop reading.

    The others have one round: nothing is aimed at for them.
    """
    found: dict[str, Any] = {}
    for turn in range(rounds):
        for name in ("soli",) if turn else ("soli", "node", "websockets"):
            calm = _large_messages(servers[name], 0, CALM_SECONDS)
            stalled = _large_messages(servers[name], STALLED, STALLED_SECONDS)
            row = {
                "rate_ratio": (stalled["msgs_s"] / (READERS - STALLED)) / (calm["msgs_s"] / READERS)
                if calm["msgs_s"]
                else 0.0,
                "cpu_ratio": stalled["cpu_us_per_msg"] / calm["cpu_us_per_msg"]
                if calm["cpu_us_per_msg"]
                else 0.0,
                "growth_mb": (stalled["rss_after_kb"] - stalled["rss_before_kb"]) / 1024,
                "calm_growth_mb": (calm["rss_after_kb"] - calm["rss_before_kb"]) / 1024,
                "closed": stalled["slow_closed"],
                "stalled": STALLED,
                "other_pct": max(calm["other_pct"], stalled["other_pct"]),
            }
            found.setdefault(name, []).append(row)
            say(f"slow readers: {name} {row}")
    return found


def _large_messages(server: Server, stalled: int, seconds: float) -> dict[str, Any]:
    port = free_port()
    with running(server.start(port, ()), port, environment_of(server)) as pid:
        options = ["-c", str(READERS), "-p", str(MESSAGE_BYTES), "-s", str(seconds), "-w", "1"]
        url = f"ws://127.0.0.1:{port}{server.prefix}/room"
        return load(url, "room", [*options, "--slow", str(stalled)], pid)
