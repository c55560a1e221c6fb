"""What our documents show and say is true of the software."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from soli_runtime.core.actions import MAX_USER_ID_CHARACTERS
from soli_runtime.core.audience.audience import MAX_EMPTIED, MAX_GHOSTS, MAX_LEFT
from soli_runtime.core.history.rings import MAX_ROOM_BYTES
from soli_runtime.core.history.rules import MAX_MESSAGES, MAX_RULES
from soli_runtime.core.payloads import MAX_ROOM_NAME_CHARACTERS
from soli_runtime.core.seats import MAX_LINGERING
from soli_runtime.http.hardening import DEFAULT_MAX_BODY_BYTES
from soli_runtime.http.sessions import MAX_SESSIONS
from soli_runtime.jobs.queue import MAX_DEAD, MAX_FINISHED, MAX_LISTED, MAX_LOSSES
from soli_runtime.jobs.worker import MAX_RUNNING
from soli_runtime.settings import SETTINGS, Constants, Setting
from soli_runtime.stores.sqlite.database import MAX_WAITING
from soli_runtime.tools.reference import Reference, pages
from soli_runtime.ws.channel import BURST_FACTOR
from soli_runtime.ws.connection import MAX_UNANSWERED_PINGS, SMALL_FRAGMENT_BYTES
from soli_runtime.ws.limits import SocketLimits

from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse

from .support.documents import blocks, expected_output
from .support.live import ROOT, SOLI, answering, receive, serve
from .support.ports import free_port

README = ROOT / "README.md"
DEPLOYMENT = ROOT / "docs" / "deployment.md"
DOCUMENTS = [
    README,
    *(
        ROOT / name
        for name in ("CONTRIBUTING.md", "CHANGELOG.md", "tests/README.md", "examples/README.md")
    ),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "tests" / "page" / "README.md",
]


def run_python(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_readme_program_echoes(tmp_path: Path) -> None:
    """`app.soli` of the README, saved and run, answers as the README says."""
    app = tmp_path / "app.soli"
    app.write_text(blocks(README, "soli")[0], encoding="utf-8")
    with serve(app) as server, server.connect("/ws/echo") as client:
        client.send("hello")

        assert receive(client) == "echo: hello"


def test_the_readme_tour_prints_what_it_shows(tmp_path: Path) -> None:
    """The tour of the language prints the lines under it."""
    program = tmp_path / "hello.soli"
    program.write_text(blocks(README, "soli")[1], encoding="utf-8")
    shown = next(text for text in blocks(README, "") if "hello.soli" in text)
    result = subprocess.run(
        [SOLI, "run", program], capture_output=True, text=True, timeout=60, check=False
    )

    assert result.stdout == shown.partition("\n")[2]


def test_the_readme_embeds_the_language() -> None:
    """The embedding block runs as shown and prints what it says."""
    code = blocks(README, "python")[0]

    assert run_python(code) == expected_output(code)


ON_PORT = """
from aiohttp import web
from functools import partial
serve = web.run_app
web.run_app = lambda app, port: serve(app, port={port}, print=partial(print, flush=True))
"""


def test_the_readme_mounts_an_app() -> None:
    """The aiohttp block runs as shown, but for its port, and serves both worlds."""
    code = blocks(README, "python")[1]
    with (
        answering([sys.executable, "-c", ON_PORT.format(port=free_port()) + code]) as server,
        server.connect("/live/ws/echo") as client,
    ):
        client.send("hello")
        assert receive(client) == "echo: hello"

        assert server.get("/status") == {"connections": 1}


def test_the_readme_embeds_in_fifteen_lines() -> None:
    """Embedding stays short."""
    assert len(blocks(README, "python")[0].splitlines()) <= 15


@pytest.mark.parametrize(
    "document", [README, ROOT / "docs" / "websockets.md"], ids=lambda p: p.name
)
def test_soli_code_in_documents_parses(document: Path) -> None:
    """Every Soli block is a program."""
    for text in blocks(document, "soli"):
        parse(Source(document.name, text))


def default_in_words(setting: Setting) -> str:
    """A default as the table writes it."""
    special = {
        "allowed-origins": "the same host",
        "allowed-hosts": "any",
        "trusted-proxies": "none",
        "app-name": "the app's folder",
    }
    name = setting.flag.removeprefix("--")
    value = setting.default
    if name in special:
        return special[name]
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        if value == 0:
            return "0 (off)"
        for size, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
            if name.endswith(("bytes", "byte-rate")) and value % size == 0:
                return f"{value // size} {unit}"
        return f"{value:g}" if value < 1000 else f"{value:.0f}"
    return str(value)


NO_LIMITS = {
    *("host", "port", "dev", "metrics", "metrics-token", "dashboard-token"),
    "store",
}


def test_the_table_of_limits_is_that_of_the_settings() -> None:
    """Names and defaults in docs/deployment.md are those of `soli_runtime.settings`."""
    section = DEPLOYMENT.read_text("utf-8").partition("<!-- limits")[2].partition("\n## ")[0]
    table = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+?) \|", section, re.M))
    settings = {setting.flag.removeprefix("--"): default_in_words(setting) for setting in SETTINGS}

    assert table == {name: words for name, words in settings.items() if name not in NO_LIMITS}


def section(comment: str) -> str:
    """The part of docs/deployment.md from `<!-- comment` to the next heading."""
    text = DEPLOYMENT.read_text("utf-8").partition(f"<!-- {comment}")[2]
    assert text, comment
    return re.split(r"^#", text, maxsplit=1, flags=re.M)[0]


FIXED = {
    "bytes per second, over 20 s": Constants().least_rate,
    "bytes of HTTP responses": Constants().max_unread_bytes,
    "bytes of all incomplete messages": Constants().max_partial_message_bytes,
    "bytes of one String, Array or Hash": Constants().max_value_bytes,
    "bytes of the metadata of one `track`": Constants().max_presence_bytes,
    "connections of one user that are tracked": Constants().max_connections_per_user,
    "bytes of presence changes": Constants().presence_diff_bytes,
    "seconds over which refreshes": Constants().presence_resync_seconds,
    "bytes of refreshes": Constants().presence_resync_bytes,
    "seconds for which a channel that lost its last user": Constants().presence_memory_seconds,
    "rooms that hold state": Constants().max_rooms_with_state,
    "levels of Hashes and Arrays": Constants().max_state_depth,
    "keys in all Hashes": Constants().max_state_keys,
    "seconds after which a job runs again": Constants().job_lease_seconds,
    "bytes that wait for the broker": Constants().broker_backlog_bytes,
    "seconds that a message may wait for the broker": Constants().broker_publish_ttl,
    "channels that lost their last user": MAX_EMPTIED,
    "characters of a room name": MAX_ROOM_NAME_CHARACTERS,
    "characters of a `user_id`": MAX_USER_ID_CHARACTERS,
    "pings without an answer": MAX_UNANSWERED_PINGS,
    "seconds for the peer to finish closing": SocketLimits().close_seconds,
    "bytes read ahead while a handler waits": SocketLimits().max_held_bytes,
    "bytes below which a fragment counts as a message": SMALL_FRAGMENT_BYTES,
    "times `max-outbox-bytes` that one burst may queue at once": BURST_FACTOR,
    "metas of a user that are gone": MAX_GHOSTS,
    "channels that a connection left": MAX_LEFT,
    "connections that linger": MAX_LINGERING,
    "messages in the history of a room": MAX_MESSAGES,
    "bytes in the history of a room": MAX_ROOM_BYTES,
    "patterns of rooms with a history": MAX_RULES,
    "bytes of the body of a request": DEFAULT_MAX_BODY_BYTES,
    "sessions in memory": MAX_SESSIONS,
    "jobs at once": MAX_RUNNING,
    "finished jobs": MAX_FINISHED,
    "dead jobs": MAX_DEAD,
    "jobs that one `Job.list`": MAX_LISTED,
    "processes that may die with one job": MAX_LOSSES,
    "calls that wait for a SQLite file": MAX_WAITING,
}


def test_the_table_of_fixed_bounds_is_that_of_the_code() -> None:
    """Each row begins with what `FIXED` says, and has its value."""
    rows = re.findall(r"^\| (.+?) \| (\d+) \|", section("fixed"), re.M)

    assert len(rows) == len(FIXED)
    for (row, value), (bound, constant) in zip(rows, FIXED.items(), strict=True):
        assert row.startswith(bound)
        assert int(value) == constant, bound


def test_every_limit_is_said_to_bound_something() -> None:
    """What peers may try, in docs/deployment.md, names limits that exist, and all of them."""
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| [^|]+ \|$", section("attempts"), re.M)
    named = set(re.findall(r"`([a-z-]+)`", " ".join(rows)))
    limits = {
        setting.flag.removeprefix("--")
        for setting in SETTINGS
        if setting.kind in ("count", "seconds")
    }

    assert named == limits


def test_every_limit_has_tests() -> None:
    """tests/README.md names, for each limit, tests that exist."""
    text = (ROOT / "tests" / "README.md").read_text("utf-8").partition("<!-- limits")[2]
    table = dict(re.findall(r"^\| `([a-z_-]+)` \| ([^|]+) \|$", text, re.M))
    there = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("**/test_*.py"))
    limits = [
        setting.flag.removeprefix("--")
        for setting in SETTINGS
        if setting.kind in ("count", "seconds")
    ]

    assert list(table) == [*limits, *Constants.record_fields]
    for limit, tests in table.items():
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, limit
        assert [name for name in named if f"def {name}(" not in there] == []


def test_the_table_of_events_is_what_is_logged() -> None:
    """No event above the level `debug` is missing in docs/deployment.md, none is made up."""
    rows = re.findall(r"^\| (`[^|]+) \| ", section("events"), re.M)
    written = re.findall(r"`([a-z_]+)`", " ".join(rows))
    logged = {"library", "repeated"}
    for path in (ROOT / "runtime" / "soli_runtime").rglob("*.py"):
        text = path.read_text("utf-8")
        logged.update(re.findall(r'(?:log|self)\.(?:info|warning|error)\(\s*"([a-z_]+)"', text))
        logged.update(re.findall(r'_log_failure\(\s*"([a-z_]+)"', text))
        logged.update(re.findall(r'Note\("([a-z_]+)", .+once=True', text))

    assert sorted(written) == sorted(logged)


GENERATED = {ROOT / "docs" / "reference" / name for name in pages(Reference())}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """Links between documents name files that exist, or pages of the generated reference."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    missing = [
        target
        for target in targets
        if not (document.parent / target).exists() and (document.parent / target) not in GENERATED
    ]

    assert missing == []


def test_the_table_of_the_page_names_tests_that_exist() -> None:
    """Each test named in tests/page/README.md is there."""
    table = (ROOT / "tests" / "page" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"\b(test_\w+)(?:`|\*)", table)
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("page", "browser", "e2e", "packaging")
        for path in (ROOT / "tests" / folder).glob("test_*.py")
    ]
    there = "\n".join(sources)

    assert [name for name in named if f"def {name}" not in there] == []


def test_dependencies_have_a_reason_each() -> None:
    """Every dependency of pyproject.toml is explained in docs/dependencies.md."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[><=; \[]", line)[0] for line in wanted}
    explained = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")

    assert {name for name in names if name not in explained} == set()


@pytest.mark.parametrize("code", blocks(ROOT / "docs" / "embedding.md", "python"))
def test_a_program_of_the_page_on_embedding_prints_what_it_says(code: str) -> None:
    """Its comments are its output."""
    assert run_python(code) == expected_output(code)
