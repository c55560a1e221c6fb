"""Results as a table that fits into a terminal and into Markdown."""

from __future__ import annotations

import statistics
from typing import Any

from . import actions, sockets, trust
from .scale_out import tables as scale_out
from .scenarios import SCENARIOS, Scenario

COLUMNS = ("soli", "python", "node", "aiohttp", "websockets", "c")
TITLES = ("Soli handler", "Python handler", "Node `ws`", "aiohttp", "`websockets`", "C")


def table(results: dict[str, Any]) -> str:
    """Everything that *results* has, as Markdown."""
    parts = [_versions(results), _commits(results), _sockets(results), _cpu(results)]
    parts += [_targets(results), _special(results), _programs(results)]
    if "http" in results:
        parts.append(actions.table(results["http"]))
    if "trust" in results:
        parts.append(trust.table(results["trust"]))
    if "scale-out" in results:
        parts.append(scale_out.tables(results["scale-out"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _versions(results: dict[str, Any]) -> str:
    named = ", ".join(f"{name} {text}" for name, text in results.get("versions", {}).items())
    return f"Measured {results.get('taken', '?')}: {named}."


def _commits(results: dict[str, Any]) -> str:
    """Which parts are of which commit, as docs/performance.md says it."""
    parts: dict[tuple[str, str], list[str]] = {}
    for part, found in results.get("figures of", {}).items():
        parts.setdefault((found["commit"], found["hot path"]), []).append(part)
    return "\n".join(
        f"Figures of {commit}, hot path {hot_path}: {', '.join(names)}."
        for (commit, hot_path), names in parts.items()
    )


def figure(value: float | None) -> str:
    """A number with as many digits as it deserves."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _sockets(results: dict[str, Any]) -> str:
    lines = [f"| | unit | {' | '.join(TITLES)} |", "|---|---|" + "--:|" * len(TITLES)]
    for scenario in SCENARIOS:
        rows = results.get("sockets", {}).get(scenario.name)
        if not rows:
            continue
        cells = [figure(sockets.median(rows.get(name, []), scenario.key)) for name in COLUMNS]
        lines.append(f"| {scenario.title} | {scenario.unit} | {' | '.join(cells)} |")
    return "\n".join(lines) if len(lines) > 2 else ""


def _cpu(results: dict[str, Any]) -> str:
    """Microseconds of server CPU per message, all rows: steady where others compute, too."""
    lines = [f"| CPU per message (µs) | {' | '.join(TITLES)} |", "|---|" + "--:|" * len(TITLES)]
    for scenario in SCENARIOS:
        rows = results.get("sockets", {}).get(scenario.name)
        if not rows or scenario.key != "msgs_s":
            continue
        cells = []
        for name in COLUMNS:
            values = [row["cpu_us_per_msg"] for row in rows.get(name, [])]
            cells.append(f"{statistics.median(values):.2f}" if values else "–")
        lines.append(f"| {scenario.title} | {' | '.join(cells)} |")
    return "\n".join(lines) if len(lines) > 2 else ""


def _targets(results: dict[str, Any]) -> str:
    lines = ["| target | measured | aim | rounds | met |", "|---|--:|--:|--:|---|"]
    for scenario in SCENARIOS:
        rows = results.get("sockets", {}).get(scenario.name)
        if rows:
            lines += _targets_of(scenario, rows)
    return "\n".join(lines) if len(lines) > 2 else ""


def _targets_of(scenario: Scenario, rows: dict[str, Any]) -> list[str]:
    lines = []
    for target in scenario.targets:
        found = sockets.ratio(rows, scenario.key, target.server, target.yardstick)
        sign = "≤" if target.at_most else "≥"
        lines.append(
            f"| {scenario.title}: {target.server} / {target.yardstick} | {_times(found)} "
            f"| {sign} {target.ratio:g} | {_counting(rows, target.server)} "
            f"| {_yes(sockets.is_met(target, found))} |"
        )
    if scenario.at_most is not None:
        value = sockets.median(rows["soli"], scenario.key)
        met = None if value is None else value <= scenario.at_most
        lines.append(
            f"| {scenario.title}: soli | {figure(value)} {scenario.unit} "
            f"| ≤ {scenario.at_most:g} | {_counting(rows, 'soli')} | {_yes(met)} |"
        )
    return lines


def _counting(rows: dict[str, Any], server: str) -> str:
    """How many of the rounds count."""
    found = rows.get(server, [])
    return f"{sum(1 for row in found if not row['fault'])} of {len(found)}"


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f}"


def _yes(met: bool | None) -> str:
    return {None: "not measured", True: "yes", False: "**no**"}[met]


def _special(results: dict[str, Any]) -> str:
    lines = []
    if "presence" in results:
        found = results["presence"]
        lines.append(
            f"Presence: {found['users']:,} users joined one channel in "
            f"{found['join_seconds']:.1f} s ({found['joins_per_second']:.0f}/s), "
            f"{found['kb_per_connection']:.1f} KB each; then "
            f"{found['visits_per_second']:.0f} visits/s (join and leave, each told to everybody), "
            f"99th percentile {found['visit_p99_ms']:.0f} ms."
        )
    for name, rows in results.get("slow", {}).items():
        row = sorted(rows, key=lambda item: item["rate_ratio"])[len(rows) // 2]
        lines.append(
            f"Slow readers, {name}: the others keep {row['rate_ratio']:.2f} of their rate, RSS "
            f"grows by {row['growth_mb']:.1f} MB (without stalled ones: "
            f"{row['calm_growth_mb']:.1f}), {row['closed']} of {row['stalled']} were closed."
        )
    return "\n".join(lines)


def _programs(results: dict[str, Any]) -> str:
    lines = ["| program | × CPython | aim | met |", "|---|--:|--:|---|"]
    for found in results.get("programs", {}).values():
        met = _yes(found["ratio"] <= found["at_most"])
        lines.append(
            f"| {found['title']} | {found['ratio']:.1f} | ≤ {found['at_most']:g} | {met} |"
        )
    if "start" in results:
        found = results["start"]
        met = _yes(found["wall_ms"] <= 120)
        lines.append(f"| `soli run hello.soli` | {found['wall_ms']:.0f} ms | ≤ 120 ms | {met} |")
    return "\n".join(lines) if len(lines) > 2 else ""
