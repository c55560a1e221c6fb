"""`examples/fastapi` in a real browser: one login for FastAPI and for the live part in Soli."""

from __future__ import annotations

import sys
from collections.abc import Callable
from urllib.parse import urlencode
from urllib.request import urlopen

from playwright.sync_api import BrowserContext, Page, expect

from ..support.live import ROOT, answering
from ..support.ports import free_port

Person = Callable[..., BrowserContext]
EXAMPLE = ROOT / "examples" / "fastapi"
RUN = """
import signal, sys, uvicorn
sys.path.insert(0, sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
uvicorn.run("main:app", port=int(sys.argv[2]), ws="websockets-sansio")
"""


def log_in(context: BrowserContext, url: str, name: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("status")).to_contain_text(name)
    return page


def test_who_logged_in_is_who_is_in_the_room(person: Person) -> None:
    """Messages and presence carry FastAPI's names; FastAPI speaks into the room."""
    command = [sys.executable, "-c", RUN, str(EXAMPLE), str(free_port())]
    with answering(command) as server:
        ada, bob = log_in(person(), server.url, "Ada"), log_in(person(), server.url, "Bob")
        expect(ada.get_by_role("status")).to_have_text("Here: Ada, Bob")
        bob.get_by_label("Say").fill("hello")
        bob.get_by_role("button", name="Send").click()
        expect(ada.locator("#log li")).to_have_text(["Bob: hello"])
        body = urlencode({"text": "tea"}).encode()
        with urlopen(f"{server.url}/announce", body, timeout=20) as answer:
            assert answer.read() == b'{"listeners":2}'
        expect(ada.locator("#log li")).to_have_text(["Bob: hello", "📢 tea"])
        ada.close()
        bob.close()
