"""CPU time per message, with a broker and without: in every round each rig has its turn."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..processes import CannotMeasure, build
from .rigs import Rig, all_rigs

SECONDS, QUICK_SECONDS = 0.8, 0.3
WARM_SECONDS = 0.3
ROW_SECONDS = 60.0

Row = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """How all rigs are loaded."""

    name: str
    title: str
    options: tuple[str, ...]
    at_least: float | None
    """What the CPU of one process without a broker must be, as a part of that of a node."""
    mode: str = "room"
    rigs: tuple[str, ...] = ("alone", "node", "pair", "keeping", "socket.io")
    room: int = 1
    """Deliveries of each message."""


TWO = ("alone", "node", "pair", "socket.io")
LOADS = (
    Load("echo", "echo, 100 connections", ("-c", "100"), 0.98, "echo", ("alone", "node")),
    Load("room-1", "room of 1,000, one publisher", ("-c", "1000"), 0.9),
    Load("room-50", "room of 1,000, 50 publishers", ("-c", "1000", "-P", "50"), 0.85),
    Load("rooms-20", "100 rooms of 20", ("-c", "2000", "--rooms", "100", "-P", "100"), 0.8),
    Load("rooms-5", "400 rooms of 5", ("-c", "2000", "--rooms", "400", "-P", "400"), 0.8),
    Load(
        "bystander",
        "400 rooms of 5, of the other node",
        ("-c", "2000", "--rooms", "400", "-P", "400"),
        None,
        rigs=("bystander",),
        room=5,
    ),
    Load("two", "room of two, one publisher", ("-c", "2"), None, rigs=TWO),
)


def measure(rounds: int, say: Callable[[str], None], *, quick: bool = False) -> dict[str, Any]:
    """Rows by load and rig. Every round has servers of its own."""
    rows: dict[str, dict[str, list[Row]]] = {
        load.name: {rig: [] for rig in load.rigs} for load in LOADS
    }
    for turn in range(rounds):
        with all_rigs() as rigs:
            for load in LOADS:
                for name in load.rigs:
                    row = run(load, rigs[name], QUICK_SECONDS if quick else SECONDS)
                    rows[load.name][name].append(row)
                    say(
                        f"{turn + 1}/{rounds} {load.name:9} {name:10} "
                        f"{row['cpu_us_per_msg']:8.2f} µs/message, Redis "
                        f"{row['also_us_per_msg']:6.2f}, {row['msgs_s']:10,.0f}/s, "
                        f"p50 {row['p50_us'] / 1000:.2f} ms"
                    )
    return rows


def run(load: Load, rig: Rig, seconds: float) -> Row:
    """Load one rig once."""
    path = "/ws/echo" if load.mode == "echo" else rig.path
    url = f"ws://127.0.0.1:{rig.ports[0]}{path}"
    command = [str(build("wsload")), load.mode, url, *load.options, *rig.flags]
    command += ["-s", str(seconds), "-w", str(WARM_SECONDS), "--pid", ",".join(map(str, rig.pids))]
    if len(rig.ports) > 1:
        command += ["--port2", str(rig.ports[1])]
    if rig.broker is not None:
        command += ["--also", str(rig.broker)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=ROW_SECONDS)
    try:
        row: Row = json.loads(done.stdout)
    except ValueError:
        raise CannotMeasure(f"{' '.join(command)}: {done.stderr.strip()}") from None
    if row["errors"]:
        raise CannotMeasure(f"{' '.join(command)}: {row['errors']} errors: {row['first_error']}")
    return row


# --- figures -----------------------------------------------------------------------------------

Rows = dict[str, dict[str, list[Row]]]


def of(rows: Rows, load: str, rig: str, key: str = "cpu_us_per_msg") -> float:
    """The median of a figure."""
    return float(median(row[key] for row in rows[load][rig]))


def per_publish(load: str) -> int:
    """Deliveries of each message."""
    return next(each.room for each in LOADS if each.name == load)


def cpu_ratio(rows: Rows, load: str, rig: str, under: str = "alone") -> list[float]:
    """CPU per message of *under* ÷ that of *rig*, round by round."""
    pairs = zip(rows[load][under], rows[load][rig], strict=True)
    return [a["cpu_us_per_msg"] / b["cpu_us_per_msg"] for a, b in pairs]


def broker_share(rows: Rows, load: str, rig: str) -> list[float]:
    """CPU of Redis ÷ that of the processes, round by round."""
    return [row["also_us_per_msg"] / row["cpu_us_per_msg"] for row in rows[load][rig]]


def per_cpu_second(rows: Rows, load: str, rig: str) -> float:
    """Messages that are delivered per second of CPU of the servers and their Redis."""
    costs = [row["cpu_us_per_msg"] + row["also_us_per_msg"] for row in rows[load][rig]]
    return float(median(1e6 / cost for cost in costs))
