"""What is put under load and faults: nodes on a Redis, or workers behind one port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..support.constants import environment
from ..support.live import ROOT
from ..support.redis_server import RedisServer

APP = Path(__file__).with_name("app.soli")
START_SECONDS = 90.0
FLAGS = (
    "--port", "0", "--shutdown-seconds", "3", "--message-rate", "0", "--connect-rate", "0",
    "--connect-rate-per-ip", "0",
)  # fmt: skip


class Served:
    """One `soli run` and what it printed."""

    def __init__(self, folder: Path, name: str, command: list[str]) -> None:
        self.path = folder / f"{name}-{time.monotonic_ns()}.log"
        with self.path.open("w") as out:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment(presence_resync_seconds=0.2)},
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def url(self) -> str:
        """Where it listens; empty as long as it does not."""
        found = re.search(r"listening on http(\S+)", self.text)
        return f"ws{found[1]}/ws" if found else ""

    async def ready(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while not self.url:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            await asyncio.sleep(0.01)
        return self.url

    def signal(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def end(self) -> int:
        """SIGTERM, and its exit status."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(10)


class Nodes:
    """*count* nodes on a Redis of their own, which keeps its data when it is killed."""

    def __init__(
        self,
        lease: float,
        count: int = 3,
        sabotage: str = "",
        flags: tuple[str, ...] = (),
        app: Path = APP,
    ) -> None:
        self._app = app
        self.lease = lease
        self._flags = flags
        self.folder = Path(tempfile.mkdtemp(prefix="soli-jepsen-"))
        self.redis = RedisServer(keeps=True)
        self.served: dict[str, Served] = {}
        self._module = ["tests.jepsen.sabotage", sabotage] if sabotage else ["soli_runtime.cli"]
        self.names = [f"n{number}" for number in range(count)]
        self.texts: list[str] = []
        """What those printed that are gone."""

    async def start(self) -> None:
        for name in self.names:
            self.launch(name)
        for name in self.names:
            await self.served[name].ready()

    def launch(self, name: str) -> None:
        self.let_in(name)
        url = f"unix://{self._way(name)}"
        broker = ("--broker", url, "--node-lease-seconds", str(self.lease))
        command = [
            sys.executable,
            "-m",
            *self._module,
            "run",
            str(self._app),
            *FLAGS,
            *broker,
            *self._flags,
        ]
        self.served[name] = Served(self.folder, name, command)

    def url(self, name: str) -> str:
        return self.served[name].url

    def node_of(self, name: str, pid: str) -> str:
        """The node of a connection: where it went."""
        return name

    def kill(self, name: str) -> None:
        served = self.served[name]
        served.process.kill()
        served.process.wait(10)
        self.texts.append(served.text)

    def signal(self, name: str, number: int) -> None:
        self.served[name].signal(number)

    # Redis

    def signal_redis(self, number: int) -> None:
        assert self.redis.process is not None
        self.redis.process.send_signal(number)

    def _way(self, name: str) -> Path:
        """The socket of Redis, as a node knows it."""
        return self.redis.folder / name

    def let_in(self, name: str) -> None:
        """A node reaches Redis from now on."""
        if not self._way(name).is_symlink():
            self._way(name).symlink_to(self.redis.socket)

    def cut_off(self, name: str) -> None:
        """A node does not reach Redis any more, until it is let in again."""
        self._way(name).unlink()
        with contextlib.suppress(OSError):
            self.cut_clients()

    def cut_clients(self) -> None:
        """All connections of nodes to Redis."""
        tell(self.redis.socket, b"CLIENT KILL TYPE normal\r\nCLIENT KILL TYPE pubsub\r\n")

    async def restart_redis(self, *, data: Path | None = None, keeps: bool = True) -> None:
        """Kill it, and start it with the data it has, with those of *data*, or with none."""
        self.redis.kill()
        own = self.redis.folder / "appendonlydir"
        if not keeps:
            shutil.rmtree(own, ignore_errors=True)
        if data is not None:
            shutil.copytree(data, own)
        await asyncio.to_thread(self.redis.start)

    def copy_data(self) -> Path:
        """The data of Redis as they are now."""
        copy = self.folder / f"data-{time.monotonic_ns()}"
        shutil.copytree(self.redis.folder / "appendonlydir", copy)
        return copy

    def end(self) -> str:
        """All that was printed. Every process must have ended well."""
        try:
            with contextlib.suppress(OSError):
                self.signal_redis(signal.SIGCONT)
            statuses = {name: served.end() for name, served in self.served.items()}
            text = "".join([*self.texts, *(served.text for served in self.served.values())])
        finally:
            for served in self.served.values():
                if served.process.poll() is None:
                    served.process.kill()
                    served.process.wait(10)
            self.redis.close()
            shutil.rmtree(self.folder, ignore_errors=True)
        assert set(statuses.values()) == {0}, (statuses, text[-4000:])
        return text


class Workers:
    """A parent, its workers, and their private Redis."""

    def __init__(self, lease: float, count: int = 3) -> None:
        self.lease = lease
        self.count = count
        self.folder = Path(tempfile.mkdtemp(prefix="soli-jepsen-"))
        self.served: Served | None = None

    @property
    def parent(self) -> Served:
        assert self.served is not None
        return self.served

    async def start(self) -> None:
        flags = ("--workers", str(self.count), "--node-lease-seconds", str(self.lease))
        command = [sys.executable, "-m", "soli_runtime.cli", "run", str(APP), *FLAGS, *flags]
        self.served = Served(self.folder, "parent", command)
        await self.parent.ready()

    @property
    def names(self) -> list[str]:
        return ["any"]

    def url(self, name: str) -> str:
        return self.parent.url

    def node_of(self, name: str, pid: str) -> str:
        """The node of a connection: the process that said hello."""
        return pid

    def workers(self) -> list[str]:
        """Processes that serve now."""
        return [pid for pid, command in self._children() if "soli_runtime" in command]

    def _children(self) -> Iterator[tuple[str, str]]:
        parent = self.parent.process.pid
        for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            with contextlib.suppress(OSError):
                yield pid, Path(f"/proc/{pid}/cmdline").read_text()

    def renewals(self) -> int:
        """How many have ended, well or not."""
        return len(re.findall(r"\b(?:renewed|renewal_stopped) worker", self.parent.text))

    def kill(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(name), signal.SIGKILL)

    def signal(self, name: str, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(name), number)

    def _redis(self) -> tuple[int, Path] | None:
        for pid, command in self._children():
            if "soli_runtime" not in command:
                found = re.search(r"/[^\0]*\.sock[^\0]*|(?<=unixsocket\0)[^\0]+", command)
                return int(pid), Path(found[0]) if found else Path()
        return None

    def signal_redis(self, number: int) -> None:
        found = self._redis()
        if found is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(found[0], number)

    def cut_clients(self) -> None:
        found = self._redis()
        if found is not None:
            with contextlib.suppress(OSError):
                tell(found[1], b"CLIENT KILL TYPE normal\r\n")

    def end(self) -> str:
        """All that was printed. It must have ended well."""
        self.signal_redis(signal.SIGCONT)
        for pid in self.workers():
            self.signal(pid, signal.SIGCONT)
        status = self.parent.end()
        text = self.parent.text
        shutil.rmtree(self.folder, ignore_errors=True)
        assert status == 0, text[-4000:]
        return text


def tell(path: Path, commands: bytes) -> None:
    """Say *commands* to the Redis behind a Unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(str(path))
        client.sendall(commands)
        with contextlib.suppress(OSError):
            client.recv(256)
