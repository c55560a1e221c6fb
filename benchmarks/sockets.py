"""Measuring sockets: interleaved rounds, one fresh server per row, disturbed rows thrown away."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

from .processes import CLIENT_CORE, CannotMeasure, build, free_port, pinned, running
from .scenarios import Scenario, Target
from .servers import Server, environment_of

MAX_OTHER_PERCENT = 12.0
"""CPU that foreign processes may take, of two cores, before a row is thrown away."""
MAX_CLIENT_PERCENT = 95.0
"""Beyond it the load generator was what limited the row."""
ATTEMPTS = 3
ROW_SECONDS = 180.0
QUICK_SECONDS = 0.5
ROUNDS_OF = {"aiohttp": 2, "websockets": 2}
"""Nothing is aimed at for these; two rounds say where they are."""

Row = dict[str, Any]
Say = Callable[[str], None]


def load(url: str, mode: str, options: Sequence[str], pid: int) -> Row:
    """Run the load generator once. Raises CannotMeasure when it found an error."""
    command = [str(build("wsload")), mode, url, *options, "--pid", str(pid)]
    done = subprocess.run(
        pinned(CLIENT_CORE, command), capture_output=True, text=True, timeout=ROW_SECONDS
    )
    try:
        row: Row = json.loads(done.stdout)
    except ValueError:
        raise CannotMeasure(f"{' '.join(command)}: {done.stderr.strip()}") from None
    if row["errors"] and not row["slow"]:
        raise CannotMeasure(f"{' '.join(command)}: {row['errors']} errors: {row['first_error']}")
    return row | {
        "p99_ms": row["p99_us"] / 1000,
        "kb_per_connection": row["rss_per_conn_bytes"] / 1024,
    }


def measure_once(scenario: Scenario, server: Server, seconds: float, strict: bool) -> Row:
    """One row, from a server started for it; *strict*: say why it does not count, if so."""
    port = free_port()
    flags = scenario.flags.get(server.name, ())
    with running(server.start(port, flags), port, environment_of(server)) as pid:
        url = f"ws://127.0.0.1:{port}{server.prefix}{scenario.path}"
        row = load(url, scenario.mode, [*scenario.options, "-s", str(seconds)], pid)
    return row | {"fault": fault_of(row, scenario) if strict else ""}


def fault_of(row: Row, scenario: Scenario) -> str:
    """Why a row does not count; empty when it does."""
    # Memory, and the CPU time of doing next to nothing, do not depend on who else computes.
    if scenario.mode == "idle":
        return ""
    if row["other_pct"] > MAX_OTHER_PERCENT:
        return f"disturbed ({row['other_pct']:.0f} % of other processes)"
    if row["client_cpu_pct"] > MAX_CLIENT_PERCENT and row["server_cpu_pct"] < MAX_CLIENT_PERCENT:
        return "the client was the bottleneck"
    return ""


def measure(
    scenarios: Sequence[Scenario],
    servers: dict[str, Server],
    rounds: int,
    *,
    quick: bool = False,
    say: Say = print,
) -> dict[str, dict[str, list[Row]]]:
    """Rows by scenario and server; in every round each server has its turn in each scenario.

    *quick*: short, once, and whatever else goes on.
    """
    rows: dict[str, dict[str, list[Row]]] = {
        scenario.name: {name: [] for name in scenario.servers} for scenario in scenarios
    }
    for turn in range(rounds):
        for scenario in scenarios:
            if turn >= scenario.max_rounds:
                continue
            for name in scenario.servers:
                if turn >= ROUNDS_OF.get(name, turn + 1):
                    continue
                if quick:
                    row = measure_once(scenario, servers[name], QUICK_SECONDS, strict=False)
                else:
                    row = _repeated(scenario, servers[name])
                rows[scenario.name][name].append(row)
                note = f"  ({row['fault']})" if row["fault"] else ""
                shown = f"{row[scenario.key]:12,.1f} {scenario.unit}"
                say(f"{turn + 1}/{rounds} {scenario.name:13} {name:10} {shown}{note}")
    return rows


def _repeated(scenario: Scenario, server: Server) -> Row:
    """A row that counts, or the last of some attempts."""
    for _ in range(ATTEMPTS):
        row = measure_once(scenario, server, scenario.seconds, strict=True)
        if "disturbed" not in row["fault"]:
            break
    return row


# --- figures -----------------------------------------------------------------------------------


def median(rows: Sequence[Row], key: str) -> float | None:
    """The median of the rows that count."""
    values = [row[key] for row in rows if not row["fault"]]
    return statistics.median(values) if values else None


def ratio(rows: dict[str, list[Row]], key: str, over: str, under: str) -> float | None:
    """The median of the rounds' ratios, of rounds in which both rows count."""
    pairs = zip(rows.get(over, []), rows.get(under, []), strict=False)
    found = [a[key] / b[key] for a, b in pairs if not a["fault"] and not b["fault"] and b[key]]
    return statistics.median(found) if found else None


def is_met(target: Target, found: float | None) -> bool | None:
    """Whether a ratio is what was aimed at; None when it could not be measured."""
    if found is None:
        return None
    return found <= target.ratio if target.at_most else found >= target.ratio
