"""What is measured: one process alone, a node, two nodes, and two processes of Socket.IO."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..processes import CLIENT_CORE, ROOT, SERVER_CORE, CannotMeasure, free_ports, running
from ..servers import HERE, UNLIMITED, environment_of, servers

NODE_MODULES = ROOT / "benchmarks" / "node" / "node_modules"
START_SECONDS = 10.0
BROKERS = ("redis-server", "valkey-server")
BURST = ("--message-rate", "1000000", "--message-burst", "1000000")


@dataclass(frozen=True)
class Rig:
    """Servers that are loaded as one."""

    name: str
    ports: tuple[int, ...]
    pids: tuple[int, ...]
    broker: int | None
    """The process id of their Redis."""
    path: str
    """Of a room, with %d for its number."""
    flags: tuple[str, ...] = ()
    """For the load generator."""


class Redis:
    """A Redis on a Unix socket, with nothing in it. *keeps*: its data outlive it."""

    def __init__(self, keeps: bool = False) -> None:
        found = next((path for name in BROKERS if (path := shutil.which(name))), None)
        if found is None:
            raise CannotMeasure("redis-server or valkey-server is needed")
        self._binary = found
        self._keeps = keeps
        self._folder = Path(tempfile.mkdtemp(prefix="soli-bench-"))
        self.socket = self._folder / "s"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def pid(self) -> int:
        """Of the server, which runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it, with the data that it had if it keeps them."""
        command = [self._binary, "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--dir", str(self._folder), "--save", "", "--loglevel", "warning"]
        command += ["--appendonly", "yes" if self._keeps else "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise CannotMeasure("Redis does not answer")
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """Like a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End it, and remove its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def redis(keeps: bool = False) -> Iterator[Redis]:
    """A Redis while the block runs."""
    server = Redis(keeps)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def node(
    port: int, *flags: str, core: int | None = None, app: Path = HERE / "app.soli"
) -> Iterator[int]:
    """A process of ours on *port*; its id."""
    soli = str(Path(sys.executable).with_name("soli"))
    command = [soli, "run", str(app), *UNLIMITED, "--port", str(port), *flags]
    with running(command, port, environment_of(servers()["soli"]), core) as pid:
        yield pid


@contextlib.contextmanager
def socket_io(port: int, broker: Redis, core: int | None) -> Iterator[int]:
    """A process of Socket.IO on *port*; its id."""
    if not (NODE_MODULES / "socket.io").is_dir():
        raise CannotMeasure("Socket.IO is missing: run `make bench`, which installs it")
    command = ["node", str(HERE / "socket_io.cjs"), str(port), str(broker.socket)]
    environment: Mapping[str, str] = {
        **environment_of(servers()["node"]),
        "NODE_PATH": str(NODE_MODULES),
    }
    with running(command, port, environment, core) as pid:
        yield pid


def versions() -> dict[str, str]:
    """Of what is not ours."""
    binary = next((path for name in BROKERS if (path := shutil.which(name))), "redis-server")
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    package = json.loads((NODE_MODULES / "socket.io" / "package.json").read_text("utf-8"))
    number = next(word for word in said.split() if word.startswith("v="))
    return {"broker": f"{said.split()[0]} {number[2:]}", "socket.io": package["version"]}


CORES = (SERVER_CORE, CLIENT_CORE)
SIO = "/socket.io/?EIO=4&transport=websocket&room=%d"
ROOMS, KEPT = "/ws/rooms/%d", "/ws/kept/%d"
Server = contextlib.AbstractContextManager[int]


@contextlib.contextmanager
def all_rigs() -> Iterator[dict[str, Rig]]:
    """All of them; those that meet have a Redis of their own. Who is not loaded does nothing."""
    with contextlib.ExitStack() as stack:
        one, two, three, four = (stack.enter_context(redis()) for _ in range(4))
        ports = free_ports(8)
        kept = HERE / "kept.soli"
        pids = _started(
            stack,
            [
                node(ports[0], core=SERVER_CORE),
                node(ports[1], "--broker", one.url, core=SERVER_CORE),
                *(node(ports[2 + i], "--broker", two.url, core=CORES[i]) for i in (0, 1)),
                *(socket_io(ports[4 + i], three, CORES[i]) for i in (0, 1)),
                *(
                    node(ports[6 + i], "--broker", four.url, core=CORES[i], app=kept)
                    for i in (0, 1)
                ),
            ],
        )
        yield {
            "alone": Rig("alone", (ports[0],), (pids[0],), None, ROOMS),
            "node": Rig("node", (ports[1],), (pids[1],), one.pid, ROOMS),
            "pair": Rig("pair", tuple(ports[2:4]), tuple(pids[2:4]), two.pid, ROOMS),
            # The first of these is loaded, the second has nobody in these rooms and is measured.
            "bystander": Rig("bystander", (ports[2],), (pids[3],), two.pid, ROOMS),
            "socket.io": Rig(
                "socket.io", tuple(ports[4:6]), tuple(pids[4:6]), three.pid, SIO, ("--sio",)
            ),
            "keeping": Rig("keeping", tuple(ports[6:]), tuple(pids[6:]), four.pid, KEPT),
        }


def _started(stack: contextlib.ExitStack, servers: Sequence[Server]) -> list[int]:
    """Their process ids; they are started at the same time, and end with *stack*."""
    with ThreadPoolExecutor(len(servers)) as pool:
        pids = [pool.submit(server.__enter__) for server in servers]
    for server, pid in zip(servers, pids, strict=True):
        if pid.exception() is None:
            stack.push(server)
    return [pid.result() for pid in pids]
