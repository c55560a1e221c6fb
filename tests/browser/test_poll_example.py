"""`examples/poll` in a real browser: a page on `/_soli/soli.js` whose server goes and comes."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from ..support.live import ROOT, LiveServer, serve
from ..support.ports import free_port

POLL = ROOT / "examples" / "poll"
Person = Callable[..., BrowserContext]


def take_part(context: BrowserContext, server: LiveServer, name: str) -> Page:
    page = context.new_page()
    page.goto(server.url)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Take part").click()
    expect(page.locator("#state")).to_have_text("Live")
    return page


def test_votes_and_people_are_seen_by_everybody(person: Person) -> None:
    """Two people, one vote."""
    with serve(POLL) as server:
        ada, bob = take_part(person(), server, "Ada"), take_part(person(), server, "Bob")
        expect(ada.locator("#people li")).to_have_text(["ada", "bob"])
        bob.get_by_role("button", name="Spaces").click()

        expect(ada.get_by_label("votes for Spaces")).to_have_text("1")
        bob.close()
        expect(ada.locator("#people li")).to_have_text(["ada"])
        ada.close()


def test_a_vote_without_a_line_counts_when_it_is_back(person: Person) -> None:
    """The server is gone and comes again: queued, sent once, and presence right afterwards."""
    port = str(free_port())
    with serve(POLL, "--port", port) as server:
        ada, bob = take_part(person(), server, "Ada"), take_part(person(), server, "Bob")
        expect(ada.locator("#people li")).to_have_text(["ada", "bob"])
    expect(ada.locator("#state")).to_contain_text("Offline")
    expect(ada.locator("#people")).to_have_class("stale")
    bob.close()
    ada.get_by_role("button", name="Tabs").click()
    with serve(POLL, "--port", port):
        expect(ada.get_by_label("votes for Tabs")).to_have_text("1", timeout=40_000)
        expect(ada.locator("#people li")).to_have_text(["ada"])
        expect(ada.locator("#people")).not_to_have_class("stale")
        ada.close()


def test_a_close_by_the_app_is_for_good(person: Person) -> None:
    """Code 4000: the reason is shown and nothing is tried again."""
    with serve(POLL) as server:
        page = person().new_page()
        page.goto(server.url)
        page.get_by_label("Your name").fill("   ")
        page.get_by_role("button", name="Take part").click()

        expect(page.locator("#state")).to_have_text("Closed: a name is needed")
        page.close()
