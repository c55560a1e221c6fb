"""Section 3 of the page: response actions, each as it is written there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from websockets.sync.client import ClientConnection

from ..support.live import LiveServer, eventually, receive, receive_json
from .conftest import told

Serve = Callable[..., LiveServer]


@contextmanager
def clients(server: LiveServer, count: int) -> Iterator[list[ClientConnection]]:
    """Clients that were answered, so every process has heard that they are there."""
    with ExitStack() as stack:
        made = [stack.enter_context(server.connect("/ws")) for _ in range(count)]
        assert all(map(next_is_pong, made))
        yield made


def ask(client: ClientConnection, action: str) -> str:
    client.send(action)
    return receive(client)


def next_is_pong(client: ClientConnection) -> bool:
    """Whether nothing was waiting for *client*: what it asks now is answered next."""
    return ask(client, "ping") == "pong"


def state_in_a_diff(client: ClientConnection, wanted: str) -> bool:
    """Whether a diff says so. One before may tell of another test's client, who went."""
    while True:
        message = receive_json(client)
        assert message["event"] == "presence_diff"
        joined = message["payload"]["joins"].get("...", {"metas": []})
        if wanted in [meta["state"] for meta in joined["metas"]]:
            return True


def test_send_replies_to_the_sender(serve_sample: Serve) -> None:
    """`{ "send": "Hello you" }` reaches the client that triggered the event."""
    with clients(serve_sample("actions.soli"), 1) as (client,):
        assert ask(client, "send") == "Hello you"


def test_send_replies_to_the_sender_only(serve_sample: Serve) -> None:
    """Nobody else gets it."""
    with clients(serve_sample("actions.soli"), 2) as (sender, other):
        ask(sender, "send")

        assert next_is_pong(other)


def test_broadcast_reaches_every_client_including_the_sender(serve_sample: Serve) -> None:
    """`{ "broadcast": "Hello all" }` reaches all three connections."""
    with clients(serve_sample("actions.soli"), 3) as everybody:
        everybody[0].send("broadcast")

        assert [receive(client) for client in everybody] == ["Hello all"] * 3


def test_join_subscribes_this_connection(serve_sample: Serve) -> None:
    """`{ "join": "room:lobby" }` puts the connection, and no other, into the room."""
    with clients(serve_sample("actions.soli"), 2) as (member, _other):
        member.send("join")

        told(lambda: len(json.loads(ask(member, "members"))), 1)


def test_leave_unsubscribes(serve_sample: Serve) -> None:
    """`{ "leave": "room:lobby" }` takes the connection out again."""
    with clients(serve_sample("actions.soli"), 1) as (client,):
        client.send("join")
        client.send("leave")

        told(lambda: json.loads(ask(client, "members")), [])


def test_leave_is_automatic_on_disconnect(serve_sample: Serve) -> None:
    """A member that disconnects is not in the room any more."""
    with clients(serve_sample("actions.soli"), 1) as (watcher,):
        with clients(serve_sample("actions.soli"), 1) as (member,):
            member.send("join")
            assert json.loads(ask(member, "members"))

        eventually(lambda: json.loads(ask(watcher, "members")) == [], "still a member")


def test_broadcast_room_reaches_everyone_in_the_room(serve_sample: Serve) -> None:
    """`{ "broadcast_room": payload }` reaches the members, the sender included, as JSON."""
    with clients(serve_sample("actions.soli"), 2) as members:
        for member in members:
            member.send("join")
            assert next_is_pong(member)
        members[0].send("broadcast_room")

        expected = {"to": "the room", "n": [1, 2.5, True, None]}
        assert [receive_json(member) for member in members] == [expected] * 2


def test_broadcast_room_reaches_nobody_else(serve_sample: Serve) -> None:
    """A connection outside the room hears nothing of it."""
    with clients(serve_sample("actions.soli"), 2) as (member, outsider):
        member.send("join")
        ask(member, "broadcast_room")

        assert next_is_pong(outsider)


def test_broadcast_room_means_the_most_recently_joined_room(serve_sample: Serve) -> None:
    """After joining another room, that one is meant; members of the first hear nothing."""
    with clients(serve_sample("actions.soli"), 2) as (mover, stayer):
        stayer.send("join")
        mover.send("join")
        mover.send("join other")
        ask(mover, "broadcast_room")

        assert next_is_pong(stayer)


def test_track_starts_presence_tracking(serve_sample: Serve) -> None:
    """`{ "track": { "channel": "...", "user_id": "..." } }`: the tracker is told who is there."""
    with clients(serve_sample("actions.soli"), 1) as (client,):
        state = json.loads(ask(client, "track"))

    assert state["event"] == "presence_state"
    assert list(state["payload"]) == ["..."]
    assert state["payload"]["..."]["metas"][0]["state"] == "online"


def test_set_presence_updates_the_state(serve_sample: Serve) -> None:
    """`{ "set_presence": { "channel": "...", "state": "typing" } }` is told as a diff."""
    with clients(serve_sample("actions.soli"), 1) as (client,):
        ask(client, "track")
        client.send("set_presence")

        assert state_in_a_diff(client, "typing")


def test_set_presence_knows_away(serve_sample: Serve) -> None:
    """States are the application's own words: `away` is as good as `typing`."""
    with clients(serve_sample("actions.soli"), 1) as (client,):
        ask(client, "track")
        client.send("away")

        assert state_in_a_diff(client, "away")


def test_track_without_user_id_is_refused(serve_sample: Serve) -> None:
    """`user_id` is required: without it nobody is tracked, and the log names the key."""
    server = serve_sample("actions.soli")
    with clients(server, 1) as (client,):
        client.send("track nobody")
        told(lambda: json.loads(ask(client, "present")), [])

    assert "track" in server.wait_for_output("user_id")


def test_untrack_stops_tracking(serve_sample: Serve) -> None:
    """`{ "untrack": "room:lobby" }` takes the user off the list."""
    with clients(serve_sample("actions.soli"), 2) as (client, watcher):
        ask(client, "track lobby")
        client.send("untrack")
        ask(client, "ping")
        told(lambda: json.loads(ask(watcher, "present")), [])


def test_untrack_is_automatic_on_disconnect(serve_sample: Serve) -> None:
    """A tracked connection that goes is tracked no longer."""
    with clients(serve_sample("actions.soli"), 1) as (watcher,):
        with clients(serve_sample("actions.soli"), 1) as (client,):
            ask(client, "track lobby")
            told(lambda: len(json.loads(ask(watcher, "present"))), 1)

        eventually(lambda: json.loads(ask(watcher, "present")) == [], "still tracked")


def test_keys_can_be_combined_in_one_return(fresh_sample: Serve) -> None:
    """`join`, `send` and `broadcast_room` of one return all happen: the sender is in the room."""
    with clients(fresh_sample("actions.soli"), 1) as (client,):
        client.send("combined")

        assert [receive(client), receive(client)] == ["joined", "somebody joined"]
