"""Two apps whose folders have one name share a Redis: the second one is told so, and refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ..support.redis_server import needs_redis, redis_server
from .support import write_files
from .test_command_line import SECONDS, SOLI, served

pytestmark = needs_redis

CHAT = """router_websocket("/ws/chat", "app#handle")
get("/names", "app#names")
def handle(event) null end
def names() "x" end
"""
DESK = """get("/tickets", "app#tickets")
router_websocket("/ws/desk", "app#handle")
KV.incr("loaded")
def handle(event) null end
def tickets() "x" end
"""


def app(root: Path, text: str) -> Path:
    return write_files(root / "app", {"app.soli": text})


def refused(path: Path, *flags: str) -> str:
    done = subprocess.run(
        [*SOLI, "run", str(path), "--port", "0", *flags],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 78, done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("flag", ["--store", "--broker"])
def test_the_second_app_of_a_name_is_refused(tmp_path: Path, flag: str) -> None:
    """Before a line of it ran; the flag is named, and with it both go on."""
    chat, desk = app(tmp_path / "one", CHAT), app(tmp_path / "two", DESK)
    with redis_server() as server:
        with served(chat, flag, server.url):
            text = refused(desk, flag, server.url)
            assert "another app is called 'app' there" in text
            assert "GET /names, WS /ws/chat" in text
            assert "--app-name NAME" in text
            with served(desk, flag, server.url, "--app-name", "desk"):
                pass
        from redis import Redis

        with Redis.from_url(server.url, decode_responses=True) as client:
            if flag == "--store":
                assert client.keys("{soli:1:app}:*loaded*") == []
                assert client.keys("{soli:1:desk}:*loaded*") != []


def test_workers_are_refused_as_one_process_is(tmp_path: Path) -> None:
    """With the same words and status."""
    chat, desk = app(tmp_path / "one", CHAT), app(tmp_path / "two", DESK)
    with redis_server() as server:
        with served(chat, "--broker", server.url):
            pass
        text = refused(desk, "--broker", server.url, "--workers", "2")
        assert "--app-name NAME" in text


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        (CHAT, "elsewhere"),
        (CHAT + 'get("/more", "app#names")\nget("/most", "app#names")\n', "elsewhere"),
        ('get("/other", "app#names")\ndef names() 1 end\n', "one"),
    ],
    ids=["the same in another folder", "with more routes", "in its place, whatever it answers"],
)
def test_an_app_that_changes_is_the_same(tmp_path: Path, text: str, folder: str) -> None:
    """A deployment to another folder or machine, and a developer who renames a route."""
    with redis_server() as server:
        with served(app(tmp_path / "one", CHAT), "--store", server.url):
            pass
        with served(app(tmp_path / folder, text), "--store", server.url):
            pass


def test_a_name_that_somebody_chose_is_taken(tmp_path: Path) -> None:
    """By the flag, the environment's variable, or the flags of before, which warn."""
    with redis_server() as server:
        with served(app(tmp_path / "one", CHAT), "--store", server.url):
            pass
        desk = app(tmp_path / "two", DESK)
        with served(desk, "--store", server.url, "--app-name", "app"):
            pass
        chat = app(tmp_path / "three", CHAT)
        with served(chat, "--store", server.url, "--store-prefix", "app") as (process, _):
            process.terminate()
            written = "".join(process.communicate(timeout=SECONDS))
    assert "--broker-prefix and --store-prefix end with this version" in written
