"""Members whose node is killed, and who all come back to another at once, with resume."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

from ..processes import CLIENT_CORE, SERVER_CORE, CannotMeasure, build, free_ports, pinned
from ..servers import HERE
from .rigs import node, redis

MEMBERS, ROOMS = 5_000, 50
QUICK_MEMBERS = 500
ROW_SECONDS = 150.0


def measure(
    rounds: int, say: Callable[[str], None], *, quick: bool = False
) -> list[dict[str, Any]]:
    """What the load generator found, round by round."""
    found = []
    for _ in range(rounds):
        found.append(_once(QUICK_MEMBERS if quick else MEMBERS))
        say(f"returning: {found[-1]}")
    return found


def _once(members: int) -> dict[str, Any]:
    here, there = free_ports(2)
    app = HERE / "kept.soli"
    with (
        redis() as broker,
        node(here, "--broker", broker.url, app=app) as first,
        node(there, "--broker", broker.url, app=app, core=SERVER_CORE) as second,
    ):
        url = f"ws://127.0.0.1:{here}/ws/kept/%d?resume=1"
        command = [str(build("wsload")), "resume", url, "-c", str(members), "--rooms", str(ROOMS)]
        command += ["-k", str(members), "--channel", "kept:%d", "--port2", str(there)]
        command += ["--kill", str(first), "--pid", str(second), "--also", str(broker.pid)]
        done = subprocess.run(
            pinned(CLIENT_CORE, command), capture_output=True, text=True, timeout=ROW_SECONDS
        )
    try:
        row: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise CannotMeasure(f"{' '.join(command)}: {done.stderr.strip()}") from None
    return row
