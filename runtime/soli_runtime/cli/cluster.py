"""`soli cluster [PATH]`: the processes of an app that meet in a broker, and how it is with them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from ..serving.processes.cluster_status import ClusterStatus, NodeStanding, fetch_status
from ..settings import ENDING, IN_MEMORY, SETTINGS, Setting, SettingError
from ..stores.errors import CannotOpen
from .arguments import Parser
from .exits import OK, UsageError
from .run_options import app_name
from .tables import columns

HEADINGS = (
    *("NODE", "HOST", "PID", "WORKER", "VERSION"),
    *("CONNECTIONS", "ROOMS", "ENTRIES BEHIND", "MS BEHIND", "LEASE"),
)


def main(arguments: list[str]) -> int:
    """List the nodes of an app. The exit status."""
    parser = Parser(
        prog="soli cluster",
        description="List the processes of an app that share a broker: connections, rooms with "
        "members there, the lag behind the log, and the rest of the lease.",
    )
    parser.add_argument(
        "path", metavar="PATH", nargs="?", default=".", help="the app, for its folder's name"
    )
    for name in ("broker", "app_name"):
        setting = _setting(name)
        parser.add_argument(setting.flag, metavar=setting.kind.upper(), help=setting.help)
    parser.add_argument("--broker-prefix", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parsed = parser.parse_args(arguments)
    url = _value("broker", parsed.broker)
    if url == IN_MEMORY:
        raise UsageError("soli cluster needs --broker redis://HOST:PORT/N, or SOLI_BROKER")
    chosen = _value("broker_prefix", parsed.broker_prefix) or _value("app_name", parsed.app_name)
    app = chosen or app_name(Path(parsed.path))
    try:
        standing = asyncio.run(fetch_status(url, app))
    except CannotOpen as error:
        sys.stderr.write(f"soli: {error}\n")
        return error.status
    sys.stdout.write(_as_json(standing) if parsed.json else _as_text(standing))
    return OK


def _setting(name: str) -> Setting:
    return next(setting for setting in (*SETTINGS, *ENDING) if setting.name == name)


def _value(name: str, flag: str | None) -> str:
    setting = _setting(name)
    text, source = flag, setting.flag
    if text is None:
        text, source = os.environ.get(setting.variable), setting.variable
    try:
        return str(setting.default if text is None else setting.parse(text, source))
    except SettingError as error:
        raise UsageError(error.message) from None


def _as_text(standing: ClusterStatus) -> str:
    rows = [HEADINGS, *map(_row, standing.nodes)]
    return (
        f"{standing.app} at {standing.broker}\n"
        + columns(rows)
        + f"nodes: {len(standing.nodes)}, machines: {standing.machines}, "
        f"connections: {standing.connections}, rooms: {standing.rooms}, "
        f"bytes in the log: {standing.log_bytes}\n"
    )


def _row(node: NodeStanding) -> tuple[str, ...]:
    known = (node.host, node.pid, node.worker, node.version, node.connections, node.rooms)
    return (
        node.name,
        *("-" if value is None else str(value) for value in known),
        str(node.lag_entries),
        "no answer" if node.lag_ms is None else str(node.lag_ms),
        f"{node.lease_seconds:.1f} s",
    )


def _as_json(standing: ClusterStatus) -> str:
    answer: dict[str, Any] = {
        "app": standing.app,
        "broker": standing.broker,
        "nodes": [
            {name: getattr(node, name) for name in NodeStanding.record_fields}
            for node in standing.nodes
        ],
        "total": {
            "nodes": len(standing.nodes),
            "machines": standing.machines,
            "connections": standing.connections,
            "rooms": standing.rooms,
            "log_bytes": standing.log_bytes,
        },
    }
    return json.dumps(answer, indent=2) + "\n"
