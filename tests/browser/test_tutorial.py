"""The app at the end of docs/tutorial.md, as its reader sees it: two people in two browsers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from ..support import talks
from ..support.corpus import ROOT
from ..support.live import serve


def saved(folder: Path) -> Path:
    """The files of the tutorial as they are after its last step."""
    for block in talks.blocks(ROOT / "docs" / "tutorial.md"):
        kind, _, name = block.mark.partition(": ")
        if kind == "save":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(block.text, "utf-8")
    return folder


def enter(context: BrowserContext, url: str, name: str) -> Page:
    """Somebody signs in."""
    page = context.new_page()
    page.goto(url)
    page.locator("input[name=name]").fill(name)
    page.get_by_role("button", name="Enter").click()
    return page


def test_two_people_chat_and_see_each_other(
    tmp_path: Path, person: Callable[..., BrowserContext]
) -> None:
    """Names, typing, messages as text, and a leave."""
    with serve(saved(tmp_path)) as server:
        ada = enter(person(), server.url, "Ada")
        expect(ada.locator("#people li")).to_have_text(["Ada"])
        bob = enter(person(), server.url, "Bob")
        expect(ada.locator("#people li")).to_have_text(["Ada", "Bob"])

        bob.locator("#text").press_sequentially("<b>hi")
        expect(ada.locator("#people li")).to_have_text(["Ada", "Bob …"])
        bob.get_by_role("button", name="Send").click()

        expect(ada.locator("#messages li")).to_have_text(["<b>hi"])
        expect(bob.locator("#messages li")).to_have_text(["<b>hi"])
        expect(ada.locator("#people li")).to_have_text(["Ada", "Bob"])
        bob.get_by_role("button", name="Sign out").click()
        expect(ada.locator("#people li")).to_have_text(["Ada"])
