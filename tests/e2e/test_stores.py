"""What must outlive a process: real servers, killed, over every store that keeps."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from ..support.constants import smaller
from ..support.ports import free_port
from ..support.redis_server import RedisServer, certificate_of, needs_redis, redis_server
from .support import run, serving, write_files

APP = {
    "config/routes.soli": """post("/count", "app#count")
post("/jobs/:what", "app#enqueue")
get("/seen", "app#seen")
get("/dead", "app#dead")
post("/again", "app#again")
get("/lines", "app#lines")
TickJob.schedule_cron("tick", "* * * * * *")
""",
    "app/jobs/all_jobs.soli": """class SlowJob
  static def perform(args)
    KV.incr("slow begun")
    sleep(30) if KV.get("slow begun") == "1"
    KV.incr("slow done")
  end
end
class FailJob
  static def perform(args)
    throw "no such luck" if KV.get("luck").nil?
    KV.incr("failed done")
  end
end
class TickJob
  static def perform(args)
    KV.incr("ticks")
  end
end
""",
    "app/controllers/app_controller.soli": """def count
  session_set("n", (session_get("n") ?? 0) + 1)
  limiter = RateLimiter.new({"key": "all", "limit": 3, "window": 600})
  { "session": session_get("n"), "kv": KV.incr("n"), "allowed": limiter.allowed(),
    "cached": Cache.fetch("first", 600) do KV.get("n") end, "driver": session_driver() }
end
def enqueue
  return { "id": SlowJob.perform_later() } if params["what"] == "slow"
  { "id": FailJob.perform_later(null, { "max_retries": 0 }) }
end
def seen
  { "begun": KV.get("slow begun"), "done": KV.get("slow done"), "failed": KV.get("failed done"),
    "ticks": KV.get("ticks") }
end
def dead
  { "dead": Job.dead().map(|job| [job["name"], job["error"], job["id"]]) }
end
def again
  KV.set("luck", 1)
  { "again": Job.dead().map(|job| Job.retry(job["id"])) }
end
def lines
  { "lines": Cron.list().map(|line| line["name"]) }
end
""",
}


class Process:
    """`soli run` in a process of its own."""

    def __init__(self, root: Path, *flags: str) -> None:
        command = [sys.executable, "-m", "soli_runtime.cli", "run", str(root), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.url = self._listening()

    def _listening(self) -> str:
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if found := re.search(r"listening on (\S+)", line):
                return found[1]
        raise AssertionError("".join(lines))

    def ask(self, method: str, path: str, cookie: str = "") -> tuple[Any, str]:
        """The JSON of an answer, and the session's cookie."""
        request = Request(self.url + path, method=method, headers={"Cookie": cookie})
        with urlopen(request, timeout=10) as answer:
            cookies = (answer.headers["Set-Cookie"] or cookie).partition(";")[0]
            return json.loads(answer.read() or b"null"), cookies

    def get(self, path: str) -> Any:
        return self.ask("GET", path)[0]

    def until(self, path: str, condition: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + 20
        while not condition(found := self.get(path)):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found

    def end(self, number: int = signal.SIGKILL) -> str:
        """End it by a signal; what it wrote."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        output = self.process.communicate(timeout=20)[0]
        return str(output)


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=needs_redis)])
def store(request: Any, tmp_path: Path) -> Iterator[str]:
    """The URL of a store that is empty."""
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'app.db'}"
        return
    with redis_server() as server:
        yield server.url


@pytest.fixture
def start(tmp_path: Path, store: str) -> Iterator[Callable[..., Process]]:
    """Starts servers of the app over the store; they end with the test."""
    root = write_files(tmp_path / "app", APP)
    started: list[Process] = []

    def one(*flags: str) -> Process:
        process = Process(root, "--store", store, *flags)
        started.append(process)
        return process

    with smaller(job_lease_seconds=1):
        yield one
    for process in started:
        process.end()


def test_a_killed_server_forgets_nothing(start: Callable[..., Process], store: str) -> None:
    """Sessions, KV, cache and limits go on where they were."""
    first = start()
    before, cookie = first.ask("POST", "/count")
    kind = store.partition(":")[0].replace("unix", "redis")
    assert before == {"session": 1, "kv": 1, "allowed": True, "cached": "1", "driver": kind}
    first.ask("POST", "/count", cookie)
    first.end()
    second = start()
    after, same = second.ask("POST", "/count", cookie)
    assert after == {"session": 3, "kv": 3, "allowed": True, "cached": "1", "driver": kind}
    assert same == cookie
    assert second.ask("POST", "/count", cookie)[0]["allowed"] is False


def test_a_job_that_ran_when_the_server_was_killed_runs_again(
    start: Callable[..., Process],
) -> None:
    """Once its lease is over; to its end."""
    first = start()
    first.ask("POST", "/jobs/slow")
    first.until("/seen", lambda seen: seen["begun"] == "1")
    first.end()
    seen = start().until("/seen", lambda seen: seen["done"] is not None)
    assert (seen["begun"], seen["done"]) == ("2", "1")


def test_a_stopping_server_gives_its_jobs_back(start: Callable[..., Process]) -> None:
    """Another begins them at once: nothing was lost, so nothing is counted against them."""
    with smaller(job_lease_seconds=60):
        first, second = start(), None
    first.ask("POST", "/jobs/slow")
    first.until("/seen", lambda seen: seen["begun"] == "1")
    assert "job_lease_lost" not in first.end(signal.SIGTERM)
    with smaller(job_lease_seconds=60):
        second = start()
    assert second.until("/seen", lambda seen: seen["done"] is not None)["begun"] == "2"


def test_dead_jobs_are_kept_and_run_again(start: Callable[..., Process]) -> None:
    """After a restart as before."""
    first = start()
    first.ask("POST", "/jobs/fail")
    first.until("/dead", lambda found: found["dead"] != [])
    first.end()
    second = start()
    ((name, error, _),) = second.get("/dead")["dead"]
    assert (name, error) == ("FailJob", "no such luck")
    assert second.ask("POST", "/again")[0] == {"again": [True]}
    second.until("/seen", lambda seen: seen["failed"] == "1")
    assert second.get("/dead") == {"dead": []}


def test_a_cron_line_runs_once_for_all_servers(start: Callable[..., Process]) -> None:
    """Every second, whoever is there; kept over a kill."""
    servers = [start() for _ in range(3)]
    servers[0].until("/seen", lambda seen: int(seen["ticks"] or 0) >= 1)
    begin, first = time.time(), int(servers[0].get("/seen")["ticks"])
    servers.pop(0).end()
    time.sleep(3)
    ticks = int(servers[0].until("/seen", lambda seen: int(seen["ticks"]) > first)["ticks"]) - first
    assert ticks <= time.time() - begin + 2
    assert servers[1].get("/lines") == {"lines": ["tick"]}


def test_a_script_leaves_its_jobs_to_the_server(
    start: Callable[..., Process], store: str, tmp_path: Path
) -> None:
    """It ends at once; whoever serves the app runs them."""
    server = start()
    server.until("/seen", lambda seen: seen["ticks"] is not None)
    script = tmp_path / "app" / "later.soli"
    script.write_text('KV.set("luck", 1)\nJob.enqueue("FailJob")\nprint(KV.get("luck"))\n')
    ended = soli("run", str(script), "--store", store)
    assert (ended.returncode, ended.stdout) == (0, "1\n")
    server.until("/seen", lambda seen: seen["failed"] == "1")


COUNTING = {
    "app.soli": """class OnceJob
  static def perform(args)
    KV.incr("run " + args.to_string)
  end
end
post("/count", "app#count")
post("/job/:n", "app#enqueue")
get("/all", "app#all")
def count
  { "n": KV.incr("n") }
end
def enqueue
  { "id": Job.enqueue("OnceJob", int(params["n"])) }
end
def all
  { "n": KV.get("n"), "runs": range(0, 60).map(|i| KV.get("run " + i.to_string)) }
end
"""
}


def test_what_was_answered_is_kept_whenever_the_server_is_killed(
    tmp_path: Path, store: str
) -> None:
    """Each answered count is in the counter, and each answered job runs, at least once."""
    root = write_files(tmp_path / "app", COUNTING)
    counted, enqueued, asked = 0, set[int](), 0
    for life in range(4):
        with smaller(job_lease_seconds=1):
            process = Process(root, "--store", store)
        process.get("/all")  # however long that takes, it answers from now on
        killer = threading.Timer(0.15 + 0.1 * life, process.process.kill)
        killer.start()
        try:
            while asked < 15 * (life + 1):
                process.ask("POST", "/count")
                counted += 1
                process.ask("POST", f"/job/{asked}")
                enqueued.add(asked)
                asked += 1
        except (OSError, HTTPException):
            asked += 1  # whether this one was kept nobody knows
        killer.join()
        process.end()
    with smaller(job_lease_seconds=1):
        process = Process(root, "--store", store)
    try:
        found = process.until(
            "/all", lambda found: all(found["runs"][number] is not None for number in enqueued)
        )
    finally:
        process.end()
    assert counted <= int(found["n"] or 0) <= counted + 4
    assert enqueued, "nothing was answered before the first kill"


# --- what cannot be opened ------------------------------------------------------------------------


def soli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "soli_runtime.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def refused(tmp_path: Path, store: str, *flags: str) -> tuple[int, str]:
    """Status and words with which `soli run` refuses a store."""
    (tmp_path / "a.soli").write_text('print("ran")')
    ended = soli("run", str(tmp_path / "a.soli"), "--store", store, *flags)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    "url", ["postgres://x", "redis:x", "sqlite:", "sqlite::memory:", "", "unix://", "Memory"]
)
def test_a_store_of_no_kind_is_wrong_usage(tmp_path: Path, url: str) -> None:
    """With what there is."""
    status, text = refused(tmp_path, url)
    assert status == 64
    assert "--store: expected memory, sqlite:PATH, redis://HOST:PORT/N" in text


def test_files_that_are_no_store(tmp_path: Path) -> None:
    """Nothing is changed in them."""
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at" * 30)
    import sqlite3

    for name, statement in (
        ("other.db", "CREATE TABLE mine (x)"),
        ("newer.db", f"PRAGMA application_id = {0x536F6C69}"),
    ):
        db = sqlite3.connect(tmp_path / name)
        db.execute(statement)
        db.execute("PRAGMA user_version = 99")
        db.close()
    for name, words in (
        ("text.db", "text.db: not a SQLite database"),
        ("other.db", "other.db: a database of something else, not a store of Soli"),
        ("newer.db", "newer.db: a store of a newer Soli (version 99; this one knows up to"),
        ("none/x.db", "x.db: there is no such folder"),
    ):
        before = (tmp_path / name).read_bytes() if "none" not in name else b""
        status, text = refused(tmp_path, f"sqlite:{tmp_path / name}")
        assert (status, text.count("\n")) == (78, 1), text
        assert words in text
        if before:
            # All but the header's note that the journal is a log (two bytes, and a counter).
            assert (tmp_path / name).read_bytes()[100:] == before[100:]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux")
def test_a_full_store_is_said_and_survived(tmp_path: Path) -> None:
    """A program gets an error that it can catch; what was there stays."""
    program = tmp_path / "fill.soli"
    program.write_text("""KV.set("kept", "here")
text = "x" * 100000
i = 0
try
  while i < 100
    KV.set("k" + str(i), text)
    i = i + 1
  end
catch e
  print(e["message"])
end
print(i > 3, KV.get("kept"))
KV.delete("k0")
KV.set("again", "there is room")
print(KV.get("again"))
""")
    path = tmp_path / "small.db"
    ended = soli("run", str(program), "--store", f"sqlite:{path}", "--sqlite-max-bytes", "1000000")
    assert ended.stderr == ""
    assert ended.stdout == (
        f"the store is full: {path} (disk, or limit: sqlite-max-bytes is 1000000)\n"
        "true here\nthere is room\n"
    )


def test_nobody_listens(tmp_path: Path) -> None:
    """Status 69: it may come back."""
    status, text = refused(tmp_path, f"redis://someone:secret@127.0.0.1:{free_port()}/0")
    assert status == 69
    assert text.startswith("soli: cannot reach redis://someone:***@127.0.0.1:")
    assert "secret" not in text


@needs_redis
def test_a_wrong_password(tmp_path: Path) -> None:
    """Status 78: it will not get better."""
    port = free_port()
    with redis_server("--requirepass", "right", port=port):
        for url in (f"redis://:wrong@127.0.0.1:{port}/0", f"redis://127.0.0.1:{port}/0"):
            status, text = refused(tmp_path, url)
            assert status == 78, text
            assert "wrong name or password" in text
            assert ":wrong@" not in text
        (tmp_path / "b.soli").write_text('print(KV.incr("n"))')
        good = soli(
            "run", str(tmp_path / "b.soli"), "--store", f"redis://:right@127.0.0.1:{port}/0"
        )
        assert good.stdout == "1\n", good.stderr


@needs_redis
def test_redis_over_tls(tmp_path: Path) -> None:
    """Certificates are checked: by those of the system, or those that the URL names."""
    certificate, key = certificate_of(tmp_path)
    port = free_port()
    tls = ("--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    options = ("--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no")
    (tmp_path / "d.soli").write_text('print(KV.incr("n"))')
    with redis_server(*tls, *options):
        url = f"rediss://localhost:{port}/0"
        good = soli("run", str(tmp_path / "d.soli"), "--store", f"{url}?ssl_ca_certs={certificate}")
        assert good.stdout == "1\n", good.stderr
        status, text = refused(tmp_path, url)
        assert status == 69
        assert "certificate verify failed" in text


@needs_redis
def test_data_of_a_newer_version(tmp_path: Path) -> None:
    """Are left alone."""
    from redis import Redis

    with redis_server() as server:
        with Redis.from_url(server.url) as client:
            client.set("{soli:1:shop}:stores", "2")
        status, text = refused(tmp_path, server.url, "--store-prefix", "shop")
        assert status == 78
        assert "of a newer Soli (version 2; this one knows up to 1); nothing was changed" in text
        assert refused_nothing(tmp_path, server)


def refused_nothing(tmp_path: Path, server: RedisServer) -> bool:
    """Another prefix is another store."""
    (tmp_path / "c.soli").write_text('print(KV.get("x"))')
    return soli("run", str(tmp_path / "c.soli"), "--store", server.url).stdout == "null\n"


# --- while it serves ------------------------------------------------------------------------------

KEEPING = {
    "app.soli": """get("/n", "app#n")
router_websocket("/ws", "app#handle")
def n
  { "n": KV.incr("n") }
end
def handle(event)
  return { "send": KV.incr("n").to_string } if event["type"] == "message"
  {}
end
"""
}


LOADING = {
    "app.soli": """KV.incr("loaded")
get("/loaded", "app#loaded")
def loaded
  { "loaded": KV.get("loaded"), "version": 1 }
end
"""
}


def test_a_program_may_use_the_store_while_it_is_loaded(tmp_path: Path, store: str) -> None:
    """At start and at each reload, on whatever loop that is."""
    root = write_files(tmp_path / "app", LOADING)
    process = Process(root, "--store", store, "--dev")
    try:
        assert process.get("/loaded") == {"loaded": "1", "version": 1}
        root.write_text(LOADING["app.soli"].replace('"version": 1', '"version": 2'))
        found = process.until("/loaded", lambda found: found["version"] == 2)
        assert int(found["loaded"]) >= 2
    finally:
        output = process.end(signal.SIGTERM)
    assert "cannot wait" not in output
    assert "Traceback" not in output


def test_an_app_in_a_host_keeps_what_its_settings_say(tmp_path: Path, store: str) -> None:
    """Loaded on the host's loop, before it serves; what is there outlives the host."""
    import aiohttp
    from aiohttp import web
    from soli_runtime import Settings, mount

    root = write_files(tmp_path / "app", LOADING)

    async def once() -> object:
        app = web.Application()
        mount(app, root, settings=Settings(store=store))
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://{host}:{port}/loaded") as answer,
        ):
            found = await answer.json(content_type=None)
        await runner.cleanup()
        return found

    async def twice() -> None:
        assert await once() == {"loaded": "1", "version": 1}
        assert await once() == {"loaded": "2", "version": 1}

    run(twice)


@needs_redis
def test_redis_that_goes_and_comes_back(tmp_path: Path) -> None:
    """A handler that needs it fails with words for the log; sockets stay; then all is well."""

    async def body() -> None:
        with redis_server(keeps=True) as redis:
            async with (
                serving(tmp_path, KEEPING, store=redis.url) as site,
                site.connect("/ws") as client,
            ):
                assert (await site.get("/n")).json == {"n": 1}
                redis.kill()
                assert (await site.get("/n")).status == 503
                await client.send("x")
                await site.until(lambda: site.log.count("the store is down: unix://") >= 2)
                redis.start()
                assert (await site.get("/n")).json == {"n": 2}
                await client.send("x")
                assert await client.recv() == "3"

    run(body)


def test_many_handlers_wait_for_one_file(tmp_path: Path) -> None:
    """None is lost, none counted twice."""
    import asyncio

    async def body() -> None:
        async with serving(tmp_path, KEEPING, store=f"sqlite:{tmp_path / 'db'}") as site:
            answers = await asyncio.gather(*(site.get("/n") for _ in range(50)))
            assert sorted(answer.json["n"] for answer in answers) == list(range(1, 51))

    run(body)


def test_a_cron_line_that_nobody_can_read_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer version of the program may have kept it; it stays, and the others run."""
    from soli_runtime.jobs.queue import Line

    monkeypatch.setattr("soli_runtime.jobs.worker.LOOK_SECONDS", 0.02)

    async def body() -> None:
        async with serving(tmp_path, KEEPING, store=f"sqlite:{tmp_path / 'db'}") as site:
            jobs = site.server.service.program.worker.jobs
            await jobs.store.schedule(Line("new", "@whenever", "AnyJob", None, 0.0))
            await site.until(lambda: site.counts["cron_unreadable"] > 0)
            await jobs.store.schedule(Line("old", "* * * * *", "AnyJob", None, 9e9))
            await site.until(lambda: "old" in jobs.schedules)
            assert site.counts["cron_unreadable"] == 1
            assert [line.name for line in await jobs.store.lines()] == ["new", "old"]

    run(body)
