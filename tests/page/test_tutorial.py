"""Section 4 of the page: the chat room in three increments, each a working app."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection

from ..support.live import LiveServer, receive, receive_json
from .conftest import receive_until, told

Serve = Callable[..., LiveServer]


def metas(message: dict[str, Any], user: str, part: str | None = None) -> list[dict[str, Any]]:
    payload = message["payload"] if part is None else message["payload"][part]
    return list(payload[user]["metas"])


def enter(server: LiveServer, room: str, user: str, name: str) -> ClientConnection:
    return server.connect(f"/ws/room/{room}?user={user}&name={name}")


@contextmanager
def entered(server: LiveServer, room: str, user: str, name: str) -> Iterator[ClientConnection]:
    """The client once it was told who is there, and so is there itself."""
    with enter(server, room, user, name) as client:
        receive(client)
        yield client


def test_4_1_every_message_goes_to_every_client(serve_sample: Serve) -> None:
    """Broadcast to everyone."""
    server = serve_sample("broadcast")
    with server.connect("/ws/chat") as first, server.connect("/ws/chat") as second:
        second.send("hello")
        receive(second)  # so every process has heard that it is there
        first.send("good morning")

        assert [receive_until(each, "good morning") for each in (first, second)] == [
            "good morning"
        ] * 2


def test_4_2_messages_reach_the_own_room(serve_sample: Serve) -> None:
    """Two clients of `/ws/room/tea` hear each other."""
    server = serve_sample("rooms.soli")
    with server.connect("/ws/room/tea") as first, server.connect("/ws/room/tea") as second:
        second.send("is there tea?")
        receive(second)  # so it has joined
        first.send("milk?")

        assert [receive_until(each, "milk?") for each in (first, second)] == ["milk?"] * 2


def test_4_2_traffic_is_isolated_per_room(serve_sample: Serve) -> None:
    """A client of `/ws/room/coffee` hears nothing of `/ws/room/tea`."""
    server = serve_sample("rooms.soli")
    with server.connect("/ws/room/tea") as tea, server.connect("/ws/room/coffee") as coffee:
        tea.send("milk?")
        receive(tea)
        coffee.send("sugar?")

        assert receive(coffee) == "sugar?"


def test_4_2_leave_is_automatic_on_disconnect(serve_sample: Serve) -> None:
    """Somebody left; those who stay are served as before."""
    server = serve_sample("rooms.soli")
    with server.connect("/ws/room/tea") as stays:
        stays.send("here")
        receive(stays)  # so it has joined
        with server.connect("/ws/room/tea") as goes:
            goes.send("bye")
            receive(stays)
        stays.send("alone")

        assert receive(stays) == "alone"


def test_4_3_a_tracked_client_gets_the_presence_state(fresh_sample: Serve) -> None:
    """Who connects learns who is there, itself included, with the metadata of its track."""
    server = fresh_sample("presence")
    with enter(server, "general", "u_1", "Alice") as alice:
        state = receive_json(alice)

    assert state["event"] == "presence_state"
    meta = metas(state, "u_1")[0]
    assert {**meta, "phx_ref": "?"} == {
        "phx_ref": "?",
        "state": "online",
        "name": "Alice",
        "avatar": "u_1.png",
    }


def test_4_3_clients_get_a_diff_whenever_the_user_list_changes(fresh_sample: Serve) -> None:
    """Alice is told that Bob comes and that he goes."""
    server = fresh_sample("presence")
    with enter(server, "general", "u_1", "Alice") as alice:
        receive(alice)
        with enter(server, "general", "u_2", "Bob"):
            joined = receive_json(alice)
        left = receive_json(alice)

    assert [joined["event"], left["event"]] == ["presence_diff"] * 2
    assert list(joined["payload"]["joins"]) == ["u_2"]
    assert list(left["payload"]["leaves"]) == ["u_2"]


def test_4_3_typing_and_stop_typing(fresh_sample: Serve) -> None:
    """The two typing events change the state that others see, and are told to everybody."""
    server = fresh_sample("presence")
    with (
        entered(server, "general", "u_1", "Alice") as alice,
        entered(server, "general", "u_2", "Bob") as bob,
    ):
        receive(alice)
        alice.send(json.dumps({"event": "typing"}))
        typing = receive_json(bob)
        alice.send(json.dumps({"event": "stop_typing"}))
        stopped = receive_json(bob)

    assert metas(typing, "u_1", "joins")[0]["state"] == "typing"
    assert metas(stopped, "u_1", "joins")[0]["state"] == "online"


def test_4_3_other_messages_go_to_the_room(fresh_sample: Serve) -> None:
    """A chat message is passed on as it came."""
    server = fresh_sample("presence")
    message = json.dumps({"text": "Hello!"})
    with (
        entered(server, "general", "u_1", "Alice") as alice,
        entered(server, "general", "u_2", "Bob") as bob,
    ):
        alice.send(message)

        assert receive(bob) == message


def test_4_3_a_client_that_sends_plain_text_is_served_too(fresh_sample: Serve) -> None:
    """`to_h` of text that is not JSON is an empty Hash, so the text goes to the room."""
    server = fresh_sample("presence")
    with enter(server, "general", "u_1", "Alice") as alice:
        receive(alice)
        alice.send("just text")

        assert receive(alice) == "just text"


def test_4_3_disconnect_untracks(fresh_sample: Serve) -> None:
    """The leave diff is sent without a line of the handler's."""
    server = fresh_sample("presence")
    with enter(server, "general", "u_1", "Alice") as alice:
        receive(alice)
        with enter(server, "general", "u_2", "Bob"):
            receive(alice)
        receive(alice)

        told(lambda: [user["user_id"] for user in server.get("/presence/general")], ["u_1"])
