"""What those who run several processes see of them: readiness, metrics, logs, `soli cluster`."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from ..support.corpus import ROOT
from ..support.ports import free_port
from ..support.redis_server import RedisServer, needs_redis, redis_server
from .support import run, serving, write_files
from .test_scale_out import APP, SOLI, Client, Group, connect, spread, starting, until
from .watched import APP as WATCHED
from .watched import Samples, names_of, samples

pytest.importorskip("redis")
pytestmark = [needs_redis, pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")]

DEPLOYMENT = ROOT / "docs" / "deployment.md"
PASSWORD = "geheimnis"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    with starting(write_files(tmp_path / "chat", APP)) as one:
        yield one


def fetch(group: Group, path: str, accept: str = "text/plain") -> tuple[int, str]:
    """Status and body, over a connection of its own: any worker may answer."""
    url = group.url.replace("ws://", "http://").removesuffix("/ws") + path
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# --- readiness ---------------------------------------------------------------------------------


def test_a_process_without_its_broker_is_alive_and_not_ready(
    start: Callable[..., Group], server: RedisServer
) -> None:
    """After one lease, though nothing was refused: Redis stands still. Ready when it is back."""
    group = start("--broker", server.url, "--node-lease-seconds", "3")
    assert fetch(group, "/readyz") == (200, '{"status":"ready"}\n')
    assert fetch(group, "/healthz") == (200, '{"status":"ok","broker":"ok","store":"ok"}\n')
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        stopped = time.monotonic()
        status = fetch(group, "/readyz")[0]
        while time.monotonic() - stopped < 1:
            assert status == 200, "a lease has not passed since it answered last"
            status = fetch(group, "/readyz")[0]
        group.until(lambda: fetch(group, "/readyz")[0] == 503, "unready")
        assert fetch(group, "/readyz")[1] == '{"status":"unready","broker":"down"}\n'
        group.until(lambda: '"broker":"down","store":"down"' in fetch(group, "/healthz")[1], "told")
        assert fetch(group, "/healthz")[0] == 200
    finally:
        server.process.send_signal(signal.SIGCONT)
    group.until(lambda: fetch(group, "/readyz")[0] == 200, "ready again")
    group.until(lambda: '"broker":"ok","store":"ok"' in fetch(group, "/healthz")[1], "well again")


def test_a_process_that_drains_is_not_ready(tmp_path: Path) -> None:
    """On connections that are still there."""

    async def body() -> None:
        async with serving(tmp_path, WATCHED) as site:
            answer = await site.get("/readyz")
            assert (answer.status, answer.json) == (200, {"status": "ready"})
            assert answer.headers["Cache-Control"] == "no-store"
            await site.server.service.stop()
            answer = await site.get("/readyz")
            assert (answer.status, answer.json) == (503, {"status": "stopping"})

    run(body)


def test_a_route_of_the_app_wins_over_readyz(tmp_path: Path) -> None:
    """The path was the app's before."""
    files = {"app.soli": 'get("/readyz", "app#mine")\ndef mine\n  "mine"\nend\n'}

    async def body() -> None:
        async with serving(tmp_path, files) as site:
            assert (await site.get("/readyz")).text == "mine"

    run(body)


def test_health_tells_of_the_store(tmp_path: Path) -> None:
    """Of a file, too."""

    async def body() -> None:
        async with serving(tmp_path, WATCHED, store=f"sqlite:{tmp_path}/db") as site:
            assert (await site.get("/healthz")).json == {"status": "ok", "store": "ok"}

    run(body)


# --- metrics -----------------------------------------------------------------------------------


def total(found: Samples, name: str) -> float:
    """The sum over all labels: what `sum(NAME)` is in Prometheus."""
    return sum(value for (sample, _), value in found.items() if sample == name)


def per_worker(found: Samples, name: str) -> dict[str, float]:
    return {dict(labels)["worker"]: value for (one, labels), value in found.items() if one == name}


def test_totals_of_three_workers_add_up_whoever_answers(start: Callable[..., Group]) -> None:
    """Each process once; what all know alike, once; in both formats."""
    group = start("--workers", "3", "--metrics")

    async def work() -> None:
        async with AsyncExitStack() as stack:
            clients = await spread(stack, group.url, 3)
            await _talk(clients)
            count = len(clients)
            pages = [await asyncio.to_thread(_scrape, group) for _ in range(12)]
            for page in pages:
                assert per_worker(page, "soli_worker_up") == {"0": 1, "1": 1, "2": 1}
                assert total(page, "soli_connections") == count
                assert min(per_worker(page, "soli_connections").values()) > 0
                assert total(page, "soli_connections_opened_total") == count
                assert total(page, "soli_messages_received_total") == 4 * count
                assert total(page, "soli_messages_sent_total") == total(
                    pages[0], "soli_messages_sent_total"
                )
                assert page["soli_rooms", ()] == 1
                assert page["soli_presence_users", ()] == count
                assert total(page, "soli_handler_seconds_count") == 5 * count
                assert total(page, "soli_broker_up") == 3
            answering = {
                worker
                for before, after in itertools.pairwise(pages)
                for worker, value in per_worker(after, "soli_http_responses_total").items()
                if value != per_worker(before, "soli_http_responses_total").get(worker, 0)
            }
            assert len(answering) > 1, "several workers answered"

    asyncio.run(work())
    accept = "application/openmetrics-text; version=1.0.0"
    page = fetch(group, "/metrics", accept)[1]
    shown = {name for name in names_of(page) if name.startswith(("soli_broker", "soli_worker"))}
    section = DEPLOYMENT.read_text("utf-8").partition("<!-- metrics of several")[2]
    written = set(re.findall(r"^\| `(soli_\w+)` \|", section.partition("\n### ")[0], re.M))
    assert {name.removesuffix("_total") for name in written} == shown


async def _talk(clients: list[Client]) -> None:
    """Four messages of each, seen by all."""
    for number, one in enumerate(clients):
        for text in (f"say {number}-0", f"say {number}-1", f"track u{number}", f"say {number}-2"):
            await one.say(text)
    last = [f"{number}-2" for number in range(len(clients))]
    users = {f"u{number}" for number in range(len(clients))}
    for one in clients:
        await until(lambda one=one: set(last) <= {str(each) for each in one.got}, "seen")
        await until(lambda one=one: one.users == users, "present")
        await until(lambda one=one: len([e for e in one.got if "said" in str(e)]) == 3, "answered")


def _scrape(group: Group) -> Samples:
    status, page = fetch(group, "/metrics")
    assert status == 200
    return samples(page)


def test_a_worker_that_hangs_is_named_and_holds_nobody_up(start: Callable[..., Group]) -> None:
    """Stopped: its numbers are missing. Killed: it is no more, its successor takes its place."""
    group = start("--workers", "2", "--metrics")
    assert group.url
    pids = _workers(group)
    os.kill(pids[1], signal.SIGSTOP)
    try:
        page: Samples = {}
        for _ in range(20):  # the kernel deals connections to the stopped one, too
            began = time.monotonic()
            try:
                page = _scrape_within(group, 3)
            except OSError:
                continue
            break
        assert time.monotonic() - began < 3
        assert sorted(per_worker(page, "soli_worker_up").values()) == [0, 1]
        silent = per_worker(page, "soli_worker_up")
        assert set(per_worker(page, "soli_connections")) == {w for w in silent if silent[w]}
    finally:
        os.kill(pids[1], signal.SIGCONT)
    group.until(lambda: total(_scrape(group), "soli_worker_up") == 2, "heard again")
    os.kill(pids[1], signal.SIGKILL)
    group.until(lambda: group.text.count("worker_ready") == 3, "replaced")
    page = _scrape(group)
    assert per_worker(page, "soli_worker_up") == {"0": 1, "1": 1}


def _workers(group: Group) -> list[int]:
    """Processes of the workers, by their numbers."""
    found = re.findall(r"worker_ready worker=(\d+) pid=(\d+)", group.text)
    return [int(pid) for _, pid in sorted(found)]


def _scrape_within(group: Group, seconds: float) -> Samples:
    url = group.url.replace("ws://", "http://").removesuffix("/ws") + "/metrics"
    with urllib.request.urlopen(url, timeout=seconds) as answer:
        return samples(answer.read().decode())


# --- logs --------------------------------------------------------------------------------------


def test_lines_of_the_log_say_which_process_they_are_of(
    start: Callable[..., Group], server: RedisServer
) -> None:
    """As text and as JSON; `node` is the name that `soli cluster` shows."""
    group = start("--workers", "2")
    asyncio.run(_visit(group, 2))
    lines = re.findall(r" INFO connected .* worker=(\d) node=\S+\.(\d+)$", group.text, re.M)
    assert set(lines) == {(str(number), str(pid)) for number, pid in enumerate(_workers(group))}
    alone = start("--broker", server.url, "--log-format", "json")
    asyncio.run(_visit(alone, 0))
    line = json.loads(next(one for one in alone.text.splitlines() if '"connected"' in one))
    assert re.fullmatch(rf"[\w-]+\.{alone.process.pid}", line["node"])
    assert "worker" not in line
    assert [node["name"] for node in _listed(server.url)["nodes"]] == [line["node"]]


async def _visit(group: Group, processes: int) -> None:
    async with AsyncExitStack() as stack:
        await (spread(stack, group.url, processes) if processes else connect(stack, group.url))


# --- soli cluster ------------------------------------------------------------------------------


def cluster(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOLI, "cluster", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def _listed(url: str, app: str = "chat") -> Any:
    answer = cluster("--json", SOLI_BROKER=url, SOLI_BROKER_PREFIX=app)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_all_nodes_are_listed(
    start: Callable[..., Group], server: RedisServer, tmp_path: Path
) -> None:
    """With their connections and rooms, as they are at that moment; one that hangs is told from
    one that is well."""
    lease = ("--node-lease-seconds", "6")
    family = start("--broker", server.url, "--workers", "2", *lease)
    alone = start("--broker", server.url, *lease)

    async def work() -> None:
        async with AsyncExitStack() as stack:
            for group in (family, family, family, alone):
                await connect(stack, group.url)
            found = await asyncio.to_thread(_listed, server.url)
            assert found["app"] == "chat"
            assert found["total"] | {"log_bytes": 0} == {
                **{"nodes": 3, "machines": 1, "connections": 4, "rooms": 1, "log_bytes": 0}
            }
            nodes = found["nodes"]
            assert {(node["worker"], node["pid"]) for node in nodes} == {
                *enumerate(_workers(family)),
                (None, alone.process.pid),
            }
            for node in nodes:
                assert node["name"].endswith(f".{node['pid']}")
                assert node["rooms"] == min(1, node["connections"])
                assert node["lag_ms"] is not None
                assert 0 < node["lease_seconds"] <= 6
            by_pid = {node["pid"]: node for node in nodes}
            assert by_pid[alone.process.pid]["connections"] == 1

    asyncio.run(work())
    alone.process.send_signal(signal.SIGSTOP)
    try:
        text = cluster(str(tmp_path / "chat"), "--broker", server.url)
    finally:
        alone.process.send_signal(signal.SIGCONT)
    assert text.returncode == 0, text.stderr
    rows = {row.split()[2]: row for row in text.stdout.splitlines()[2:-1]}
    assert "no answer" in rows[str(alone.process.pid)]
    assert sum("no answer" in row for row in rows.values()) == 1
    assert text.stdout.splitlines()[0] == f"chat at {server.url}"
    assert "nodes: 3, machines: 1, connections: " in text.stdout


def test_what_cannot_be_listed(start: Callable[..., Group]) -> None:
    """Words, a status, and never the password."""
    none = cluster("--broker", f"redis://:{PASSWORD}@127.0.0.1:{free_port()}/0")
    assert (none.returncode, PASSWORD in none.stderr) == (69, False)
    assert "cannot reach redis://:***@127.0.0.1:" in none.stderr
    missing = cluster()
    assert (missing.returncode, "needs --broker redis://" in missing.stderr) == (64, True)
    odd = cluster("--broker", f"redish://:{PASSWORD}@x")
    assert (odd.returncode, PASSWORD in odd.stderr) == (64, False)
    with redis_server("--requirepass", "right", port=free_port()) as server:
        wrong = cluster("--broker", server.url.replace("//", f"//:{PASSWORD}@"))
        assert (wrong.returncode, PASSWORD in wrong.stderr) == (78, False)
        assert "wrong name or password" in wrong.stderr
        url = server.url.replace("//", "//:right@")
        group = start("--broker", url)
        assert group.url
        other = cluster("--broker", url, "--broker-prefix", "other")
        assert other.returncode == 69
        assert "no process of 'other' is registered; apps there: chat" in other.stderr
        assert len(_listed(url)["nodes"]) == 1
        group.end()
        assert cluster("--broker", url, "--broker-prefix", "chat").returncode == 69
