"""Section 8 of the page: tips."""

from __future__ import annotations

import json
from collections.abc import Callable

from ..support.live import LiveServer, receive, receive_json

Serve = Callable[..., LiveServer]


def test_a_payload_serialized_with_to_json_goes_out_as_it_is(serve_sample: Serve) -> None:
    """`hash.to_json` gives the String that clients get, not JSON inside JSON."""
    with serve_sample("tips.soli").connect("/ws") as client:
        client.send("hi")

        assert receive(client) == '{"text":"hi","n":1.0}'


def test_presence_diffs_do_not_fire_when_nothing_changes(fresh_sample: Serve) -> None:
    """Setting the same state again sends nothing: diffs fire on join, leave and state change."""
    server = fresh_sample("presence")
    with server.connect("/ws/room/general?user=u_1&name=Alice") as alice:
        receive(alice)
        alice.send(json.dumps({"event": "typing"}))
        receive(alice)
        alice.send(json.dumps({"event": "typing"}))
        alice.send("next")

        assert receive(alice) == "next"


def test_presence_diffs_fire_on_a_change_of_state(fresh_sample: Serve) -> None:
    """From online to typing is a diff."""
    server = fresh_sample("presence")
    with server.connect("/ws/room/general?user=u_1&name=Alice") as alice:
        receive(alice)
        alice.send(json.dumps({"event": "typing"}))

        assert receive_json(alice)["event"] == "presence_diff"
