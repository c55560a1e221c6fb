"""The dashboard at `/_soli` in a real browser: what it shows, being a client, for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ..support.live import ROOT, LiveServer, serve
from ..support.ports import free_port
from .test_accessible_pages import SCREENS, faults

Person = Callable[..., BrowserContext]
CHAT = ROOT / "examples" / "chat"


@pytest.fixture
def server() -> Iterator[LiveServer]:
    with serve(CHAT, "--dev") as server:
        yield server


def opened(context: BrowserContext, server: LiveServer) -> Page:
    page = context.new_page()
    page.goto(server.url + "/_soli")
    expect(page.locator("#live")).to_have_text("live")
    return page


def become(page: Page, path: str) -> None:
    page.get_by_label("Path", exact=True).fill(path)
    page.get_by_role("button", name="Connect", exact=True).click()


def say(page: Page, name: str, text: str) -> None:
    page.get_by_label(f"Message of {name}").fill(text)
    page.locator(".client", has_text=name).get_by_role("button", name="Send").click()


def test_one_is_a_client_and_sees_what_follows(person: Person, server: LiveServer) -> None:
    """Two of them: messages, rooms, presence, the event with its parts."""
    server.wait_for_output(f"dashboard at {server.url}/_soli")
    page = opened(person(), server)
    for number, name in enumerate(("Ada", "Bob"), 1):
        become(page, f"/ws/room/kitchen?name={name}")
        log = page.get_by_label(f"What client{number} sent and received")
        expect(log).to_contain_text("presence_state")
    say(page, "client1", '{"event": "message", "text": "tea?"}')
    expect(page.get_by_label("What client2 sent and received")).to_contain_text('"text":"tea?"')
    expect(page.locator("#rooms")).to_contain_text("room:kitchen")
    expect(page.locator("#rooms td.number")).to_have_text("2")
    expect(page.locator("#presence")).to_contain_text("ada")
    expect(page.locator("#connections")).to_contain_text("bob")
    event = page.locator("#events details").first
    expect(event).to_contain_text("broadcast_room")
    event.locator("summary").click()
    expect(event.locator("dl")).to_contain_text("tea?")
    expect(page.locator("#steps")).to_contain_text(
        'client1 = ws_connect("/ws/room/kitchen?name=Ada")'
    )
    page.locator(".client", has_text="client2").get_by_role("button", name="Close").click()
    expect(page.locator("#rooms td.number")).to_have_text("1")


def test_an_odd_client_hurts_nothing(person: Person, server: LiveServer) -> None:
    """Paths that are none, refusals, markup in messages."""
    page = opened(person(), server)
    for path in ("/ws/room/kitchen", "/nowhere", "//", "/#x", "/ws/<b>"):
        become(page, path)
    become(page, "/ws/room/kitchen?name=<img src=x onerror=alert(1)>")
    newest = page.locator(".client").first
    expect(newest).to_contain_text("presence_state")
    name = newest.locator("b").inner_text().split()[0]
    say(page, name, "<script>alert(1)</script>")
    expect(newest).to_contain_text("<script>alert(1)</script>")
    expect(page.locator("#events")).to_contain_text("401")
    assert page.locator("main img, main script").count() == 0
    expect(page.locator("#live")).to_have_text("live")


def test_failures_can_be_found(person: Person, tmp_path: Path) -> None:
    """The filter and the box for errors only; the backtrace is one click away."""
    (tmp_path / "app.soli").write_text(
        'get("/good", "app#good")\nget("/bad", "app#bad")\n'
        'def good\n  "fine"\nend\ndef bad\n  [1][9]\nend\n',
        "utf-8",
    )
    with serve(tmp_path / "app.soli", "--dev") as server:
        page = opened(person(), server)
        other = person().new_page()
        other.goto(server.url + "/good")
        other.goto(server.url + "/bad")
        shown = page.locator("#events details:visible")
        expect(shown.filter(has_text="/bad")).to_have_count(1)
        expect(shown.filter(has_text="/good")).to_have_count(1)
        page.get_by_label("errors only").check()
        expect(shown).to_have_count(1)
        shown.locator("summary").click()
        expect(shown.locator("pre.error")).to_contain_text("[1][9]")
        assert faults(page) == []
        page.get_by_label("errors only").uncheck()
        page.get_by_label("Filter").fill("/good")
        expect(shown.filter(has_text="/good")).to_have_count(1)
        expect(shown.filter(has_text="/bad")).to_have_count(0)


def test_it_is_there_again_when_the_server_is(person: Person) -> None:
    """And asks for the token, where one is set."""
    flags = ("--dashboard-token", "sesame", "--port", str(free_port()))
    with serve(CHAT, *flags) as server:
        page = person().new_page()
        page.goto(server.url + "/_soli")
        assert faults(page) == []
        page.get_by_label("The token").fill("wrong")
        page.get_by_role("button", name="Enter").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the token.")
        page.get_by_label("The token").fill("sesame")
        page.get_by_role("button", name="Enter").click()
        expect(page.locator("#live")).to_contain_text("live; secrets are redacted")
        become(page, "/ws/room/kitchen?name=Ada")
        expect(page.locator("#presence")).to_contain_text("ada")
    expect(page.locator("#live")).to_contain_text("disconnected")
    with serve(CHAT, *flags):
        expect(page.locator("#live")).to_contain_text("live; secrets")
        page.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_it_is_for_everybody(person: Person, server: LiveServer, screen: str) -> None:
    """axe-core finds nothing, and nothing is wider than the screen."""
    page = opened(person(**SCREENS[screen]), server)
    become(page, "/ws/room/kitchen?name=Ada")
    expect(page.locator("#presence")).to_contain_text("ada")
    page.locator("#events summary").first.click()
    assert faults(page) == []
    assert (
        page.evaluate("() => document.documentElement.scrollWidth")
        <= SCREENS[screen]["viewport"]["width"]
    )
