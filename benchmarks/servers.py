"""The servers that are compared, each as its own documentation shows it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from .processes import ROOT, CannotMeasure, build

HERE = Path(__file__).resolve().with_name("servers")
NODE_MODULES = ROOT / "tests" / "node" / "node_modules"
"""Git-ignored; `make bench` installs it from the lock file."""

UNLIMITED = (
    *("--message-rate", "1000000", "--message-burst", "1000000", "--byte-rate", "0"),
    *("--connect-rate", "0", "--connect-rate-per-ip", "0", "--max-connections-per-ip", "0"),
)
"""The rate limit stays in the path; it is set so high that nobody meets it."""


@dataclass(frozen=True)
class Server:
    """How to start a server, and where its routes are."""

    name: str
    title: str
    command: tuple[str, ...]
    prefix: str = ""
    port_flag: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, port: int, flags: tuple[str, ...]) -> list[str]:
        """The command line that serves on *port*."""
        return [*self.command, *self.port_flag, str(port), *flags]


def servers() -> dict[str, Server]:
    """All of them by name. Raises CannotMeasure when a yardstick is missing."""
    if not (NODE_MODULES / "ws").is_dir():
        raise CannotMeasure("Node's ws is missing: run `make setup`, or `make bench`")
    python = sys.executable
    soli = str(Path(python).with_name("soli"))
    found = (
        Server(
            "soli",
            "Soli handler",
            (soli, "run", str(HERE / "app.soli"), *UNLIMITED),
            prefix="/ws",
            port_flag=("--port",),
        ),
        Server("python", "Python handler on our sockets", (python, str(HERE / "ws_layer_echo.py"))),
        Server(
            "node",
            "Node ws",
            ("node", str(HERE / "node_ws.cjs")),
            environment={"NODE_PATH": str(NODE_MODULES)},
        ),
        Server("aiohttp", "aiohttp as it comes", (python, str(HERE / "aiohttp_stock.py"))),
        Server("websockets", "websockets", (python, str(HERE / "websockets_stock.py"))),
        Server("c", "C, epoll", (str(build("csrv")),)),
    )
    return {server.name: server for server in found}


def environment_of(server: Server) -> dict[str, str]:
    """The environment that a server runs in: ours, without settings of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOLI_")}
    return {**kept, **server.environment}


def versions() -> dict[str, str]:
    """What was measured, on what."""
    package = json.loads((NODE_MODULES / "ws" / "package.json").read_text("utf-8"))
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return {
        "soli": _revision(),
        "python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "uvloop": version("uvloop"),
        "websockets": version("websockets"),
        "node": node.stdout.strip(),
        "ws": package["version"],
        "kernel": platform.release(),
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
    }


def commit() -> str:
    """The commit that is measured, `-dirty` when files differ; empty where there is none."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


def _revision() -> str:
    """Our version, and the commit where there is one."""
    revision = commit()
    return version("soli-lang") + (f" ({revision})" if revision else "")


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
