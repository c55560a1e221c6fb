"""`examples/thread` in a real browser: whatever becomes of the network, no line is missed."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ..support.live import ROOT, LiveServer, eventually, serve
from ..support.redis_server import BINARY
from .test_accessible_pages import faults

THREAD = ROOT / "examples" / "thread"
Person = Callable[..., BrowserContext]
RETURN_MS = 60_000
"""The client waits longer and longer between its attempts."""


class Network:
    """What lies between a browser and a server: a line that can be cut, and held."""

    def __init__(self, url: str) -> None:
        self.lead_to(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lines: list[socket.socket] = []
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_cut:
                    client.close()
                    continue
                server = socket.create_connection(self._to)
                self._lines += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for line in (source, target):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Break all lines, and let none come up."""
        self._is_cut = True
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._is_cut = False

    def lead_to(self, url: str) -> None:
        """From now on to another server."""
        address = urlsplit(url)
        self._to = (address.hostname or "127.0.0.1", address.port or 80)

    def close(self) -> None:
        self.cut()
        self._listener.close()
        for line in self._lines:
            line.close()


@contextmanager
def network(server: LiveServer) -> Iterator[Network]:
    between = Network(server.url)
    try:
        yield between
    finally:
        between.close()


def join(context: BrowserContext, url: str, name: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#state")).to_have_text("Live")
    return page


def say(page: Page, *texts: str) -> None:
    for text in texts:
        page.get_by_label("Say").fill(text)
        page.get_by_role("button", name="Send").click()


def lines(page: Page) -> list[str]:
    """What the page shows, without who said it."""
    return [text.split(" ", 1)[1] for text in page.locator("#lines li").all_text_contents()]


def test_a_page_whose_network_drops_misses_nothing(person: Person) -> None:
    """Twice; the others talk on, and each line is there once and in order."""
    with serve(THREAD) as server, network(server) as between:
        ada, bob = join(person(), server.url, "Ada"), join(person(), between.url, "Bob")
        say(ada, "one")
        expect(bob.locator("#lines li")).to_have_count(1)
        wanted = ["one"]
        for number in range(2):
            between.cut()
            expect(bob.locator("#state")).to_contain_text("Offline")
            new = [f"{number} {text}" for text in "abc"]
            say(ada, *new)
            wanted += new
            expect(ada.locator("#lines li")).to_have_count(len(wanted))
            between.mend()
            expect(bob.locator("#lines li")).to_have_count(len(wanted), timeout=RETURN_MS)
            expect(bob.locator("#missed")).to_have_text("3 said while you were away")
            assert lines(bob) == lines(ada) == wanted
        say(bob, "back")
        for page in (ada, bob):
            expect(page.locator("#lines li")).to_have_count(len(wanted) + 1)
        assert lines(bob) == lines(ada) == [*wanted, "back"]
        for page in (ada, bob):
            page.close()


def test_a_page_that_was_offline_misses_nothing(person: Person) -> None:
    """As the browser itself has it; what was said there meanwhile goes out once."""
    with serve(THREAD) as server, network(server) as between:
        context = person()
        ada, bob = join(person(), server.url, "Ada"), join(context, between.url, "Bob")
        context.set_offline(True)
        between.cut()
        expect(bob.locator("#state")).to_contain_text("Offline")
        say(bob, "from afar")
        say(ada, "one", "two")
        expect(ada.locator("#lines li")).to_have_count(2)
        between.mend()
        context.set_offline(False)
        for page in (ada, bob):
            expect(page.locator("#lines li")).to_have_count(3, timeout=RETURN_MS)
        assert lines(bob) == lines(ada) == ["one", "two", "from afar"]
        for page in (ada, bob):
            page.close()


@pytest.mark.skipif(BINARY is None, reason="needs redis-server")
def test_a_page_whose_process_is_killed_misses_nothing(person: Person) -> None:
    """The others take over: kill -9 of the worker that holds its socket, again and again."""
    with serve(THREAD, "--workers", "3") as server:
        ada, bob = join(person(), server.url, "Ada"), join(person(), server.url, "Bob")
        wanted: list[str] = []
        for number in range(3):
            victims = _workers(server)
            os.kill(victims[number], signal.SIGKILL)
            _until_told(server, "worker_died", 1 + number)
            # By then a page that was connected to it has noticed: what it says is not lost.
            _until_told(server, "worker_ready", 4 + number)
            expect(ada.locator("#state")).to_have_text("Live", timeout=RETURN_MS)
            new = [f"{number} {text}" for text in "abc"]
            say(ada, *new)
            wanted += new
            for page in (ada, bob):
                rows = page.locator("#lines li")
                expect(rows).to_have_count(len(wanted), timeout=RETURN_MS)
            assert lines(bob) == lines(ada) == wanted
            expect(bob.locator("#missed")).not_to_have_text(re.compile("too long"))
        for page in (ada, bob):
            page.close()


def _until_told(server: LiveServer, event: str, times: int) -> None:
    """Until the log has had *event* so many times."""

    def told() -> bool:
        return sum(event in line for line in tuple(server.output)) >= times

    eventually(told, f"never logged: {event}", seconds=60)


def _workers(server: LiveServer) -> list[int]:
    """The processes that serve, the longest there first."""
    ready = [line for line in tuple(server.output) if "worker_ready" in line]
    return [int(pid) for line in ready for pid in re.findall(r"\bpid=(\d+)", line)]


def test_a_page_that_was_away_for_too_long_is_told(person: Person) -> None:
    """A server that began anew knows nothing of before: what it has replaces what was there."""
    with serve(THREAD) as server, network(server) as between:
        bob = join(person(), between.url, "Bob")
        say(bob, "before")
        expect(bob.locator("#lines li")).to_have_count(1)
        between.cut()
        expect(bob.locator("#state")).to_contain_text("Offline")
        with serve(THREAD) as other:
            ada = join(person(), other.url, "Ada")
            say(ada, "after")
            between.lead_to(other.url)
            between.mend()
            expect(bob.locator("#missed")).to_contain_text("too long", timeout=RETURN_MS)
            expect(bob.locator("#lines li")).to_have_text(["Ada after"])
            for page in (ada, bob):
                page.close()


def test_the_page_can_be_used_by_everybody(person: Person) -> None:
    """axe-core finds nothing, with lines and when the server is gone."""
    with serve(THREAD) as server:
        page = join(person(), server.url, "Ada")
        say(page, "Good morning")
        expect(page.locator("#lines li")).to_have_count(1)
        assert faults(page) == []
    expect(page.locator("#state")).to_contain_text("Offline")
    assert faults(page) == []
    page.close()
