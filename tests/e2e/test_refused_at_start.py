"""Brokers and stores that cannot be used: said with words, before anything is served."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from soli_runtime.cluster.codec import VERSION

from ..support.corpus import ROOT
from ..support.fake_redis import answering, bulk, saying
from ..support.ports import free_port
from ..support.redis_server import RedisServer, needs_redis, redis_server
from .support import write_files
from .test_scale_out import APP, Group, starting

SECRET = "geheimnis"

redis = pytest.importorskip("redis")
pytestmark = [needs_redis, pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Group]]:
    with starting(write_files(tmp_path / "chat", APP)) as one:
        yield one


def test_nodes_that_speak_otherwise_do_not_mix(
    start: Callable[..., Group], server: RedisServer
) -> None:
    """While one of the others lives; when none does the new ones begin."""
    first = start("--broker", server.url, "--node-lease-seconds", "1")
    assert first.url
    with redis.Redis.from_url(server.url) as client:
        client.set("{soli:1:chat}:broker:spoken", 7)
    second = start("--broker", server.url)
    assert second.process.wait(20) == 78
    said = f"the processes that run write version 7 of the log, and this Soli {VERSION}: stop"
    assert said in second.text
    first.process.kill()

    def starts() -> bool:
        group = start("--broker", server.url)
        group.until(lambda: "listening on" in group.text or group.process.poll() is not None, "")
        return "listening on" in group.text

    first.until(starts, "the lease of the first ended")


def old_redis(command: list[str]) -> bytes:
    """What Redis 6.0 would say."""
    if command[0] == "INFO":
        return bulk("# Server\r\nredis_version:6.0.16\r\nmaxmemory_policy:noeviction\r\n")
    return b"+OK\r\n"


def ended(start: Callable[..., Group], *arguments: str) -> tuple[int, str]:
    """How it ends, and its one line."""
    group = start(*arguments)
    status = group.process.wait(30)
    assert group.text.count("\n") == 1, group.text
    assert SECRET not in group.text
    return status, group.text


@pytest.mark.parametrize("setting", ["broker", "store"])
def test_an_old_redis_is_refused(start: Callable[..., Group], setting: str) -> None:
    """By what it says of itself."""
    with answering(old_redis) as port:
        status, text = ended(start, f"--{setting}", f"redis://:{SECRET}@127.0.0.1:{port}/0")
    assert status == 78
    assert f"redis://:***@127.0.0.1:{port}/0: Redis 6.0.16 is too old; 6.2 or newer" in text


@pytest.mark.parametrize(
    "url",
    [
        f"redish://:{SECRET}@h",
        f"redis://:{SECRET}@h:port/0",
        f"redis://:{SECRET}@h:70000/0",
        f"redis://:{SECRET}@h:0",
        f"redis://:{SECRET}@h/zero",
        f"redis://:{SECRET}@h/-1",
        f"redis://:{SECRET}@h/0/1",
        f"redis://:{SECRET}@[::1/0",
        f"redis://:{SECRET}@/0",
        f"redis://h:port?password={SECRET}",
        "unix://tmp/redis",
        "unix:///",
        "redis://",
        "sqlite:app.db",
    ],
)
def test_a_url_that_says_no_address_is_wrong_usage(start: Callable[..., Group], url: str) -> None:
    """Nothing in it is passed over in silence: a number that is none would be database 0."""
    status, text = ended(start, "--broker", url)
    assert status == 64
    assert "--broker: expected memory, redis://HOST:PORT/N, rediss://… or unix://PATH, got" in text


@pytest.mark.parametrize(
    ("options", "url", "status", "words"),
    [
        ((), "redis://127.0.0.1:{port}/99", 78, "there is no database with that number"),
        ((), "redis://127.0.0.1:{port}/0?colour=red", 78, "unknown option in the URL: 'colour'"),
        ((), "redis://127.0.0.1:{port}/0?socket_timeout=x", 69, "'socket_timeout'"),
        (("--requirepass", "right"), "redis://127.0.0.1:{port}/0", 78, "wrong name or password"),
        (
            ("--requirepass", "right"),
            f"redis://me:{SECRET}@127.0.0.1:{{port}}/0",
            78,
            "redis://me:***@127.0.0.1:",
        ),
        (
            ("--user", "me", "on", f">{SECRET}", "~*", "+info", "+set"),
            f"redis://me:{SECRET}@127.0.0.1:{{port}}/0",
            78,
            "wrong name or password: ",
        ),
        (
            (),
            f"redis://:{SECRET}@127.0.0.1:{{closed}}/0",
            69,
            "cannot reach redis://:***@127.0.0.1",
        ),
        ((), f"redis://:{SECRET}@nowhere.invalid/0", 69, "cannot reach redis://:***@nowhere"),
    ],
)
def test_a_redis_that_cannot_be_used(
    start: Callable[..., Group], options: tuple[str, ...], url: str, status: int, words: str
) -> None:
    """69 may get better by itself, 78 does not; the password is in no message."""
    port, closed = free_port(), free_port()
    with redis_server(*options, port=port):
        found = ended(start, "--broker", url.format(port=port, closed=closed), "--store", "memory")
    assert found[0] == status, found
    assert words in found[1]


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_is_no_redis_is_given_up(start: Callable[..., Group], said: bytes) -> None:
    """One that says nothing, after five seconds."""
    with saying(said) as port:
        status, text = ended(start, "--broker", f"redis://127.0.0.1:{port}/0")
    assert status == 69
    assert f"cannot reach redis://127.0.0.1:{port}/0: " in text


def test_a_redis_that_may_forget_is_used_and_warned_of(start: Callable[..., Group]) -> None:
    """By the log, with what to do."""
    with redis_server("--maxmemory-policy", "allkeys-lru") as server:
        group = start("--broker", server.url)
        assert group.url
        group.end()
    words = "may drop keys to make room: set maxmemory-policy to noeviction"
    assert re.search(rf"WARNING broker text=.*{words}", group.text)
    assert re.search(rf"WARNING store text=.*{words}", group.text)


def test_a_password_is_in_no_line_of_the_log(start: Callable[..., Group]) -> None:
    """Not when Redis goes and comes either."""
    port = free_port()
    with redis_server("--requirepass", SECRET, port=port) as server:
        url = f"redis://:{SECRET}@127.0.0.1:{port}/0"
        group = start("--broker", url, "--workers", "2", "--node-lease-seconds", "1")
        assert group.url
        server.kill()
        group.until(lambda: group.text.count("broker_lost") == 2, "lost")
        server.start()
        group.until(lambda: group.text.count("broker_back") == 2, "back")
        group.end()
    assert SECRET not in group.text


def test_a_file_that_cannot_grow(start: Callable[..., Group], tmp_path: Path) -> None:
    """A disk that is full: at start with words; later the program is told, and serves on."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "full.soli").write_text("""KV.set("kept", "here")
text = "x" * 50000
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
""")
    run = f"{sys.executable} -m soli_runtime.cli run {tmp_path}/full.soli --store sqlite:{disk}"
    script = (
        f"mount -t tmpfs -o size=1m none {disk} && {run}/kv.db;"
        f"dd if=/dev/zero of={disk}/rest bs=4k >/dev/null 2>&1; {run}/other.db; echo $?"
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"the store is full: {disk}/kv.db (disk, or limit: "), done.stderr
    assert lines[1:] == ["true here", "69"]
    assert f"soli: the store is full: {disk}/other.db" in done.stderr
    assert "Traceback" not in done.stderr
