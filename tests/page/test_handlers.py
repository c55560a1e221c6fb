"""Sections 1 and 2 of the page: the quick start, how handlers work, the event object."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from ..support.live import LiveServer, eventually, receive, receive_json
from .conftest import receive_until

Serve = Callable[..., LiveServer]


def log_of_a_connection(server: LiveServer, message: str) -> list[dict[str, Any]]:
    """What the handler was told of a connection that said one thing and went."""
    with server.connect("/ws/room/x") as client:
        client.send(message)
        own = receive_json(client)["connection_id"]

    def told() -> list[dict[str, Any]] | None:
        events = [event for event in server.get("/log") if event["id"] == own]
        return events if events and events[-1]["type"] == "disconnect" else None

    return eventually(told, "no disconnect")


def test_the_quick_start_echoes(serve_sample: Serve) -> None:
    """Three files, copied and pasted: `hello` comes back as `echo: hello`."""
    with serve_sample("quick_start").connect("/ws/echo") as client:
        client.send("hello")

        assert receive(client) == "echo: hello"


def test_a_route_maps_a_path_to_an_action(serve_sample: Serve) -> None:
    """A path that no route declares is not found."""
    with (
        pytest.raises(InvalidStatus) as refusal,
        serve_sample("quick_start").connect("/ws/other"),
    ):
        pass

    assert refusal.value.response.status_code == 404


def test_the_handler_of_section_2_announces_whoever_connects(fresh_sample: Serve) -> None:
    """Every client, the new one included, gets the join with the id of the new connection."""
    server = fresh_sample("handlers")
    with server.connect("/ws/chat") as first:
        own = receive_json(first)
        with server.connect("/ws/chat") as second:
            announced = receive_json(first)

            assert receive_until(second, announced) == announced
            assert announced["type"] == "join"
            assert announced["user"] != own["user"]


def test_the_handler_of_section_2_broadcasts_messages(fresh_sample: Serve) -> None:
    """A message reaches everybody as it was sent."""
    server = fresh_sample("handlers")
    with server.connect("/ws/chat") as first, server.connect("/ws/chat") as second:
        receive(second)
        first.send("hello")

        assert receive_until(second, "hello") == "hello"


def test_the_kinds_of_event_are_connect_message_and_disconnect(serve_sample: Serve) -> None:
    """A connection that says one thing gives exactly these three events, in this order."""
    log = log_of_a_connection(serve_sample("events.soli"), "show")

    assert [event["type"] for event in log] == ["connect", "message", "disconnect"]


def test_connection_id_is_a_uuid(serve_sample: Serve) -> None:
    """It is a UUID of version 4, written the usual way."""
    with serve_sample("events.soli").connect("/ws/room/x") as client:
        client.send("show")
        connection_id = receive_json(client)["connection_id"]

    assert str(uuid.UUID(connection_id)) == connection_id
    assert uuid.UUID(connection_id).version == 4


def test_connection_id_identifies_this_connection(serve_sample: Serve) -> None:
    """All events of a connection carry its id, and no other connection's do."""
    server = serve_sample("events.soli")
    with server.connect("/ws/room/x") as first, server.connect("/ws/room/x") as second:
        ids = []
        for client in (first, second, first):
            client.send("show")
            ids.append(receive_json(client)["connection_id"])

    assert ids[0] == ids[2] != ids[1]


def test_message_is_the_text_that_the_client_sent(serve_sample: Serve) -> None:
    """The event of a message carries its text."""
    with serve_sample("events.soli").connect("/ws/room/x") as client:
        client.send("show")

        assert receive_json(client)["message"] == "show"


def test_message_is_only_set_on_messages(serve_sample: Serve) -> None:
    """`connect` and `disconnect` events have no key `message`; reading it gives null."""
    connect, message, disconnect = log_of_a_connection(serve_sample("events.soli"), "show")

    assert [("message" in event["keys"], event["message"]) for event in (connect, disconnect)] == [
        (False, None)
    ] * 2
    assert "message" in message["keys"]


def test_params_are_the_dynamic_segments_of_the_route(serve_sample: Serve) -> None:
    """`:room_id` of the route is `params["room_id"]`, percent-decoded."""
    with serve_sample("events.soli").connect("/ws/room/caf%C3%A9%20noir") as client:
        client.send("show")

        assert receive_json(client)["params"] == {"room_id": "café noir"}


def test_query_is_the_parsed_query_string(serve_sample: Serve) -> None:
    """The query of the upgrade request is a Hash of decoded strings."""
    with serve_sample("events.soli").connect("/ws/room/x?name=Ada+L&n=1&e=%26") as client:
        client.send("show")

        assert receive_json(client)["query"] == {"name": "Ada L", "n": "1", "e": "&"}


def test_headers_are_those_of_the_upgrade(serve_sample: Serve) -> None:
    """The headers of the upgrade request are there, names in lower case."""
    server = serve_sample("events.soli")
    with server.connect("/ws/room/x", additional_headers={"X-Device": "phone"}) as client:
        client.send("show")
        headers = receive_json(client)["headers"]

    assert headers["x-device"] == "phone"
    assert headers["upgrade"] == "websocket"


def test_an_empty_hash_means_no_action(serve_sample: Serve) -> None:
    """A message that is silently dropped is answered by nothing."""
    with serve_sample("events.soli").connect("/ws/room/x") as client:
        client.send("nothing")
        client.send("show")

        assert receive_json(client)["message"] == "show"


def test_a_handler_must_return_a_hash(serve_sample: Serve) -> None:
    """Anything else is an error in the log that names the handler; the client notices nothing."""
    server = serve_sample("events.soli")
    with server.connect("/ws/room/x") as client:
        client.send("string")
        client.send("null")
        client.send("show")

        assert receive_json(client)["message"] == "show"
    complaint = server.wait_for_output("action_error")
    assert "handler=events#handle" in complaint
    assert "a handler returns a Hash, got String" in complaint
