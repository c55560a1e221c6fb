"""The class `System`: other programs, for hosts that allow them (docs/spec §L22.3).

`System.run` and `System.shell` return their result too: waiting holds up nobody else.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import IO, TYPE_CHECKING, Any

from soli_lang.base.errors import SoliError, SoliIOError, SoliPlainTypeError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, static
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from ..ground.waiting import blocking

if TYPE_CHECKING:
    from queue import SimpleQueue

MAX_SECONDS = 60.0
MAX_OUTPUT = 8 * 1024 * 1024
"""Bytes of standard output and of standard error, each."""
MAX_ARGUMENTS = 1024
RUN_SERVICE = "run_process"
"""Host service: (argv, cwd, environment, seconds, max_output) -> awaitable of (out, err, code)."""
METACHARACTERS = frozenset("|&;<>()$`\\\"'*?[]#~=%\n!{}")

Outcome = tuple[bytes, bytes, int]
Running = tuple[list[str], str | None, dict[str, str], float, int]


@static("System", ("run_sync", "run"), Any_)
def run(machine: Machine, command: Value) -> dict[str, Value]:
    """`{"stdout", "stderr", "exit_code"}` of an argv Array, or of a String split at spaces."""
    machine.capabilities.require("processes", "System.run_sync")
    return _finished(machine, arguments_of(command), "System.run_sync")


@static("System", ("shell_sync", "shell"), String)
def shell(machine: Machine, command: str) -> dict[str, Value]:
    """Run a line that `sh -c` reads; the result is that of `System.run`."""
    machine.capabilities.require("processes", "System.shell_sync")
    return _finished(machine, ["sh", "-c", command], "System.shell_sync")


def arguments_of(command: Value) -> list[str]:
    """The argv of a command. Raises for shell syntax: nothing here is ever given to a shell."""
    if isinstance(command, str):
        if METACHARACTERS & set(command):
            raise SoliValueError(
                "System.run_sync() refuses to auto-shell a command containing shell"
                f" metacharacters: {command}"
            )
        arguments = command.split()
    elif isinstance(command, list) and all(isinstance(item, str) for item in command):
        arguments = list(command)
    else:
        raise SoliPlainTypeError(
            f"System.run_sync() expects string or array of strings, got {type_name(command)}"
        )
    if not arguments or not arguments[0]:
        raise SoliValueError("System.run_sync() got an empty command")
    if len(arguments) > MAX_ARGUMENTS or any("\0" in item for item in arguments):
        raise SoliValueError("System.run_sync() got too many arguments or a NUL character")
    return arguments


def _finished(machine: Machine, argv: list[str], user: str) -> dict[str, Value]:
    capabilities = machine.capabilities
    folder = str(capabilities.files) if capabilities.files is not None else None
    environment = {"PATH": os.defpath, **(capabilities.environment or {})}
    running: Running = (argv, folder, environment, MAX_SECONDS, MAX_OUTPUT)
    service: Callable[..., Any] | None = capabilities.services.get(RUN_SERVICE)
    try:
        if service is not None and capabilities.suspend is not None:
            outcome: Outcome = machine.suspend(service(*running), user)
        else:
            outcome = _waited_for(machine, lambda: run_process(*running), user)
    except OSError as error:
        raise SoliIOError(f"{user}() failed: {error.strerror or error}: {argv[0]}") from None
    output, errors, code = outcome
    return {"stdout": _text(output), "stderr": _text(errors), "exit_code": code}


def _waited_for(machine: Machine, run: Callable[[], Outcome], user: str) -> Outcome:
    """What *run* returns; the program does not compute meanwhile."""
    saved = machine.save()
    try:
        return blocking(machine, run, user)
    finally:
        machine.restore(saved)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def run_process(
    argv: list[str], folder: str | None, environment: dict[str, str], seconds: float, limit: int
) -> Outcome:
    """Run a program to its end: what it wrote, and its exit code.

    Raises SoliIOError when it takes longer than *seconds* or writes more than *limit* bytes to
    one stream (it is then killed, with what it started), OSError when it cannot be started.
    """
    import subprocess

    process = subprocess.Popen(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            return _collected(process, seconds, limit)
        except SoliError:
            kill_group(process.pid)
            process.kill()
            raise


def _collected(process: Any, seconds: float, limit: int) -> Outcome:
    """What *process* writes. Raises before waiting for its end, so its id stays its own."""
    from queue import Empty, SimpleQueue
    from subprocess import TimeoutExpired
    from threading import Thread

    deadline = monotonic() + seconds
    outputs = [bytearray(), bytearray()]
    ended: SimpleQueue[bool] = SimpleQueue()
    for stream, held in zip((process.stdout, process.stderr), outputs, strict=True):
        Thread(target=_read, args=(stream, held, limit, ended), daemon=True).start()
    try:
        for _ in outputs:
            # Either stream: a program that floods one and keeps the other open ends at its limit.
            if ended.get(timeout=max(0.0, deadline - monotonic())):
                raise SoliIOError(f"{process.args[0]} wrote more than {limit} bytes")
        code = int(process.wait(max(0.0, deadline - monotonic())))
    except (Empty, TimeoutExpired):
        raise SoliIOError(f"{process.args[0]} took longer than {seconds:g} seconds") from None
    return bytes(outputs[0]), bytes(outputs[1]), code


def _read(stream: IO[bytes], held: bytearray, limit: int, ended: SimpleQueue[bool]) -> None:
    """Collect what comes until the end, or until it is too much; then the writer has to wait."""
    try:
        while len(held) <= limit and (chunk := os.read(stream.fileno(), 65536)):
            held += chunk
    except (OSError, ValueError):
        pass  # closed: the program was killed meanwhile
    finally:
        ended.put(len(held) > limit)


def kill_group(pid: int) -> None:
    """Kill a process that leads its own group, and all that it started."""
    import signal

    try:
        os.killpg(pid, signal.SIGKILL)
    except (AttributeError, OSError):
        return
