"""What clients can rely on when lines are cut, beside Socket.IO; each library with its defaults.

- cuts: 30 clients, whose lines are cut at random (every 5 s on average) for 30 s while one says
  something every 20 ms: the share of what was said that reached them, and how much came twice
- storm: 900 lines cut at once: seconds until the last client is back and has what it missed
- memory: bytes per idle connection of those 900

The cuts are those of a seed, the same for all; waiting for the next try is random.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .processes import CLIENT_CORE, ROOT, CannotMeasure, free_port, pinned, running
from .servers import HERE, UNLIMITED

NODE = ROOT / "benchmarks" / "node"
SEED = 20
CLIENTS, SECONDS = 30, 30
MEMBERS = 900
QUICK_CLIENTS, QUICK_SECONDS, QUICK_MEMBERS = 5, 4, 50


@dataclass(frozen=True)
class Kind:
    """A server, and the library of its clients."""

    title: str
    client: str
    command: tuple[str, ...]


def _kinds() -> list[Kind]:
    soli = str(Path(sys.executable).with_name("soli"))
    app = (soli, "run", str(HERE / "trust.soli"), *UNLIMITED, "--log-level", "error", "--port")
    socket_io = ("node", str(HERE / "trust_socket_io.cjs"))
    return [
        Kind("Soli, resume", "soli-resume", app),
        Kind("Soli", "soli", app),
        Kind("Socket.IO, recovery", "socket.io", (*socket_io, "--recovery")),
        Kind("Socket.IO", "socket.io", socket_io),
    ]


def measure(say: Callable[[str], None], *, quick: bool = False) -> dict[str, Any]:
    """Cuts and a storm for every kind, each with a server of its own."""
    if not (NODE / "node_modules" / "socket.io-client").is_dir():
        raise CannotMeasure("Socket.IO's client is missing: run `make bench`")
    clients, seconds = (QUICK_CLIENTS, QUICK_SECONDS) if quick else (CLIENTS, SECONDS)
    members = QUICK_MEMBERS if quick else MEMBERS
    found: dict[str, Any] = {"load": os.getloadavg()[0]}
    for kind in _kinds():
        cuts = _run(kind, "cuts", clients, seconds)
        storm = _run(kind, "storm", members, 0)
        found[kind.title] = {"cuts": cuts, "storm": storm}
        say(f"trust, {kind.title}: {json.dumps(found[kind.title])}")
    return found


def _run(kind: Kind, mode: str, count: int, seconds: int) -> dict[str, Any]:
    port = free_port()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SOLI_")
    }
    environment["NODE_PATH"] = str(NODE / "node_modules")
    with running([*kind.command, str(port)], port, environment) as pid:
        before = resident_bytes(pid)
        url = f"http://127.0.0.1:{port}"
        command = ["node", str(NODE / "trust_client.mjs"), kind.client, url, mode]
        with subprocess.Popen(
            pinned(CLIENT_CORE, [*command, str(count), str(seconds), str(SEED)]),
            stdout=subprocess.PIPE,
            text=True,
        ) as client:
            assert client.stdout is not None
            if client.stdout.readline().strip() != "connected":
                raise CannotMeasure(f"the clients of {kind.title} did not connect")
            each = (resident_bytes(pid) - before) / (count + 1)
            result: dict[str, Any] = json.loads(client.stdout.readline())
    return {**result, "bytes_per_connection": round(each)}


def resident_bytes(pid: int) -> int:
    """Memory of a process that is really there."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise CannotMeasure(f"process {pid} is gone")


def table(found: dict[str, Any]) -> str:
    """As Markdown."""
    lines = [
        "| | delivered | twice | cuts | storm: p50, last back, s | without what it missed "
        "| KB per idle connection |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for title, row in found.items():
        if title == "load":
            continue
        cuts, storm = row["cuts"], row["storm"]
        away = f" ({storm['away']} never)" if storm["away"] else ""
        lines.append(
            f"| {title} | {100 * cuts['share']:.2f} % | {cuts['twice']} | {cuts['cuts']} "
            f"| {storm['p50']:.1f}, {storm['last']:.1f}{away} "
            f"| {storm['missed']} of {storm['clients']} "
            f"| {storm['bytes_per_connection'] / 1000:.1f} |"
        )
    return "\n".join(lines)
