"""`examples/board` in a real browser: pages show the state of the room, whatever their lines do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ..support.live import ROOT, serve
from ..support.ports import free_port
from .test_thread_example import RETURN_MS, network

BOARD = ROOT / "examples" / "board"
Person = Callable[..., BrowserContext]


def play(context: BrowserContext, url: str, name: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#status")).to_have_text("Live")
    return page


def take(page: Page, cell: str) -> None:
    page.get_by_role("button", name=f"{cell}, free", exact=True).click()


def owner(page: Page, cell: str, name: str) -> None:
    """*page* shows that the cell is that of *name*."""
    button = page.get_by_role("button", name=f"{cell}, {name}", exact=True)
    expect(button).to_be_visible(timeout=RETURN_MS)


def scores(page: Page) -> list[str]:
    return page.locator("#scores li").all_text_contents()


def test_a_page_whose_line_was_cut_shows_what_the_others_did(person: Person) -> None:
    with serve(BOARD) as server, network(server) as between:
        ada, bob = play(person(), server.url, "Ada"), play(person(), between.url, "Bob")
        take(ada, "a1")
        owner(bob, "a1", "Ada")
        take(bob, "b2")
        owner(ada, "b2", "Bob")

        between.cut()
        expect(bob.locator("#cells")).to_have_class("stale")
        expect(bob.locator("#status")).to_contain_text("Offline")
        owner(bob, "a1", "Ada")
        ada.get_by_role("button", name="Clear the board").click()
        take(ada, "b2")
        owner(ada, "b2", "Ada")

        between.mend()
        owner(bob, "b2", "Ada")
        expect(bob.locator("#cells")).not_to_have_class("stale")
        assert scores(ada) == scores(bob) == ["Ada: 1"]
        for page in (ada, bob):
            page.close()


@pytest.mark.parametrize("flags", [(), ("--workers", "2")], ids=["one process", "workers"])
def test_a_board_in_a_store_outlives_its_server(
    person: Person, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    port = str(free_port())
    options = ("--port", port, "--store", f"sqlite:{tmp_path / 'board.db'}", *flags)
    with serve(BOARD, *options) as server:
        ada = play(person(), server.url, "Ada")
        take(ada, "c3")
        owner(ada, "c3", "Ada")
    expect(ada.locator("#cells")).to_have_class("stale")
    with serve(BOARD, *options) as server:
        bob = play(person(), server.url, "Bob")
        owner(bob, "c3", "Ada")
        expect(ada.locator("#cells")).not_to_have_class("stale", timeout=RETURN_MS)
        take(bob, "d4")
        owner(ada, "d4", "Bob")
        assert scores(ada) == ["Ada: 1", "Bob: 1"]
        for page in (ada, bob):
            page.close()
