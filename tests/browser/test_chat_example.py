"""`examples/chat` in a real browser, with people who chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from ..support.constants import smaller
from ..support.live import ROOT, LiveServer, serve
from ..support.ports import free_port

CHAT = ROOT / "examples" / "chat"
Person = Callable[..., BrowserContext]


@pytest.fixture
def chat() -> Iterator[LiveServer]:
    with smaller(presence_resync_seconds=0.05), serve(CHAT) as server:
        yield server


def enter(context: BrowserContext, server: LiveServer, name: str, room: str = "general") -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/?name={name}#{room}")
    expect(page.locator("#status-text")).to_have_text("Online")
    expect(person_called(page, name)).to_be_visible()
    return page


def person_called(page: Page, name: str) -> Locator:
    """The entry of *name* in the list of people."""
    return page.locator("#people li").filter(has=page.locator(".name", has_text=name))


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def messages(page: Page) -> Locator:
    return page.locator("#log .text")


def test_two_people_chat(person: Person, chat: LiveServer) -> None:
    """What Ada says, Bob reads, and the other way round."""
    ada, bob = enter(person(), chat, "Ada"), enter(person(), chat, "Bob")
    say(ada, "Good morning, Bob")
    expect(messages(bob)).to_have_text(["Good morning, Bob"])
    say(bob, "Good morning, Ada")

    expect(messages(ada)).to_have_text(["Good morning, Bob", "Good morning, Ada"])


def test_they_see_each_other_join(person: Person, chat: LiveServer) -> None:
    """Bob appears on Ada's list and in her log."""
    ada = enter(person(), chat, "Ada")
    enter(person(), chat, "Bob")

    expect(person_called(ada, "Bob")).to_be_visible()
    expect(ada.locator("#log")).to_contain_text("Bob joined")


def test_they_see_each_other_leave(person: Person, chat: LiveServer) -> None:
    """When Bob closes his browser he is off the list, and the log says so."""
    ada = enter(person(), chat, "Ada")
    bob = person()
    enter(bob, chat, "Bob")
    expect(person_called(ada, "Bob")).to_be_visible()
    bob.close()

    expect(person_called(ada, "Bob")).to_have_count(0)
    expect(ada.locator("#log")).to_contain_text("Bob left")


def test_they_see_each_other_type(person: Person, chat: LiveServer) -> None:
    """A key pressed by Bob shows on Ada's page."""
    ada, bob = enter(person(), chat, "Ada"), enter(person(), chat, "Bob")
    bob.get_by_label("Message", exact=True).press("h")

    expect(ada.locator("#typing")).to_have_text("Bob is typing…")
    expect(person_called(ada, "Bob").locator(".state")).to_contain_text("typing…")


def test_emptying_the_text_ends_typing(person: Person, chat: LiveServer) -> None:
    """Who deletes what they wrote is not typing any more."""
    ada, bob = enter(person(), chat, "Ada"), enter(person(), chat, "Bob")
    bob.get_by_label("Message", exact=True).press("h")
    expect(ada.locator("#typing")).to_have_text("Bob is typing…")
    bob.get_by_label("Message", exact=True).press("Backspace")

    expect(ada.locator("#typing")).to_have_text("")


def test_sending_ends_typing(person: Person, chat: LiveServer) -> None:
    """With the message the indicator goes."""
    ada, bob = enter(person(), chat, "Ada"), enter(person(), chat, "Bob")
    bob.get_by_label("Message", exact=True).press("h")
    expect(ada.locator("#typing")).to_have_text("Bob is typing…")
    bob.keyboard.press("Enter")

    expect(messages(ada)).to_have_text(["h"])
    expect(ada.locator("#typing")).to_have_text("")


def test_a_second_tab_counts_as_a_device(person: Person, chat: LiveServer) -> None:
    """Bob with two tabs is one person with two devices, and with one again when one closes."""
    ada, bob = enter(person(), chat, "Ada"), person()
    enter(bob, chat, "Bob")
    second = enter(bob, chat, "Bob")
    expect(person_called(ada, "Bob").locator(".devices")).to_have_text("2 devices")
    second.close()

    expect(person_called(ada, "Bob")).to_have_count(1)
    expect(person_called(ada, "Bob").locator(".devices")).to_have_count(0)


def test_rooms_are_apart(person: Person, chat: LiveServer) -> None:
    """Somebody in the kitchen is neither seen nor heard in general."""
    ada = enter(person(), chat, "Ada")
    bob = enter(person(), chat, "Bob", room="kitchen")
    say(bob, "Where is the tea?")
    say(ada, "Nobody here")

    expect(messages(ada)).to_have_text(["Nobody here"])
    expect(person_called(ada, "Bob")).to_have_count(0)


def test_changing_rooms_without_reloading(person: Person, chat: LiveServer) -> None:
    """A click on a room leads there, and out of the one before."""
    ada, bob = enter(person(), chat, "Ada"), enter(person(), chat, "Bob", room="kitchen")
    ada.get_by_role("link", name="kitchen").click()

    expect(person_called(bob, "Ada")).to_be_visible()
    expect(ada.locator("#room-name")).to_have_text("kitchen")


def test_who_comes_later_reads_what_was_said(person: Person, chat: LiveServer) -> None:
    """The latest messages of the room are there on arrival."""
    say(enter(person(), chat, "Ada"), "Written before Bob came")

    expect(messages(enter(person(), chat, "Bob"))).to_have_text(["Written before Bob came"])


def test_a_name_is_asked_for_once(person: Person, chat: LiveServer) -> None:
    """Without a name a dialog asks; the next visit remembers the answer."""
    context = person()
    page = context.new_page()
    page.goto(chat.url)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Join").click()
    expect(person_called(page, "Ada")).to_be_visible()
    page.reload()

    expect(person_called(page, "Ada")).to_be_visible()


def test_markup_in_messages_and_names_stays_text(person: Person, chat: LiveServer) -> None:
    """What looks like HTML is shown, not run."""
    evil = "<img src=x onerror=document.title='hacked'>"
    ada = enter(person(), chat, "Ada")
    mallory = enter(person(), chat, "<b>M</b>")
    say(mallory, evil)

    expect(messages(ada)).to_have_text([evil])
    assert ada.locator("#log img, #log b, #people b").count() == 0
    assert ada.title() != "hacked"


def test_the_page_needs_nothing_from_elsewhere(person: Person, chat: LiveServer) -> None:
    """Every request goes to the server that served the page, and no script complains."""
    context = person()
    requested: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: requested.append(request.url))
    context.on("console", lambda message: complaints.append(message.text))
    say(enter(context, chat, "Ada"), "hello")
    expect(messages(context.pages[0])).to_have_text(["hello"])

    hosts = {urlsplit(url).netloc for url in requested if not url.startswith("data:")}
    assert hosts == {urlsplit(chat.url).netloc}
    assert complaints == []


def test_it_comes_back_when_the_server_does(person: Person) -> None:
    """The server is gone and comes again on the same port: the page is online again by itself."""
    port = str(free_port())
    with serve(CHAT, "--port", port) as server:
        page = enter(person(), server, "Ada")
    expect(page.locator("#status-text")).to_contain_text("again")
    expect(page.locator("#send")).to_be_disabled()
    with serve(CHAT, "--port", port):
        expect(page.locator("#status-text")).to_have_text("Online", timeout=30_000)
        say(page, "back again")

        expect(messages(page)).to_have_text(["back again"])
        page.close()


def test_who_is_refused_is_told_why(person: Person) -> None:
    """The second of two, where there may be one."""
    with serve(CHAT, "--max-connections", "1") as server:
        enter(person(), server, "Ada")
        page = person().new_page()
        page.goto(f"{server.url}/?name=Bob")

        expect(page.locator("#log")).to_contain_text("too many connections")
        expect(page.locator("#status-text")).to_contain_text("again")
        page.close()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
def test_it_fits_the_screen(person: Person, chat: LiveServer, size: tuple[int, int]) -> None:
    """Nothing sticks out sideways, and the composer is on the screen."""
    context = person(viewport={"width": size[0], "height": size[1]})
    page = enter(context, chat, "Ada")
    say(page, "a" * 300)
    expect(messages(page)).to_have_count(1)

    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_label("Message", exact=True)).to_be_in_viewport()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
def test_without_its_server_it_still_fits_and_says_where_one_is(
    person: Person, size: tuple[int, int]
) -> None:
    """The room's name stays readable beside what is wrong, and nothing is pushed out."""
    with serve(CHAT) as server:
        page = enter(
            person(viewport={"width": size[0], "height": size[1]}),
            server,
            "Ada",
            "a-room-of-our-own",
        )
    expect(page.locator("#retry")).to_be_visible()
    for part in ("#room-name", "#status-text", "#retry", "#rename"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
    title = page.locator(".bar h1")
    assert title.evaluate("(it) => it.scrollWidth <= it.clientWidth"), "the name is cut off"
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_label("Message", exact=True)).to_be_in_viewport()


def test_who_was_here_is_unknown_without_the_server(person: Person) -> None:
    """Nobody is shown as online, typing or away until the server tells again."""
    port = str(free_port())
    with serve(CHAT, "--port", port) as server:
        ada, bob = enter(person(), server, "Ada"), enter(person(), server, "Bob")
        expect(person_called(ada, "Bob").locator(".state")).to_have_text("online")
        bob.get_by_label("Message", exact=True).press("h")
        expect(ada.locator("#typing")).to_have_text("Bob is typing…")
    expect(person_called(ada, "Bob").locator(".state")).to_have_text("unknown")
    expect(person_called(ada, "Ada").locator(".state")).to_have_text("unknown")
    expect(ada.locator("#typing")).to_have_text("")
    expect(ada.locator("#people-title")).to_contain_text("Last seen here")
    lamp = "(it) => getComputedStyle(it, '::after').backgroundColor"
    green = "rgb(18, 133, 90)"
    assert person_called(ada, "Bob").locator(".avatar").evaluate(lamp) != green
    with serve(CHAT, "--port", port):
        expect(ada.locator("#people-title")).to_contain_text("Here now", timeout=30_000)
        expect(person_called(ada, "Ada").locator(".state")).to_have_text("you · online")
        assert person_called(ada, "Ada").locator(".avatar").evaluate(lamp) == green
        ada.close()
        bob.close()


def test_every_control_has_a_name(person: Person, chat: LiveServer) -> None:
    """Buttons, links and fields have names that a screen reader can say."""
    page = enter(person(), chat, "Ada")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, a, input, textarea')]
          .filter((control) => !(control.getAttribute('aria-label') ?? control.textContent).trim())
          .map((control) => control.outerHTML)"""
    )

    assert nameless == []


def test_the_messages_are_a_live_log(person: Person, chat: LiveServer) -> None:
    """Assistive technology is told of new messages: the list is a log."""
    page = enter(person(), chat, "Ada")

    expect(page.get_by_role("log", name="Messages")).to_be_visible()
