"""axe-core finds nothing on any page that we ship: large and small, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ..support.live import ROOT, serve
from .test_chat_example import CHAT, enter, messages, person_called, say

AXE = ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS: dict[str, dict[str, Any]] = {
    name: {
        "viewport": {"width": width, "height": height},
        "color_scheme": scheme,
        "reduced_motion": "reduce",  # a colour half way through an animation is nobody's fault
    }
    for name, width, height, scheme in (
        ("light desktop", 1280, 800, "light"),
        ("dark phone", 390, 844, "dark"),
    )
}
Person = Callable[..., BrowserContext]
FAILING = 'get("/", "home#index")\ndef index(request)\n  [1][5]\nend\n'


@pytest.fixture(params=SCREENS)
def somebody(request: pytest.FixtureRequest, person: Person) -> BrowserContext:
    """Somebody with a large screen by day, or with a small one by night."""
    return person(**SCREENS[request.param])


def faults(page: Page) -> list[str]:
    """What axe-core has to say against a page: rule, impact and the elements."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']} ({one['impact']}): {', '.join(node['html'] for node in one['nodes'])}"
        for one in found
    ]


def test_the_chat_asks_for_a_name(somebody: BrowserContext) -> None:
    """Its first page, with the dialog open."""
    with serve(CHAT) as server:
        page = somebody.new_page()
        page.goto(server.url)
        expect(page.get_by_label("Your name")).to_be_visible()
        assert faults(page) == []


def test_the_chat_with_people_and_messages(somebody: BrowserContext, person: Person) -> None:
    """Two people, one of them typing, messages of both, a note."""
    with serve(CHAT) as server:
        page = enter(somebody, server, "Ada")
        bob = enter(person(), server, "Bob")
        say(page, "Good morning")
        say(bob, "Good morning, Ada")
        expect(messages(page)).to_have_count(2)
        bob.get_by_label("Message", exact=True).press("h")
        expect(page.locator("#typing")).to_have_text("Bob is typing…")
        assert faults(page) == []


def test_the_chat_without_its_server(somebody: BrowserContext, person: Person) -> None:
    """Disconnected: what it says about that can be read as well."""
    with serve(CHAT) as server:
        page = enter(somebody, server, "Ada")
        enter(person(), server, "Bob")
        expect(person_called(page, "Bob")).to_be_visible()
    expect(page.locator("#retry")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("example", ["echo", "broadcast.soli", "rooms.soli"])
def test_the_page_of_an_example(somebody: BrowserContext, example: str) -> None:
    """The pages of the small examples, with something in their logs."""
    with serve(ROOT / "examples" / example) as server:
        page = somebody.new_page()
        page.goto(server.url)
        page.wait_for_function("() => ws.readyState === WebSocket.OPEN")
        page.get_by_role("textbox").fill("hello")
        page.keyboard.press("Enter")
        expect(page.get_by_role("log").get_by_role("listitem").last).to_contain_text("hello")
        assert faults(page) == []


def test_the_page_of_a_failure(somebody: BrowserContext, tmp_path: Path) -> None:
    """What `--dev` shows a developer."""
    (tmp_path / "app.soli").write_text(FAILING, "utf-8")
    with serve(tmp_path / "app.soli", "--dev") as server:
        page = somebody.new_page()
        page.goto(server.url)
        expect(page.get_by_role("heading")).to_be_visible()
        assert faults(page) == []


def test_the_judge_finds_faults(person: Person) -> None:
    """A page with the very fault that the chat had is not let through."""
    page = person().new_page()
    page.set_content('<html lang="en"><title>x</title><main><ol role="log"><li>x</li></ol></main>')
    assert any(fault.startswith("listitem (serious)") for fault in faults(page))
