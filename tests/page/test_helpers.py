"""Section 7 of the page: helpers, called from an HTTP route as the page calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection

from ..support.live import PATIENCE_SECONDS, LiveServer, receive, receive_json
from .conftest import told

Serve = Callable[..., LiveServer]


@pytest.fixture
def server(fresh_sample: Serve) -> LiveServer:
    return fresh_sample("helpers.soli")


def call(server: LiveServer, name: str, connection_id: str = "") -> Any:
    """What the helper *name* returned to the HTTP route."""
    return server.get(f"/call/{name}?id={connection_id}")["returned"]


def id_of(client: ClientConnection) -> str:
    client.send("id")
    return receive(client)


@contextmanager
def member(server: LiveServer, user: str | None = None) -> Iterator[ClientConnection]:
    """A client in `room:lobby`, tracked there as *user* if given."""
    with server.connect(f"/ws?user={user}") as client:
        client.send("join")
        if user is not None:
            client.send("track")
            receive(client)
        id_of(client)
        yield client


def test_ws_send_reaches_one_connection(server: LiveServer) -> None:
    """The connection of that id gets it, and no other."""
    with server.connect("/ws") as one, server.connect("/ws") as other:
        call(server, "ws_send", id_of(one))
        assert receive(one) == "Hello, client!"

        other.send("id")
        assert receive(other) != "Hello, client!"


@pytest.mark.parametrize("name", ["ws_send", "ws_broadcast", "ws_broadcast_room", "ws_close"])
def test_messaging_helpers_return_null(server: LiveServer, name: str) -> None:
    """Messaging helpers return null."""
    with server.connect("/ws") as client:
        assert call(server, name, id_of(client)) is None


def test_ws_broadcast_reaches_everybody(server: LiveServer) -> None:
    """Every connected client gets it."""
    with server.connect("/ws") as one, server.connect("/ws") as other:
        id_of(one), id_of(other)
        call(server, "ws_broadcast")

        assert [receive(one), receive(other)] == ["Server restarting in 5 min"] * 2


def test_ws_broadcast_room_reaches_the_room(server: LiveServer) -> None:
    """Clients subscribed to the channel get it, as JSON since it is a Hash."""
    with member(server) as inside:
        call(server, "ws_broadcast_room")

        assert receive_json(inside) == {"from": "a route", "n": 1}


def test_ws_broadcast_room_reaches_nobody_outside(server: LiveServer) -> None:
    """A client that did not subscribe hears nothing."""
    with member(server), server.connect("/ws") as outside:
        own = id_of(outside)
        call(server, "ws_broadcast_room")

        assert id_of(outside) == own


def test_ws_close_closes_with_the_reason(server: LiveServer) -> None:
    """The client sees code 1000 and the reason."""
    with server.connect("/ws") as client:
        call(server, "ws_close", id_of(client))
        with pytest.raises(ConnectionClosedOK):
            client.recv(PATIENCE_SECONDS)

        assert (client.close_code, client.close_reason) == (1000, "Session expired")


def test_ws_join_subscribes_the_current_connection(server: LiveServer) -> None:
    """Called in a handler it returns null, and the connection is in the room."""
    with server.connect("/ws") as client:
        client.send("ws_join")

        assert receive_json(client) == {"returned": None}
        told(lambda: call(server, "ws_clients_in"), [id_of(client)])


def test_ws_leave_unsubscribes(server: LiveServer) -> None:
    """Called in a handler it returns null, and the connection is out of the room."""
    with member(server) as client:
        client.send("ws_leave")

        assert receive_json(client) == {"returned": None}
        told(lambda: call(server, "ws_clients_in"), [])


def test_ws_clients_lists_all_connection_ids(server: LiveServer) -> None:
    """All connected ids, an Array of Strings."""
    with server.connect("/ws") as one, server.connect("/ws") as other:
        told(lambda: sorted(call(server, "ws_clients")), sorted([id_of(one), id_of(other)]))


def test_the_sample_of_ws_clients_prints_their_number(server: LiveServer) -> None:
    """`print("Connected: " + str(len(all)))` prints on the server."""
    with server.connect("/ws"), server.connect("/ws") as second:
        id_of(second)
        told(lambda: len(call(server, "ws_clients")), 2)

    assert server.wait_for_output("Connected: 2") == "Connected: 2"


def test_ws_clients_in_lists_the_ids_of_a_channel(server: LiveServer) -> None:
    """Ids of those who subscribed to the channel, and of no other."""
    with member(server) as inside, server.connect("/ws") as outside:
        id_of(outside)

        told(lambda: call(server, "ws_clients_in"), [id_of(inside)])


def test_ws_count_counts_active_connections(server: LiveServer) -> None:
    """An Int: as many as are connected."""
    with server.connect("/ws") as one, server.connect("/ws") as other:
        id_of(one), id_of(other)

        told(lambda: call(server, "ws_count"), 2)


def listed(server: LiveServer) -> list[tuple[str, int]]:
    users = call(server, "ws_list_presence")
    return [(user["user_id"], len(user["metas"])) for user in users]


def test_ws_list_presence_lists_users_with_their_metadata(server: LiveServer) -> None:
    """An Array of Hashes, one per user, in the order of their first track."""
    with member(server, "u_9"), member(server, "u_123"), member(server, "u_9"):
        told(lambda: listed(server), [("u_9", 2), ("u_123", 1)])


def test_ws_presence_count_counts_users_not_connections(server: LiveServer) -> None:
    """Two connections of one user and one of another make two."""
    with member(server, "u_1"), member(server, "u_1"), member(server, "u_2"):
        told(lambda: call(server, "ws_presence_count"), 2)


def state(user: dict[str, Any] | None) -> tuple[str, list[str]] | None:
    return user and (user["user_id"], [meta["state"] for meta in user["metas"]])


def test_ws_get_presence_tells_about_one_user(server: LiveServer) -> None:
    """A Hash with the user's id and metas."""
    with member(server, "u_123"):
        told(lambda: state(call(server, "ws_get_presence")), ("u_123", ["online"]))


def test_ws_get_presence_of_somebody_absent_is_null(server: LiveServer) -> None:
    """Null when the user is not there."""
    with member(server, "u_1"):
        told(lambda: call(server, "ws_get_presence"), None)
