"""Several workers under a parent: real processes, killed, stopped and renewed.

What they say to each other is not the matter here: each serves its own rooms.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
import websockets

from ..support.corpus import ROOT
from ..support.ports import free_port
from .support import write_files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")

APP = {
    "app.soli": """get("/who", "app#who")
router_websocket("/ws", "app#handle")
def who
  { "status": 200, "body": System.run_sync(["sh", "-c", "echo $PPID"])["stdout"] }
end
def handle(event)
  return { "send": event["message"] } if event["type"] == "message"
  {}
end
"""
}

BREATH_SECONDS = 0.003
"""Between two requests of a visitor: without it they keep a core from those that are renewed."""


class Family:
    """A parent and its workers, from outside."""

    def __init__(self, app: Path, count: int = 3, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.parent", str(count), str(port), str(app)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, (what, self.text)
            time.sleep(0.02)

    @property
    def text(self) -> str:
        return "".join(list(self.lines))

    @property
    def url(self) -> str:
        self.until(lambda: "listening on" in self.text or self.process.poll() is not None, "url")
        found = re.search(r"listening on (\S+)", self.text)
        assert found is not None, self.text
        return found[1]

    def who(self) -> int:
        """The process that answers a new connection."""
        with urlopen(self.url + "/who", timeout=10) as answer:
            return int(answer.read())

    def workers(self) -> set[int]:
        """Processes of the parent's that live now."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return {int(word) for word in Path(path).read_text().split()}

    def end(self) -> None:
        workers = self.workers() if self.process.poll() is None else set()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for pid in workers:  # one that a test stopped holds the pipe that is read until its end
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        for pid in workers:
            wait_for_end(pid)


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < deadline, f"{pid} lives on"
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Family]]:
    app = write_files(tmp_path, APP)
    families: list[Family] = []

    def one(count: int = 3, port: int = 0, path: Path = app) -> Family:
        family = Family(path, count, port)
        families.append(family)
        return family

    yield one
    for family in families:
        family.end()


def test_all_workers_serve_one_port(start: Callable[..., Family]) -> None:
    """The address is told once, when all accept; connections come to all of them."""
    family = start()
    url = family.url
    assert family.text.count("worker_ready") == 3
    assert family.text.count("listening on") == 1
    assert len(family.workers()) == 3
    served = Counter(family.who() for _ in range(60))
    assert set(served) == family.workers()
    assert url.startswith("http://127.0.0.1:")


def test_a_killed_worker_is_replaced(start: Callable[..., Family]) -> None:
    """Nobody who connects meanwhile is turned away, and the others live on."""
    family = start(2)
    assert family.url
    before = family.workers()
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    served = {family.who() for _ in range(20)}
    family.until(lambda: family.text.count("worker_ready") == 3, "replaced")
    assert "worker_died" in family.text
    after = family.workers()
    assert victim not in after | served
    assert len(after) == 2
    assert len(after & before) == 1
    assert served <= after


def test_an_address_that_is_taken(start: Callable[..., Family]) -> None:
    """Also by another family, though the kernel would let both have it."""
    first = start(2)
    port = int(first.url.rpartition(":")[2])
    second = start(2, port)
    assert second.process.wait(20) == 71
    second.until(lambda: "Address already in use" in second.text, "said")
    assert first.who() in first.workers()


def test_workers_end_with_their_parent(start: Callable[..., Family]) -> None:
    """Even when it is killed; they drain as if they had been told to stop."""
    family = start(2)
    assert family.url
    workers = family.workers()
    family.process.kill()
    for pid in workers:
        wait_for_end(pid)


def test_stopping_drains_all(start: Callable[..., Family]) -> None:
    """Connections of all workers are closed with 1001, and the parent ends with 0."""
    family = start(2)
    closes = asyncio.run(_closes(family, 6, lambda: family.process.send_signal(signal.SIGTERM)))
    assert closes == [1001] * 6
    assert family.process.wait(20) == 0


def test_a_worker_that_hangs_is_replaced(
    start: Callable[..., Family], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its event loop stands still: it is killed, and its requests go to another."""
    monkeypatch.setenv("TEST_MISSED_BEATS", "4")
    family = start(2)
    before = (family.url, family.workers())[1]
    hung = min(before)
    os.kill(hung, signal.SIGSTOP)
    family.until(lambda: f"worker_hung pid={hung}" in family.text, "it is told of")
    family.until(lambda: hung not in family.workers() and len(family.workers()) == 2, "replaced")
    family.until(lambda: family.text.count("worker_ready") >= 3, "ready")
    assert {family.who() for _ in range(20)} <= family.workers()


def test_renewing_replaces_all_one_by_one(start: Callable[..., Family]) -> None:
    """Connections are closed with 1012; no new one fails meanwhile."""
    family = start(2)
    before = (family.url, family.workers())[1]
    failed: list[object] = []
    served: set[int] = set()
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            try:
                served.add(family.who())
            except OSError as error:
                failed.append(error)
            time.sleep(BREATH_SECONDS)

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    try:
        closes = asyncio.run(_closes(family, 4, lambda: family.process.send_signal(signal.SIGHUP)))
        family.until(lambda: "renewed workers=2" in family.text, "renewed")
        family.until(lambda: served >= family.workers(), "both of the new ones serve")
    finally:
        stop.set()
        for visitor in visitors:
            visitor.join()
    assert closes == [1012] * 4
    assert failed == []
    assert family.workers() & before == set()
    assert len(family.workers()) == 2
    assert "worker_died" not in family.text


def test_a_worker_that_only_begins_is_renewed_too(start: Callable[..., Family]) -> None:
    """It may have read its files before they were changed."""
    family = start(2)
    found = (family.url, re.search(r"worker_ready worker=0 pid=(\d+)", family.text))[1]
    assert found is not None, family.text
    first = int(found[1])
    os.kill(first, signal.SIGKILL)
    family.until(lambda: len(family.workers() - {first}) == 2, "another begins")
    before = family.workers()
    family.process.send_signal(signal.SIGHUP)
    family.until(lambda: "renewed workers=2" in family.text, "renewed")
    assert family.workers() & before == set()


def test_who_connected_before_a_renewal_is_answered(start: Callable[..., Family]) -> None:
    """The request comes when the process that accepted the connection has begun to stop."""
    family = start(2)
    address = (str(urlsplit(family.url).hostname), int(urlsplit(family.url).port or 0))
    visitors = [socket.create_connection(address, timeout=20) for _ in range(8)]
    family.process.send_signal(signal.SIGHUP)
    family.until(lambda: "stopping" in family.text, "a worker stops")
    answers = []
    for visitor in visitors:
        visitor.sendall(b"GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    for visitor in visitors:
        with visitor, visitor.makefile("rb") as answer:
            answers.append(answer.readline().split()[1])
    assert answers == [b"200"] * 8


def test_open_lines_outlive_a_renewal(start: Callable[..., Family]) -> None:
    """Requests on them are answered until one answer says that it is the last (RFC 9112 9.6)."""
    family = start(2)
    address = urlsplit(family.url).netloc
    stop, failed, ends = threading.Event(), list[object](), list[int]()

    def ask() -> None:
        line = http.client.HTTPConnection(address, timeout=20)
        while not stop.is_set():
            try:
                line.request("GET", "/who")
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                failed.append(error)
                line.close()
                continue
            if answer.status != 200:
                failed.append(answer.status)
            if answer.will_close:  # the next request opens another line
                ends.append(1)
            time.sleep(BREATH_SECONDS)
        line.close()

    visitors = [threading.Thread(target=ask) for _ in range(6)]
    for visitor in visitors:
        visitor.start()
    try:
        for count in (1, 2):
            family.process.send_signal(signal.SIGHUP)
            family.until(lambda: family.text.count("renewed workers=2") == count, "renewed")  # noqa: B023
    finally:
        stop.set()
        for visitor in visitors:
            visitor.join()
    assert failed == []
    assert len(ends) >= 2 * len(visitors) - 2


def test_a_worker_that_dies_while_all_are_renewed(start: Callable[..., Family]) -> None:
    """It is replaced as whoever dies; the others are renewed all the same."""
    family = start(2)
    before = (family.url, family.workers())[1]
    first = re.search(r"worker_ready worker=0 pid=(\d+)", family.text)
    assert first is not None
    os.kill(int(first[1]), signal.SIGKILL)
    family.process.send_signal(signal.SIGHUP)
    family.until(lambda: "renewed workers=2" in family.text, "renewed")
    family.until(lambda: not family.workers() & before, "all are new")
    family.until(lambda: len(family.workers()) == 2, "as many as before")
    assert "renewal_stopped" not in family.text


def test_stopping_while_renewing(start: Callable[..., Family]) -> None:
    """Old workers and new ones end, whatever they were about."""
    family = start(2)
    assert family.url
    family.process.send_signal(signal.SIGHUP)
    family.until(lambda: len(family.workers()) == 3, "one more for a while")
    workers = family.workers()
    family.process.send_signal(signal.SIGTERM)
    assert family.process.wait(20) == 0
    for pid in workers:
        wait_for_end(pid)


async def _closes(family: Family, count: int, act: Callable[[], None]) -> list[int | None]:
    """The codes with which *count* connections are closed after *act*."""
    address = family.url.replace("http", "ws", 1) + "/ws"
    clients = [await websockets.connect(address, proxy=None) for _ in range(count)]
    for client in clients:
        await client.send("here")
        assert await client.recv() == "here"
    act()
    await asyncio.wait_for(asyncio.gather(*(client.wait_closed() for client in clients)), 20)
    return [client.close_code for client in clients]


def test_a_program_that_does_not_parse_ends_it_at_once(
    start: Callable[..., Family], tmp_path: Path
) -> None:
    """With the status of the worker: it would fail the same way again."""
    broken = tmp_path / "broken.soli"
    broken.write_text("def (")
    family = start(2, 0, broken)
    assert family.process.wait(20) == 65


def test_three_deaths_at_start_are_enough(start: Callable[..., Family], tmp_path: Path) -> None:
    """Status 70; nothing is left running."""
    dying = tmp_path / "dying.soli"
    dying.write_text('System.run_sync(["sh", "-c", "kill -9 $PPID"])\n')
    family = start(2, free_port(), dying)
    assert family.process.wait(30) == 70
    family.until(lambda: "3 workers died before they were ready" in family.text, "said")


def test_a_worker_that_keeps_dying_is_not_started_in_a_hurry(
    start: Callable[..., Family], tmp_path: Path
) -> None:
    """After all were ready once, the others serve on and the pauses grow."""
    counting = tmp_path / "counting.soli"
    marker = tmp_path / "broken"
    counting.write_text(
        'System.run_sync(["sh", "-c", "kill -9 $PPID"]) if File.exists("broken")\n'
        'get("/who", "counting#who")\n'
        'def who\n  System.run_sync(["sh", "-c", "echo $PPID"])["stdout"]\nend\n'
    )
    family = start(2, 0, counting)
    assert family.url
    marker.write_text("")
    os.kill(min(family.workers()), signal.SIGKILL)
    killed = time.monotonic()
    family.until(lambda: family.text.count("worker_died") >= 2, "it is tried again")
    time.sleep(max(0.0, killed + 4 - time.monotonic()))
    assert family.process.poll() is None
    assert family.text.count("worker_died") <= 2 + time.monotonic() - killed
    marker.unlink()
    family.until(lambda: family.text.count("worker_ready") == 3, "recovered")


def test_the_start_names_variables_that_each_process_has_for_itself(tmp_path: Path) -> None:
    app = APP["app.soli"].replace("def handle(event)\n", "n = 0\ndef handle(event)\n  n += 1\n")
    write_files(tmp_path, {"app.soli": app})
    command = [sys.executable, "-m", "soli_runtime.cli", "run", str(tmp_path)]
    started = subprocess.Popen(
        [*command, "--workers", "2", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline().startswith("listening on ")
    started.terminate()
    said = [line for line in started.communicate(timeout=30)[1].splitlines() if "n is a" in line]
    place = f"{tmp_path / 'app.soli'}:8:3"
    text = "n is a variable of each process; keep it in the room [process-variable]"
    assert said == [f"soli: {place}: warning: {text}"]
