"""What others notice while one client does its worst: real servers, default settings.

The bounds are many times what is measured (`python -m benchmarks.fairness`), as machines are busy;
without the rules of `ws.fair` each of them is exceeded several times.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from benchmarks.fairness import (
    APP,
    ATTACKS,
    ENDLESS,
    Address,
    Attack,
    frame,
    handshake,
    serving,
    waits,
    websocket,
)

from ..support.live import SOLI, serve
from .hostile import close_code, raw, text
from .support import receive, run
from .support import serving as served

load = pytest.mark.load

SECONDS = 2.5
MOST_SECONDS = 1.0


@load
@pytest.mark.parametrize("attack", ATTACKS[1:], ids=lambda attack: attack.name)
def test_others_hardly_wait(attack: object) -> None:
    """However messages come, and over however many connections; half of the echoes at once."""
    with serving(str(SOLI)) as address:
        found = sorted(waits(address, attack, SECONDS))  # type: ignore[arg-type]
    assert found[len(found) // 2] < 0.1
    assert found[-1] < MOST_SECONDS


def test_messages_that_had_to_wait_keep_their_order(tmp_path: Path) -> None:
    """None is lost, though the client hung up meanwhile."""
    app = """router_websocket("/ws", "app#handle")
seen = []

def handle(event)
  if event["type"] == "message"
    return { "send": seen.join(",") } if event["message"] == "seen"
    i = 0
    while i < 5000
      i = i + 1
    end
    seen.push(event["message"])
  end
  {}
end
"""

    async def scenario() -> None:
        async with served(tmp_path, {"app.soli": app}) as site:
            async with raw(site) as client:
                client.send(b"".join(text(str(number)) for number in range(200)))
            async with site.connect("/ws") as client:
                expected = ",".join(map(str, range(200)))
                for _ in range(100):
                    await client.send("seen")
                    if await receive(client) == expected:
                        break
                else:
                    raise AssertionError("messages are missing, or out of order")

    run(scenario)


def test_who_runs_into_limits_is_closed(tmp_path: Path) -> None:
    """After three calls, with 1008, and the log names the handler."""

    async def scenario() -> None:
        async with served(tmp_path, {"app.soli": APP}, slow_handler_cpu_percent=0) as site:
            async with raw(site) as client:
                client.send(text(ENDLESS) * 2)
                client.send(text("fine"))
                assert await client.frame() == (0x81, b"fine")
                client.send(text(ENDLESS))
                assert await close_code(client) == 1008
            await site.until(lambda: site.counts["closed_by_policy"] == 1)
            assert "cause=work code=1008" in site.log
            assert "handler=app#handle" in site.log

    run(scenario)


def test_actions_that_run_into_limits_are_paced(tmp_path: Path) -> None:
    """They wait for longer and longer, and none is refused; other handlers answer as before."""

    async def scenario() -> None:
        async with served(tmp_path, {"app.soli": APP}) as site:
            started = time.perf_counter()
            assert [(await site.get("/heavy")).status for _ in range(4)] == [500] * 4
            assert time.perf_counter() - started > 3 * 0.5
            assert (await site.get("/plain")).status == 200
            assert "held_back reason=limit handler=app#heavy" in site.log
            assert "a limit ended one of its calls" in site.log

    run(scenario)


@load
def test_who_hangs_up_behind_much_work_stops_nobody() -> None:
    """What came before the end is still handled, in slices like everything else."""

    def attack(address: Address) -> None:
        with websocket(address) as line:
            line.sendall(frame("work 100000") * 900)  # several seconds of it
            time.sleep(0.5)
        time.sleep(4)

    with serving(str(SOLI)) as address:
        found = sorted(waits(address, Attack("hang up", attack), SECONDS))
    assert found[len(found) // 2] < 0.1
    assert found[-1] < MOST_SECONDS


CROWDS = """router_websocket("/ws", "app#handle")

def work(n)
  i = 0
  while i < n
    i = i + 1
  end
end

def handle(event)
  query = event["query"] ?? {}
  if event["type"] == "connect"
    work(200000) if query["heavy"] == "connect"
    return {}
  end
  if event["type"] == "disconnect"
    work(200000) if query["heavy"] == "disconnect"
    return {}
  end
  if event["message"] == "nap"
    sleep(0.3)
    work(200000)
  end
  { "send": event["message"] }
end
"""
"""Work of 30 ms wherever a handler can do it."""

CROWD = 60


def _all_nap(address: Address) -> None:
    """Handlers that wait, and are all woken at the same time."""
    with ExitStack() as stack:
        lines = [stack.enter_context(websocket(address)) for _ in range(CROWD)]
        for line in lines:
            line.sendall(frame("nap"))
        for line in lines:
            line.recv(100)


def _all_go(address: Address) -> None:
    """All hang up at the same time."""
    with ExitStack() as stack:
        for _ in range(CROWD):
            stack.enter_context(websocket(address, "/ws?heavy=disconnect"))
    time.sleep(3)


def _all_come(address: Address) -> None:
    """All connect at the same time."""
    with ExitStack() as stack:
        lines = []
        for _ in range(CROWD):
            line = stack.enter_context(socket.create_connection(address, timeout=60))
            line.sendall(handshake("/ws?heavy=connect"))
            lines.append(line)
        for line in lines:
            line.recv(4096)


@load
@pytest.mark.parametrize("attack", [_all_nap, _all_go, _all_come])
def test_work_beside_messages_has_its_turn_too(
    tmp_path: Path, attack: Callable[[Address], None]
) -> None:
    """What comes after a wait, at the end and at the beginning; in one go it is two seconds."""
    app = tmp_path / "app.soli"
    app.write_text(CROWDS, "utf-8")
    with serve(app) as server:
        host, port = server.url.removeprefix("http://").split(":")
        found = waits((host, int(port)), Attack(attack.__name__, attack), SECONDS)
    assert sorted(found)[len(found) // 2] < 0.1
    assert max(found) < 0.6


@load
def test_newcomers_do_not_stand_behind_those_who_ran_into_limits() -> None:
    """Fifteen connections that each send one endless message, and then who comes and says hello."""
    with serving(str(SOLI)) as address:
        burners = [websocket(address) for _ in range(15)]
        for line in burners:
            line.sendall(frame(ENDLESS))
        found = []
        for _ in range(20):
            started = time.perf_counter()
            with websocket(address) as line:
                line.sendall(frame("hello"))
                assert line.recv(100).endswith(b"hello")
            found.append(time.perf_counter() - started)
            time.sleep(0.1)
        for line in burners:
            line.close()
    assert sorted(found)[len(found) // 2] < 0.2
    assert max(found) < MOST_SECONDS


@load
def test_a_stop_keeps_its_deadline(tmp_path: Path) -> None:
    """Under the worst that one client can do, with handlers for `disconnect` that never end."""
    app = tmp_path / "app.soli"
    loop = '  if event["type"] == "disconnect"\n    while true\n    end\n  end\n'
    app.write_text(APP.replace("def handle(event)\n", "def handle(event)\n" + loop), "utf-8")
    lines: list[socket.socket] = []
    with serve(app, "--shutdown-seconds", "2") as server:
        host, port = server.url.removeprefix("http://").split(":")
        lines += [websocket((host, int(port))) for _ in range(50)]
        for line in lines:
            line.sendall(frame("work 30000") * 100)
        time.sleep(0.2)
        start = time.perf_counter()
        server.stop()  # one signal: a second one would end it at once
        assert time.perf_counter() - start < 2 + 3
    for line in lines:
        line.close()


def test_a_log_that_is_not_read_stops_nobody(tmp_path: Path) -> None:
    """Each request writes a line; a pipe holds some hundreds."""
    app = tmp_path / "app.soli"
    app.write_text(APP, "utf-8")
    process = subprocess.Popen(
        [SOLI, "run", app, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        host, port = process.stdout.readline().split("//")[1].strip().split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            for _ in range(3000):
                line.sendall(b"GET /plain HTTP/1.1\r\nHost: x\r\n\r\n")
                assert line.recv(4096)
    finally:
        with suppress(OSError):
            process.kill()
        process.communicate()
