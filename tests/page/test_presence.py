"""Section 5 of the page: presence is by user, not by connection, and travels in two shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection

from ..support.live import LiveServer, eventually, receive, receive_json

Serve = Callable[..., LiveServer]
SAMPLES = Path(__file__).parent / "samples"


def enter(server: LiveServer, user: str, name: str) -> ClientConnection:
    return server.connect(f"/ws/room/general?user={user}&name={name}")


@contextmanager
def entered(server: LiveServer, user: str, name: str) -> Iterator[ClientConnection]:
    """The client once it was told who is there, and so is there itself."""
    with enter(server, user, name) as client:
        receive(client)
        yield client


def shape(value: Any) -> Any:
    """The keys and types of a JSON value, without its texts."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in sorted(value.items()) if key != "avatar"}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def by_any_user(payload: dict[str, Any]) -> list[Any]:
    return [shape(user) for user in payload.values()]


def next_diff(client: ClientConnection) -> Any:
    """The next `presence_diff`; snapshots before it are no event of somebody's."""
    while True:
        message = receive_json(client)
        if message["event"] == "presence_diff":
            return message


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def test_presence_state_has_the_shape_of_the_page(fresh_sample: Serve) -> None:
    """One user with two devices, one with one: keys, nesting and types are the page's."""
    server = fresh_sample("presence")
    with (
        entered(server, "user_123", "Alice"),
        entered(server, "user_123", "Alice"),
        enter(server, "user_456", "Bob") as bob,
    ):
        state = receive_json(bob)

    page = sample("presence_state.json")
    assert {**state, "payload": None} == {**page, "payload": None}
    assert list(state["payload"]) == list(page["payload"])
    assert by_any_user(state["payload"]) == by_any_user(page["payload"])


def test_presence_diff_has_the_shape_of_the_page(fresh_sample: Serve) -> None:
    """A diff has `joins` and `leaves`, both always; the entries have the shape of the page."""
    server = fresh_sample("presence")
    with enter(server, "user_123", "Alice") as alice:
        receive(alice)
        with enter(server, "user_456", "Bob"):
            joined = receive_json(alice)
        left = receive_json(alice)

    page = sample("presence_diff.json")
    assert set(joined) == set(left) == set(page)
    assert by_any_user(joined["payload"]["joins"]) == by_any_user(page["payload"]["joins"])
    assert by_any_user(left["payload"]["leaves"]) == by_any_user(page["payload"]["leaves"])
    assert joined["payload"]["leaves"] == left["payload"]["joins"] == {}


def test_a_user_with_two_tabs_appears_once(fresh_sample: Serve) -> None:
    """The list has one user with two metas."""
    server = fresh_sample("presence")
    with entered(server, "u_1", "Alice"), enter(server, "u_1", "Alice") as second:
        payload = receive_json(second)["payload"]

    assert [(user, len(entry["metas"])) for user, entry in payload.items()] == [("u_1", 2)]


def test_join_fires_only_for_the_first_connection(fresh_sample: Serve) -> None:
    """The second tab of a user gives the others no diff: the next they hear is what Bob says."""
    server = fresh_sample("presence", presence_resync_seconds=0)
    with entered(server, "u_1", "Alice") as alice, entered(server, "u_2", "Bob") as bob:
        receive(alice)
        with entered(server, "u_2", "Bob"):
            bob.send("hello")

            assert receive(alice) == "hello"


def test_leave_fires_only_for_the_last_connection(fresh_sample: Serve) -> None:
    """Closing one of two tabs says nothing; closing the other one says that the user left."""
    server = fresh_sample("presence", presence_resync_seconds=0)
    with enter(server, "u_1", "Alice") as alice:
        receive(alice)
        with enter(server, "u_2", "Bob") as bob:
            receive(alice)
            with entered(server, "u_2", "Bob"):
                pass
            eventually(lambda: len(server.get("/clients")) == 2, "the second tab is still there")
            bob.send("still here")

            assert receive(alice) == "still here"
        assert list(next_diff(alice)["payload"]["leaves"]) == ["u_2"]


def test_custom_metadata_is_shown_to_others(fresh_sample: Serve) -> None:
    """What the handler put into `track` is in the meta, beside `phx_ref` and `state`."""
    server = fresh_sample("presence")
    with enter(server, "u_1", "Alice") as alice:
        meta = receive_json(alice)["payload"]["u_1"]["metas"][0]

    assert (meta["name"], meta["avatar"]) == ("Alice", "u_1.png")
