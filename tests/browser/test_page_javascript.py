"""The page's JavaScript, as it stands, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from ..support.constants import smaller
from ..support.live import LiveServer, serve

SAMPLES = Path(__file__).resolve().parent.parent / "page" / "samples"
Person = Callable[..., BrowserContext]

OPEN = "() => ws.readyState === WebSocket.OPEN"


def sample(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def echo() -> Iterator[LiveServer]:
    with serve(SAMPLES / "quick_start") as server:
        yield server


@pytest.fixture
def presence() -> Iterator[LiveServer]:
    with smaller(presence_resync_seconds=0.05), serve(SAMPLES / "presence") as server:
        yield server


def blank_page(context: BrowserContext, server: LiveServer) -> Page:
    """A page of the server's origin without scripts of its own."""
    page = context.new_page()
    page.goto(server.url + "/nothing-here")
    return page


def enter(person: Person, server: LiveServer, user: str, name: str) -> Page:
    """The page's client of section 6, connected as *user*."""
    context = person()
    context.add_cookies(
        [
            {"name": "user", "value": user, "url": server.url},
            {"name": "name", "value": name, "url": server.url},
        ]
    )
    page = blank_page(context, server)
    page.add_script_tag(content=sample("client_connect.js") + sample("client_presence.js"))
    page.wait_for_function(f"() => ({OPEN})() && '{user}' in presences")
    return page


def users(page: Page) -> dict[str, Any]:
    """User -> the states of its connections, by the snippet."""
    return dict(
        page.evaluate(
            "() => Object.fromEntries(Object.entries(presences)"
            ".map(([id, { metas }]) => [id, metas.map((meta) => meta.state)]))"
        )
    )


def wait_for_users(page: Page, expected: dict[str, list[str]]) -> None:
    page.wait_for_function(
        "(expected) => JSON.stringify(Object.entries(presences)"
        ".map(([id, { metas }]) => [id, metas.map((meta) => meta.state)]).sort())"
        " === JSON.stringify(Object.entries(expected).sort())",
        arg=expected,
    )


def test_the_quick_start_logs_the_echo(person: Person, echo: LiveServer) -> None:
    """Pasted into the console, the snippet logs `echo: hello`."""
    page = blank_page(person(), echo)
    with page.expect_console_message(lambda message: message.type == "log") as logged:
        page.add_script_tag(content=sample("quick_start.js"))

    assert logged.value.text == "echo: hello"


def test_the_client_of_section_6_logs_what_it_receives(
    person: Person, presence: LiveServer
) -> None:
    """The first snippet of section 6 logs `Received:` and the decoded message."""
    context = person()
    context.add_cookies([{"name": "user", "value": "u_1", "url": presence.url}])
    page = blank_page(context, presence)
    with page.expect_console_message(lambda message: message.type == "log") as logged:
        page.add_script_tag(content=sample("client_connect.js"))

    label, received = logged.value.args
    assert label.json_value() == "Received:"
    assert received.json_value()["event"] == "presence_state"


def test_a_chat_message_of_the_page_is_received(person: Person, presence: LiveServer) -> None:
    """`ws.send(JSON.stringify({ text: 'Hello!' }))` reaches the room."""
    context = person()
    context.add_cookies([{"name": "user", "value": "u_1", "url": presence.url}])
    page = blank_page(context, presence)
    with page.expect_console_message(lambda message: message.type == "log"):
        page.add_script_tag(content=sample("client_connect.js"))
    with page.expect_console_message(lambda message: "Hello!" in message.text) as logged:
        page.add_script_tag(content=sample("client_send.js"))

    assert logged.value.args[1].json_value() == {"text": "Hello!"}


def test_two_browsers_see_each_other_join(person: Person, presence: LiveServer) -> None:
    """Each holds both users; the later one learnt of the earlier from the initial sync."""
    alice = enter(person, presence, "u_1", "Alice")
    bob = enter(person, presence, "u_2", "Bob")

    both = {"u_1": ["online"], "u_2": ["online"]}
    wait_for_users(alice, both)
    assert users(bob) == both


def test_a_browser_sees_another_one_type_and_stop(person: Person, presence: LiveServer) -> None:
    """The typing indicators of the page set the state that the other one sees."""
    alice = enter(person, presence, "u_1", "Alice")
    bob = enter(person, presence, "u_2", "Bob")
    bob.evaluate("() => ws.send(JSON.stringify({ event: 'typing' }))")
    wait_for_users(alice, {"u_1": ["online"], "u_2": ["typing"]})
    bob.evaluate("() => ws.send(JSON.stringify({ event: 'stop_typing' }))")

    wait_for_users(alice, {"u_1": ["online"], "u_2": ["online"]})


def test_a_browser_sees_another_one_leave(person: Person, presence: LiveServer) -> None:
    """Closing the page is a disconnect; the snippet takes the user off its list."""
    alice = enter(person, presence, "u_1", "Alice")
    bob = enter(person, presence, "u_2", "Bob")
    wait_for_users(alice, {"u_1": ["online"], "u_2": ["online"]})
    bob.close()

    wait_for_users(alice, {"u_1": ["online"]})


def test_a_second_tab_is_a_second_connection_of_one_user(
    person: Person, presence: LiveServer
) -> None:
    """After the resync others count two connections for the one user."""
    alice = enter(person, presence, "u_1", "Alice")
    enter(person, presence, "u_2", "Bob")
    enter(person, presence, "u_2", "Bob")

    wait_for_users(alice, {"u_1": ["online"], "u_2": ["online", "online"]})
