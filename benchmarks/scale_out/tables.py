"""What was measured of several processes, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from ..processes import ROOT, CannotMeasure
from . import ratios
from .ratios import LOADS

MOST_SHARE = 0.15
MOST_TRIP_MS = 0.5
LEAST_SINGLY, LEAST_BATCHED = 30_000, 80_000
MOST_BACK, MOST_LEASE, MOST_TOLD = 1.0, 12.0, 0.2
RIGS = ("alone", "node", "pair", "keeping")
MOST_SHARE_KEPT = 0.3


BEGIN, END = "<!-- begin: scale-out -->\n", "<!-- end: scale-out -->\n"


def publish(results: dict[str, Any]) -> None:
    """Put the tables into docs/performance.md, between the marks that are there."""
    page = ROOT / "docs" / "performance.md"
    before, found, rest = page.read_text("utf-8").partition(BEGIN)
    _, ends, after = rest.partition(END)
    if not found or not ends:
        raise CannotMeasure(f"docs/performance.md has lost its marks: {BEGIN}{END}")
    text = f"{_taken(results)}\n\n{tables(results['scale-out'])}\n"
    page.write_text(before + BEGIN + text + END + after, "utf-8")


def _taken(results: dict[str, Any]) -> str:
    named, found = results["versions"], results["scale-out"]
    return (
        f"Taken {results['taken']}, {found['rounds']} rounds, medians: {named['cores']} cores "
        f"({named['cpu']}, virtual), Linux {named['kernel']}, Soli {named['soli']}, CPython "
        f"{named['python']}, {found['broker']}, Node {named['node']}, Socket.IO "
        f"{found['socket.io']}."
    )


def tables(found: dict[str, Any]) -> str:
    """All of it."""
    parts = [_costs(found["ratios"]), _aims(found), _against(found["ratios"])]
    return "\n\n".join([*parts, _churn(found["churn"]), _returning(found["returning"])])


def _costs(rows: ratios.Rows) -> str:
    lines = [
        "| CPU per message (µs) | one process | one node, Redis | two nodes, Redis "
        "| two nodes with history, Redis |",
        "|---|--:|--:|--:|--:|",
    ]
    for load in LOADS:
        if load.name == "bystander":
            continue
        cells = []
        for rig in RIGS:
            if rig not in load.rigs:
                cells.append("–")
                continue
            cell = f"{ratios.of(rows, load.name, rig):.2f}"
            if rig != "alone":
                cell += f", {ratios.of(rows, load.name, rig, 'also_us_per_msg'):.2f}"
            cells.append(cell)
        lines.append(f"| {load.title} | {' | '.join(cells)} |")
    own = ratios.of(rows, "bystander", "bystander") * ratios.per_publish("bystander")
    lines += [
        "",
        f"A node with nobody in the rooms in which another one's members talk takes {own:.2f} µs "
        "of CPU for each message.",
    ]
    return "\n".join(lines)


def _aims(found: dict[str, Any]) -> str:
    lines = ["| | measured | lowest and highest | aim | met |", "|---|--:|--:|--:|---|"]
    rows = found["ratios"]
    for load in LOADS:
        if load.at_least is not None:
            values = ratios.cpu_ratio(rows, load.name, "node")
            name = f"CPU without ÷ with a broker: {load.title}"
            lines.append(_line(name, values, load.at_least, at_least=True))
    for load in LOADS:
        if load.at_least is not None and "pair" in load.rigs:
            for rig, name, most in (
                ("pair", "two nodes", MOST_SHARE),
                ("keeping", "two nodes with history", MOST_SHARE_KEPT),
            ):
                values = ratios.broker_share(rows, load.name, rig)
                title = f"CPU of Redis ÷ of {name}: {load.title}"
                lines.append(_line(title, values, most))
    for rig, name in (("node", "one node"), ("pair", "two nodes")):
        pairs = zip(rows["two"]["alone"], rows["two"][rig], strict=True)
        values = [(b["p50_us"] - a["p50_us"]) / 1000 for a, b in pairs]
        lines.append(_line(f"extra round trip, {name}, p50, ms", values, MOST_TRIP_MS))
    for name, least in (("singly", LEAST_SINGLY), ("batched", LEAST_BATCHED)):
        values = found["throughput"][name]
        title = f"trackings per second of Redis' CPU, {name}"
        lines.append(_line(title, values, least, at_least=True, digits=0))
    for name, title, most in (
        ("back", "working again after Redis is back, s", MOST_BACK),
        ("back empty", "the same, and it lost all data, s", MOST_BACK),
        ("lease", "a killed node is seen by others: its lease of 9 s ends, s", MOST_LEASE),
        ("told", "a killed worker: its parent tells, s", MOST_TOLD),
    ):
        if found["faults"][name]:
            lines.append(_line(title, found["faults"][name], most))
    return "\n".join(lines)


def _line(
    name: str, values: Sequence[float], aim: float, *, at_least: bool = False, digits: int = 2
) -> str:
    middle = median(values)
    is_met = middle >= aim if at_least else middle <= aim
    sign = "≥" if at_least else "≤"
    spread = f"{min(values):,.{digits}f} – {max(values):,.{digits}f}" if len(values) > 1 else ""
    met = "yes" if is_met else "**no**"
    return f"| {name} | {middle:,.{digits}f} | {spread} | {sign} {aim:,g} | {met} |"


def _against(rows: ratios.Rows) -> str:
    lines = [
        "| two processes on one Redis | messages per CPU second, Redis included: Soli, Socket.IO "
        "| × | p50, ms | p99, ms |",
        "|---|--:|--:|--:|--:|",
    ]
    for load in LOADS:
        if "socket.io" not in load.rigs:
            continue
        ours, theirs = (
            ratios.per_cpu_second(rows, load.name, rig) for rig in ("pair", "socket.io")
        )
        times = [
            ", ".join(
                f"{ratios.of(rows, load.name, rig, key) / 1000:.1f}"
                for rig in ("pair", "socket.io")
            )
            for key in ("p50_us", "p99_us")
        ]
        lines.append(
            f"| {load.title} | {ours:,.0f}, {theirs:,.0f} | {ours / theirs:.1f} "
            f"| {' | '.join(times)} |"
        )
    return "\n".join(lines)


def _churn(found: dict[str, Any]) -> str:
    lines = [
        "| members that come and go, two publishers | lost | twice | saw another order |",
        "|---|--:|--:|--:|",
    ]
    for name, it in found.items():
        lines.append(
            f"| {name} | {it['lost']:,} of {it['expected']:,} | {it['twice']} "
            f"| {it['misordered']} of {it['members']} |"
        )
    return "\n".join(lines)


def _returning(rows: Sequence[dict[str, Any]]) -> str:
    row = sorted(rows, key=lambda each: float(each["seconds"]))[len(rows) // 2]
    grown = (row["rss_after_kb"] - row["rss_before_kb"]) / row["members"]
    return (
        f"{row['members']:,} members in {row['rooms']} rooms whose node is killed come back to the "
        f"other one at once, each with a position; {row['said']} messages were said in each room "
        f"meanwhile. All are served after {row['seconds']:.1f} s (p50 {row['p50_ms']:,.0f} ms, p99 "
        f"{row['p99_ms']:,.0f} ms), with {row['server_cpu_s']:.1f} s of CPU of the node, "
        f"{row['also_cpu_s']:.2f} s of Redis, and {grown:.1f} KB of memory each. Missing: "
        f"{row['lost']} messages, twice or out of order: {row['wrong']}, told that not all is "
        f"there: {row['not_recovered']}. (Median of {len(rows)}.)"
    )
