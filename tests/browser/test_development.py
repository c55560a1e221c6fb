"""`soli run --dev` in a real browser: reloads, the overlay, the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from ..support.live import LiveServer, serve
from .test_accessible_pages import faults

Person = Callable[..., BrowserContext]

APP = """router_websocket("/ws", "app#handle")
get("/shown", "app#shown")
def handle(event)
  return { "join": "r" } if event["type"] == "connect"
  return {} if event["type"] == "disconnect"
  return { "fly": 1 } if event["message"] == "unknown"
  return { "send": [1][7] } if event["message"] == "boom"
  { "broadcast_room": "old " + event["message"] }
end
def shown
  throw "no luck"
end
"""
PAGE = """<!doctype html><html lang="en"><title>app</title>
<link rel="stylesheet" href="/a.css"><main><h1>first</h1><p id="got"></p></main>
<script>
const ws = new WebSocket(location.origin.replace("http", "ws") + "/ws");
ws.onmessage = (event) => { document.getElementById("got").textContent = event.data; };
</script></html>
"""
OVERLAY = "soli-dev-overlay"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    (tmp_path / "public").mkdir()
    (tmp_path / "app.soli").write_text(APP, "utf-8")
    (tmp_path / "public/index.html").write_text(PAGE, "utf-8")
    (tmp_path / "public/a.css").write_text("h1 { color: rgb(1, 2, 3) }", "utf-8")
    with serve(tmp_path / "app.soli", "--dev") as server:
        yield server


def opened(person: Person, server: LiveServer, path: str = "/") -> tuple[Page, list[str]]:
    """The page once it is told what happens, and what its console says."""
    page, said = person().new_page(), list[str]()

    def on_console(message: ConsoleMessage) -> None:
        said.append(f"{message.type}: {message.text}")

    page.on("console", on_console)
    with page.expect_websocket(lambda socket: socket.url.endswith("/_soli/dev")) as found:
        page.goto(server.url + path)
    found.value.wait_for_event("framereceived")
    return page, said


def replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def say(page: Page, text: str) -> None:
    page.wait_for_function("() => ws.readyState === WebSocket.OPEN")
    page.evaluate("(text) => ws.send(text)", text)


def test_new_code_reaches_an_open_page(person: Person, server: LiveServer, tmp_path: Path) -> None:
    """Its connection stays, so does the page."""
    page, _ = opened(person, server)
    say(page, "a")
    expect(page.locator("#got")).to_have_text("old a")
    page.evaluate("() => { window.mine = 1; }")
    with page.expect_console_message(lambda message: message.text == "soli: reloaded"):
        replace(tmp_path / "app.soli", "old ", "new ")
    server.wait_for_output("reloaded; 1 connection kept")
    say(page, "b")
    expect(page.locator("#got")).to_have_text("new b")
    assert page.evaluate("() => window.mine") == 1


def test_a_syntax_error_lies_over_the_page(
    person: Person, server: LiveServer, tmp_path: Path
) -> None:
    """Until it is right; nothing of it is a fault to axe-core."""
    page, _ = opened(person, server)
    replace(tmp_path / "app.soli", "def shown", "def shown(")
    overlay = page.locator(OVERLAY)
    expect(overlay.locator("pre")).to_contain_text("app.soli:")
    expect(overlay.locator("pre")).to_contain_text("^")
    assert faults(page) == []
    say(page, "a")
    expect(page.locator("#got")).to_have_text("old a")
    replace(tmp_path / "app.soli", "def shown(", "def shown")
    expect(overlay).to_have_count(0)


def test_a_failing_handler_lies_over_the_page(person: Person, server: LiveServer) -> None:
    """With its event; Escape and the button close it."""
    page, _ = opened(person, server)
    for close in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.get_by_role("button", name="Close").click(),
    ):
        say(page, "boom")
        overlay = page.locator(OVERLAY)
        expect(overlay.get_by_role("heading")).to_have_text("Index out of bounds: 7 (length 1)")
        expect(overlay).to_contain_text("app#handle: message /ws: boom")
        close()
        expect(overlay).to_have_count(0)
    with page.expect_console_message(lambda message: "unknown action" in message.text) as told:
        say(page, "unknown")
    assert told.value.type == "warning"
    assert told.value.text == "soli: app#handle: unknown action 'fly'"


def test_a_style_sheet_is_fetched_anew_and_the_page_stays(
    person: Person, server: LiveServer, tmp_path: Path
) -> None:
    """What one typed into the page is still there."""
    page, _ = opened(person, server)
    page.evaluate("() => { window.mine = 1; }")
    heading = page.get_by_role("heading", name="first")
    expect(heading).to_have_css("color", "rgb(1, 2, 3)")
    replace(tmp_path / "public/a.css", "rgb(1, 2, 3)", "rgb(4, 5, 6)")
    expect(heading).to_have_css("color", "rgb(4, 5, 6)")
    assert page.evaluate("() => window.mine") == 1


def test_a_page_is_loaded_anew_when_its_file_changed(
    person: Person, server: LiveServer, tmp_path: Path
) -> None:
    """And a page of a failure when the code did."""
    page, _ = opened(person, server)
    replace(tmp_path / "public/index.html", "first", "second")
    expect(page.get_by_role("heading", name="second")).to_be_visible()

    failed, _ = opened(person, server, "/shown")
    expect(failed.get_by_role("heading")).to_contain_text("no luck")
    replace(tmp_path / "app.soli", 'throw "no luck"', 'render_text("luck")')
    expect(failed.locator("body")).to_have_text("luck")


def test_a_missing_page_lists_the_routes(person: Person, server: LiveServer) -> None:
    """Readable by everybody."""
    page, _ = opened(person, server, "/nowhere")
    expect(page.get_by_role("cell", name="app#shown")).to_be_visible()
    assert faults(page) == []


def test_a_page_with_a_strict_policy_is_served_too(person: Person, tmp_path: Path) -> None:
    """`'self'` is enough, for the script, its socket and the overlay's style."""
    (tmp_path / "app.soli").write_text(
        'get("/", "app#show")\ndef show\n'
        '  { "status": 200, "body": "<!doctype html><title>x</title><h1>hi</h1>",\n'
        '    "headers": { "Content-Type": "text/html",\n'
        '      "Content-Security-Policy": "default-src \'self\'" } }\nend\n',
        "utf-8",
    )
    with serve(tmp_path / "app.soli", "--dev") as server:
        page, said = opened(person, server)
        replace(tmp_path / "app.soli", "def show", "def show(")
        section = page.locator(OVERLAY).locator("section")
        expect(section).to_have_css("position", "absolute")
        expect(section).to_contain_text("app.soli:")
        assert not [line for line in said if "Content Security Policy" in line]


def test_a_save_says_in_a_corner_what_it_changes(
    person: Person, server: LiveServer, tmp_path: Path
) -> None:
    """Without a step in the way; the dashboard has it, too."""
    page, said = opened(person, server)
    page.evaluate("ws.send('hello')")
    expect(page.locator("#got")).to_have_text("old hello")
    app = tmp_path / "app.soli"
    app.write_text(APP.replace('"old "', '"new "'), "utf-8")
    note = page.locator("soli-dev-saved")
    expect(note).to_contain_text("this save changes 1 of 2")
    note.locator("summary").click()
    expect(note.locator("pre")).to_contain_text('+ broadcast_room "new hello"')
    expect(note.get_by_role("button", name="keep as spec")).to_be_visible()
    assert any("this save changes 1 of 2" in line for line in said)
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    page.goto(server.url + "/_soli")
    expect(page.locator("#saved")).to_contain_text("this save changes 1 of 2")
    assert faults(page) == []
