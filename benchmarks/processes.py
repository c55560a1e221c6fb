"""Processes of a measurement: pinned to a core, started when they listen, ended by their id."""

from __future__ import annotations

import contextlib
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = Path(__file__).resolve().with_name("out")
TOOLS = Path(__file__).resolve().with_name("tools")
SERVER_CORE, CLIENT_CORE = 0, 1
WANTED_FILES = 65_536
START_SECONDS = 20.0


class CannotMeasure(Exception):
    """Something that a measurement needs is missing or failed. The text says what."""


def build(name: str) -> Path:
    """Compile `tools/NAME.c` unless that was done; returns the program."""
    source, program = TOOLS / f"{name}.c", OUT / "bin" / name
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise CannotMeasure("a C compiler is needed (gcc)")
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-w", "-o", str(program), str(source)], check=True)
    return program


def raise_file_limit() -> int:
    """Let this process and its children open many sockets; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in ((WANTED_FILES, max(hard, WANTED_FILES)), (hard, hard)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, wanted)
            return wanted[0]
    return soft


def pinned(core: int | None, command: Sequence[str]) -> list[str]:
    """*command*, kept on one core; None: on any."""
    if core is None:
        return list(command)
    return ["taskset", "-c", str(core), *command]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> list[int]:
    """As many, all different."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@contextlib.contextmanager
def running(
    command: Sequence[str],
    port: int,
    environment: Mapping[str, str],
    core: int | None = SERVER_CORE,
) -> Iterator[int]:
    """A server on *port*, pinned; yields its process id once it accepts connections."""
    log = OUT / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(core, command),
            cwd=ROOT,
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_listening(process, port, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.unlink()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise CannotMeasure(f"the server did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")
