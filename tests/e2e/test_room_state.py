"""Rooms that hold state over real sockets: what members hear, in which order, what runs again."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from soli_runtime.loading.launch import Launch, launch

from .support import Site, receive, receive_json, run, serving, write_files

APP = {
    "app.soli": """ws_keep_state("board:*", { "keep": 3 })
ws_keep_state("quiet:*", { "tell": false })
ws_keep_state("short:*", { "seconds": 0.3 })
router_websocket("/ws/:room", "app#handle")
router_websocket("/blind/:room", "app#blind")
get("/state/:room", "app#state")
get("/kept/:key", "app#kept")
post("/set/:room", "app#set")
post("/update/:room", "app#update")

class Noted
  static def perform(args)
    KV.incr("noted")
  end
end

def handle(event)
  return { "join": event["params"]["room"] } if event["type"] == "connect"
  return {} if event["type"] != "message"
  data = event["message"].to_h
  if data["do"] == "view"
    return { "send": { "view": event["room_state"] } }
  end
  if data["do"] == "take"
    return { "reply": "taken" } if event["room_state"]["cells"]&.has_key(data["cell"])
    sleep(0.004)
    mine = {}
    mine[data["cell"]] = event["connection_id"]
    return { "room_state": { "cells": mine }, "reply": "yours" }
  end
  if data["do"] == "count"
    seen = event["room_state"]["n"] ?? 0
    sleep(data["seconds"]) if data["seconds"] != null
    return { "room_state": { "n": seen + 1 }, "reply": seen + 1 }
  end
  if data["do"] == "helpers"
    found = [
      ws_broadcast_room(event["params"]["room"], "from a helper"),
      KV.incr("held"),
      Job.enqueue("Noted")
    ]
    sleep(data["seconds"]) if data["seconds"] != null
    seen = event["room_state"]["n"] ?? 0
    return { "room_state": { "n": seen + 1 }, "send": { "values": found } }
  end
  if data["do"] == "send only"
    seen = event["room_state"]
    ws_broadcast_room(event["params"]["room"], "held")
    ws_set_room_state(event["params"]["room"], { "x": 1 }) if data["sets"]
    ws_add_room_state("lobby", { "x": 1 }) if data["fails"]
    return { "send": "plain" }
  end
  if data["do"] == "two rooms"
    ws_set_room_state("board:other", { "a": 1 })
    return { "room_state": { "a": 1 }, "broadcast_room": "not sent" }
  end
  if data["do"] == "elsewhere"
    ws_add_room_state("board:other", { "n": 1 })
    ws_append_room_state("board:other", { "log": "x" })
    return { "room_state": { "a": 1 } }
  end
  if data["do"] == "update"
    room = event["params"]["room"]
    after = ws_update_room_state(room) { |state| { "n": (state["n"] ?? 0) + 10 } }
    return { "send": { "after": after } }
  end
  data["return"]
end

def blind(event)
  return { "join": event["params"]["room"] } if event["type"] == "connect"
  data = event["message"].to_h
  if data["do"] == "write, look, set"
    ws_broadcast_room(event["params"]["room"], "too early")
    seen = ws_room_state(event["params"]["room"])
    return { "room_state": { "a": 1 }, "reply": "never" }
  end
  if data["do"] == "write, set"
    ws_broadcast_room(event["params"]["room"], "in time")
    return { "room_state": { "a": 1 } }
  end
  if data["do"] == "add"
    sleep(0.01)
    return { "room_add": { "n": 1 }, "reply": "added" }
  end
  {}
end

def state(request)
  ws_room_state(request["params"]["room"])
end

def kept(request)
  KV.get(request["params"]["key"])
end

def set(request)
  ws_set_room_state(request["params"]["room"], request["json"])
  "set"
end

def update(request)
  ws_update_room_state(request["params"]["room"]) { |state| { "n": (state["n"] ?? 0) + 1 } }
end
"""
}


def told(room: str, state: Any) -> dict[str, Any]:
    return {"event": "room_state", "channel": room, "payload": state}


def diff(room: str, patch: Any, **more: Any) -> dict[str, Any]:
    return {"event": "room_diff", "channel": room, "payload": patch, **more}


def reply(ref: Any, response: Any, status: str = "ok") -> dict[str, Any]:
    return {"event": "phx_reply", "ref": ref, "payload": {"status": status, "response": response}}


async def say(client: Any, what: str, **more: Any) -> None:
    await client.send(json.dumps({"do": what, **more}))


async def returns(client: Any, value: Any) -> None:
    await client.send(json.dumps({"do": "return", "return": value}))


async def until_number(client: Any, number: int) -> None:
    """Read until the room is known to hold *number* under `n`."""
    while True:
        message = await receive_json(client)
        if message["event"] == "room_diff" and message["payload"].get("n") == number:
            return


async def silent(client: Any) -> bool:
    try:
        found = await asyncio.wait_for(client.recv(), 0.1)
    except TimeoutError:
        return True
    raise AssertionError(found)


def site_test(root: Path, test: Any, app: dict[str, str] = APP, **settings: Any) -> None:
    async def body() -> None:
        async with serving(root, app, **settings) as site:
            await test(site)

    run(body)


def test_members_hear_the_state_and_then_each_change(tmp_path: Path) -> None:
    """The sender too; the texts are as the page has them, to the character."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada:
            assert await receive(ada) == '{"event":"room_state","channel":"board:1","payload":{}}'
            await returns(ada, {"room_state": {"a": {"b": 1}}})
            text = '{"event":"room_diff","channel":"board:1","payload":{"a":{"b":1}}}'
            assert await receive(ada) == text
            async with site.connect("/ws/board:1") as bob:
                assert await receive_json(bob) == told("board:1", {"a": {"b": 1}})
                await returns(bob, {"room_add": {"a": {"b": 2, "c": 1}}})
                for client in (ada, bob):
                    assert await receive_json(client) == diff("board:1", {"a": {"b": 3, "c": 1}})
                await returns(bob, {"room_append": {"log": {"text": "hi"}}})
                items = {"append": {"log": [{"text": "hi"}]}, "keep": 3}
                for client in (ada, bob):
                    assert await receive_json(client) == diff("board:1", {}, **items)
                await returns(bob, {"room_state": {"a": None}})
                for client in (ada, bob):
                    assert await receive_json(client) == diff("board:1", {"a": None})
                await returns(bob, {"room_state": {}})
                await say(bob, "view")
                assert await receive_json(bob) == {"view": {"log": [{"text": "hi"}]}}
                assert await silent(ada)

    site_test(tmp_path, test)


def test_a_change_comes_before_what_its_event_sends(tmp_path: Path) -> None:
    """Also when changes come so quickly that diffs are joined."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/board:1") as bob:
            for client in (ada, bob):
                assert await receive_json(client) == told("board:1", {})
            for number in range(100):
                wanted = {"broadcast_room": f"b{number}", "send": f"s{number}"}
                await returns(ada, {**wanted, "room_state": {"n": number}})
            for number in range(100):
                assert await receive_json(ada) == diff("board:1", {"n": number})
                assert await receive(ada) == f"s{number}"
                assert await receive(ada) == f"b{number}"
                assert await receive_json(bob) == diff("board:1", {"n": number})
                assert await receive(bob) == f"b{number}"

    site_test(tmp_path, test)


def test_quick_changes_are_joined(tmp_path: Path) -> None:
    """At most fifty diffs in a second, and what they say together is what is so."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/board:1") as bob:
            await receive(ada), await receive(bob)
            for _ in range(400):
                await returns(ada, {"room_add": {"n": 1}, "room_append": {"log": 1}})
            loop = asyncio.get_running_loop()
            instants: list[float] = []
            others = asyncio.ensure_future(until_number(ada, 400))
            while True:
                message = await receive_json(bob)
                instants.append(loop.time())
                if message["payload"]["n"] == 400:
                    break
            await others
            assert 10 <= len(instants) < 200
            for start in instants:
                assert sum(start <= instant < start + 0.9 for instant in instants) <= 50
            assert len(message["append"]["log"]) <= 3

    site_test(tmp_path, test)


def test_telling_joined_changes_is_put_to_the_accounts_of_who_made_them(tmp_path: Path) -> None:
    """Not at the moment of the change: a timer tells them."""

    async def test(site: Site) -> None:
        service = site.server.service
        charged: list[str] = []
        service.connections.delivery.charge_by(
            lambda connection, seconds: charged.append(connection.session.id)
        )
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/board:1") as bob:
            await receive(ada), await receive(bob)
            me = next(iter(service.hub.seats))
            for _ in range(60):
                await returns(ada, {"room_add": {"n": 1}})
            await asyncio.gather(until_number(ada, 60), until_number(bob, 60))
            assert set(charged) == {me}
            for number in range(20):
                service.realtime.set_room_state("board:1", {"n": -number})
            await asyncio.gather(until_number(ada, -19), until_number(bob, -19))

    site_test(tmp_path, test)


def test_an_event_without_a_room_that_holds_state_has_no_view(tmp_path: Path) -> None:
    """The key is absent there, and `{}` in a room that holds nothing yet."""

    async def test(site: Site) -> None:
        for room, view in (("lobby", None), ("board:1", {}), ("quiet:1", {})):
            async with site.connect(f"/ws/{room}") as client:
                if room == "board:1":
                    await receive(client)
                await say(client, "view")
                assert await receive_json(client) == {"view": view}

    site_test(tmp_path, test)


def test_a_rule_may_tell_nothing(tmp_path: Path) -> None:
    """Handlers see the state, members hear neither state nor diffs."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/quiet:1") as client:
            await returns(client, {"room_state": {"a": 1}, "send": "done"})
            assert await receive(client) == "done"
            await say(client, "view")
            assert await receive_json(client) == {"view": {"a": 1}}

    site_test(tmp_path, test)


STRINGS = "expected a String or an Array of Strings"
DECLARE = "declare it with ws_keep_state in the routes"
MANY_ROOMS = [f"r{number}" for number in range(200)]
BAD = [
    ({"room_state": "text"}, "room_state: expected a Hash, got String"),
    ({"room_state": None}, "room_state: expected a Hash, got Null"),
    (
        {"room_add": {"a": 1, "text": 1}},
        "room_add.text: expected a number in the room's state, it holds a String",
    ),
    ({"room_add": {"b": "1"}}, "room_add.b: expected a number, got String"),
    (
        {"room_append": {"text": 1}},
        "room_append.text: expected an Array in the room's state, it holds a String",
    ),
    ({"room_state": {"a": 1}, "join": 5}, f"join: {STRINGS}, got Int"),
    ({"room_state": {"a": 1}, "track": {}}, "track: 'channel' is missing, expected a String"),
    (
        {"room_state": {"a": 1}, "join": MANY_ROOMS},
        "join: 201 rooms, at most 128 are allowed (max-rooms)",
    ),
    (
        {"room_state": {"a": 1}, "join": "lobby"},
        f"room_state: no state is kept of 'lobby'; {DECLARE}",
    ),
    (
        {"room_state": {"x": "y" * 300_000}},
        "room_state: more than the 262144 bytes as JSON that are allowed (bytes of ws_keep_state)",
    ),
    (
        {"room_state": {str(n): 1 for n in range(11_000)}},
        "room_state: more than the 10000 keys that are allowed",
    ),
]


def test_one_bad_part_refuses_the_whole_return(tmp_path: Path) -> None:
    """Nothing is set, sent, joined or broadcast; with --dev the author reads one sentence."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/board:1") as bob:
            await receive(ada), await receive(bob)
            await returns(ada, {"room_state": {"text": "t"}})
            await receive(ada), await receive(bob)
            for value, text in BAD:
                more = {"send": "no", "broadcast": "no", "broadcast_room": "no"}
                await returns(ada, {**value, **more})
                error = {"event": "error", "payload": {"message": text}}
                assert await receive_json(ada) == error
            await say(ada, "view")
            assert await receive_json(ada) == {"view": {"text": "t"}}
            assert await silent(bob)

    site_test(tmp_path, test, dev=True, max_message_bytes=1 << 20)


@pytest.mark.parametrize("key", ["room_state", "room_add", "room_append"])
def test_a_change_of_nothing_leaves_the_rest_of_its_return(tmp_path: Path, key: str) -> None:
    """A handler that collects changes and found none."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/board:1") as bob:
            await receive(ada), await receive(bob)
            await returns(ada, {key: {}, "send": "done", "broadcast_room": "all"})
            assert [await receive(ada), await receive(ada)] == ["done", "all"]
            assert await receive(bob) == "all"

    site_test(tmp_path, test)


def test_handlers_that_wait_run_again_when_the_state_was_changed(tmp_path: Path) -> None:
    """Two see the same number and wait: one of them runs twice, and none is counted twice."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/board:1") as bob:
            await receive(ada), await receive(bob)
            await say(ada, "count", seconds=0.1, ref=1)
            await say(bob, "count", seconds=0.1, ref=2)
            assert await receive_json(ada) == diff("board:1", {"n": 1})
            assert await receive_json(ada) == reply(1, 1)
            assert await receive_json(ada) == diff("board:1", {"n": 2})
            assert await receive_json(bob) == diff("board:1", {"n": 1})
            assert await receive_json(bob) == diff("board:1", {"n": 2})
            assert await receive_json(bob) == reply(2, 2)
            tally = site.server.service.state.tally
            assert tally.room_runs == {"again": 1}

    site_test(tmp_path, test)


def test_handlers_that_do_not_wait_run_once(tmp_path: Path) -> None:
    """However many there are."""

    async def test(site: Site) -> None:
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(site.connect("/ws/board:1")) for _ in range(4)
            ]
            for client in clients:
                for _ in range(50):
                    await say(client, "count")
            await asyncio.gather(*(until_number(client, 200) for client in clients))
            tally = site.server.service.state.tally
            assert tally.room_runs == {}

    site_test(tmp_path, test)


def test_four_writers_that_wait_take_turns_and_no_cell_twice(tmp_path: Path) -> None:
    """All want all cells; each is somebody's, nobody is told otherwise, and no event fails."""
    cells = 40

    async def play(client: Any, wins: dict[str, list[int]], who: int) -> None:
        for number in range(cells):
            cell = f"c{(number + who * 10) % cells}"
            await say(client, "take", cell=cell, ref=number)
            while True:
                message = await receive_json(client)
                if message.get("event") == "phx_reply":
                    break
            assert message["payload"]["status"] == "ok"
            if message["payload"]["response"] == "yours":
                wins.setdefault(cell, []).append(who)

    async def test(site: Site) -> None:
        wins: dict[str, list[int]] = {}
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(site.connect("/ws/board:1")) for _ in range(4)
            ]
            await asyncio.gather(*(play(client, wins, who) for who, client in enumerate(clients)))
        assert len(wins) == cells
        assert [winners for winners in wins.values() if len(winners) != 1] == []
        tally = site.server.service.state.tally
        assert tally.room_runs["conflict"] == 0
        assert tally.room_runs["again"] > 0

    site_test(tmp_path, test)


def test_an_event_fails_after_eight_runs(tmp_path: Path) -> None:
    """Somebody who need not wait changes the state during each of them."""

    async def test(site: Site) -> None:
        runs: list[int] = []

        async def changed() -> None:
            runs.append(1)
            await asyncio.sleep(0)
            site.server.service.realtime.set_room_state("board:1", {"other": len(runs)})

        site.server.service.app.interpreter.define("changed", changed)
        async with site.connect("/ws/board:1") as ada:
            await receive(ada)
            await say(ada, "host", ref=7)
            while True:
                message = await receive_json(ada)
                if message["event"] != "room_diff":
                    break
            assert message == reply(7, {"reason": "conflict"}, "error")
            assert len(runs) == 8
            assert site.server.service.state.tally.room_runs["conflict"] == 1
            errors = site.server.service.state.tally.handler_errors
            assert errors == {("app#handle", "ConflictError"): 1}

    app = APP["app.soli"].replace(
        '  data["return"]\nend',
        """  if data["do"] == "host"
    seen = event["room_state"]
    changed()
    return { "room_state": { "mine": 1 }, "reply": "never" }
  end
  data["return"]
end""",
        1,
    )
    site_test(tmp_path, test, {"app.soli": app})


def test_what_helpers_write_waits_for_the_commit(tmp_path: Path) -> None:
    """Once, behind the change and before the `send`, however often the handler ran."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/board:1") as bob:
            await receive(ada), await receive(bob)
            await say(ada, "helpers", seconds=0.1)
            await say(bob, "helpers", seconds=0.1)
            values = {"values": [None, None, None]}
            assert await receive_json(ada) == diff("board:1", {"n": 1})
            assert await receive(ada) == "from a helper"
            assert await receive_json(ada) == values
            assert await receive_json(ada) == diff("board:1", {"n": 2})
            assert await receive(ada) == "from a helper"
            assert await silent(ada)
            assert (await site.get("/kept/held")).text == "2"
            await site.until(lambda: site.server.service.state.tally.jobs["Noted", "done"] == 2)
            assert (await site.get("/kept/noted")).text == "2"
            assert site.server.service.state.tally.room_runs["again"] == 1

    site_test(tmp_path, test)


def test_an_event_that_sets_nothing_writes_when_its_handler_is_done(tmp_path: Path) -> None:
    """What helpers ask for comes before the actions of the return, as ever."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada:
            await receive(ada)
            await say(ada, "send only")
            assert [await receive(ada), await receive(ada)] == ["held", "plain"]
            await say(ada, "send only", sets=True)
            assert await receive_json(ada) == diff("board:1", {"x": 1})
            assert [await receive(ada), await receive(ada)] == ["held", "plain"]
            await say(ada, "send only", fails=True)
            text = "ws_add_room_state(): no state is kept of 'lobby'; declare it with ws_keep_state"
            assert (await receive_json(ada))["payload"]["message"].startswith(text)
            await say(ada, "view")
            assert await receive_json(ada) == {"view": {"x": 1}}

    site_test(tmp_path, test, dev=True)


def test_who_writes_before_the_first_look_is_told_to_look_first(tmp_path: Path) -> None:
    """It could not be taken back. Without a look there is nothing to run again for."""

    async def test(site: Site) -> None:
        async with site.connect("/blind/board:1") as ada:
            await receive(ada)
            await say(ada, "write, look, set", ref=1)
            assert await receive(ada) == "too early"
            text = (
                "room_state: ws_broadcast_room() was called before the handler looked at the room's"
                ' state; look first, with event["room_state"] or ws_room_state(channel)'
            )
            assert await receive_json(ada) == {"event": "error", "payload": {"message": text}}
            assert await receive_json(ada) == reply(1, {"reason": "internal"}, "error")
            await say(ada, "write, set")
            assert await receive(ada) == "in time"
            assert await receive_json(ada) == diff("board:1", {"a": 1})

    site_test(tmp_path, test, dev=True)


def test_sums_without_a_view_never_conflict(tmp_path: Path) -> None:
    """Handlers that wait beside each other, none of which looked."""

    async def test(site: Site) -> None:
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(site.connect("/blind/board:1")) for _ in range(5)
            ]
            for client in clients:
                for number in range(10):
                    await say(client, "add", ref=number)
            await asyncio.gather(*(until_number(client, 50) for client in clients))
            assert site.server.service.state.tally.room_runs["again"] == 0

    site_test(tmp_path, test)


def test_an_event_sets_the_state_of_one_room(tmp_path: Path) -> None:
    """A second one is an error that names both; sums and items for others go out behind."""

    async def test(site: Site) -> None:
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/board:other") as bob:
            await receive(ada), await receive(bob)
            await say(ada, "two rooms")
            text = (
                "room_state: an event sets the state of one room, and this one sets those of "
                "'board:other' and 'board:1'"
            )
            assert await receive_json(ada) == {"event": "error", "payload": {"message": text}}
            await say(ada, "elsewhere")
            assert await receive_json(ada) == diff("board:1", {"a": 1})
            items = {"append": {"log": ["x"]}, "keep": 3}
            assert await receive_json(bob) == diff("board:other", {"n": 1}, **items)
            await say(ada, "update")
            assert await receive_json(ada) == diff("board:1", {"n": 10})
            assert await receive_json(ada) == {"after": {"a": 1, "n": 10}}

    site_test(tmp_path, test, dev=True)


def test_actions_and_python_change_the_state_at_once(tmp_path: Path) -> None:
    """Each by itself; refusals raise there."""

    async def test(site: Site) -> None:
        realtime = site.server.service.realtime
        async with site.connect("/ws/board:1") as ada:
            await receive(ada)
            assert (await site.request("POST", "/set/board:1", json={"a": 1})).text == "set"
            assert await receive_json(ada) == diff("board:1", {"a": 1})
            assert (await site.request("GET", "/state/board:1")).json == {"a": 1}
            assert (await site.request("POST", "/update/board:1")).json == {"a": 1, "n": 1}
            assert await receive_json(ada) == diff("board:1", {"n": 1})
            assert (await site.request("POST", "/set/lobby", json={"a": 1})).status == 500
            assert realtime.room_state("board:1") == {"a": 1, "n": 1}
            assert await realtime.room_state("board:1") == {"a": 1, "n": 1}
            realtime.set_room_state("board:1", {"a": None})
            await realtime.add_room_state("board:1", {"n": 0.5})
            await realtime.append_room_state("board:1", {"log": None})
            found = realtime.update_room_state("board:1", lambda state: {"k": len(state)})
            assert found == {"n": 1.5, "log": [None], "k": 2}
            assert realtime.update_room_state("board:1", lambda state: None) == found
            assert await receive_json(ada) == diff("board:1", {"a": None})
            assert await receive_json(ada) == diff("board:1", {"n": 1.5})
            append = {"append": {"log": [None]}, "keep": 3}
            assert await receive_json(ada) == diff("board:1", {}, **append)
            assert await receive_json(ada) == diff("board:1", {"k": 2})
            with pytest.raises(Exception, match="no state is kept of 'lobby'"):
                realtime.set_room_state("lobby", {"a": 1})
            with pytest.raises(Exception, match="set_room_state: expected a Hash, got Int"):
                realtime.set_room_state("board:1", 5)  # type: ignore[arg-type]

    site_test(tmp_path, test)


def test_a_room_reads_empty_some_time_after_the_last_member_left(tmp_path: Path) -> None:
    """While somebody is there it stays, however long nothing changes."""

    async def test(site: Site) -> None:
        realtime = site.server.service.realtime
        async with site.connect("/ws/short:1") as ada:
            await receive(ada)
            await returns(ada, {"room_state": {"a": 1}})
            await receive(ada)
            await asyncio.sleep(0.5)
            assert realtime.room_state("short:1") == {"a": 1}
        assert realtime.room_state("short:1") == {"a": 1}
        realtime.set_room_state("short:2", {"b": 1})
        await asyncio.sleep(0.5)
        assert realtime.room_state("short:1") == {}
        assert realtime.room_state("short:2") == {}
        async with site.connect("/ws/short:1") as ada:
            assert await receive_json(ada) == told("short:1", {})
            await returns(ada, {"room_add": {"n": 1}})
            assert await receive_json(ada) == diff("short:1", {"n": 1})

    site_test(tmp_path, test)


def resuming(room: str, position: str) -> str:
    return f"/ws/{room}?" + urlencode({"resume[]": f"{room}@{position}"})


async def until_position(client: Any) -> tuple[list[Any], str]:
    got: list[Any] = []
    while True:
        message = await receive_json(client)
        if message["event"] == "position":
            return got, message["payload"]
        got.append(message)


def test_who_was_away_gets_what_changed_or_the_whole(tmp_path: Path) -> None:
    """And who did not opt in hears nothing of positions."""

    async def test(site: Site) -> None:
        realtime = site.server.service.realtime
        async with site.connect("/ws/board:1") as ada:
            assert await receive_json(ada) == told("board:1", {})
            async with site.connect("/ws/board:1?resume=1") as bob:
                got, position = await until_position(bob)
                assert got == [told("board:1", {})]
                realtime.set_room_state("board:1", {"a": 1})
                got, position = await until_position(bob)
                assert got == [diff("board:1", {"a": 1})]
            realtime.set_room_state("board:1", {"a": None, "b": {"c": 1}})
            realtime.add_room_state("board:1", {"b": {"c": 1}})
            realtime.append_room_state("board:1", {"log": "x"})
            async with site.connect(resuming("board:1", position)) as bob:
                got, position = await until_position(bob)
                resumed, missed = got
                assert resumed["event"] == "resumed"
                payload = resumed["payload"]
                assert (payload["recovered"], payload["missed"]) == (True, 0)
                patch = {"a": None, "b": {"c": 2}}
                assert missed == diff("board:1", patch, append={"log": ["x"]}, keep=3)
            async with site.connect(resuming("board:1", position)) as bob:
                got, _ = await until_position(bob)
                assert [message["event"] for message in got] == ["resumed"]
            async with site.connect(resuming("board:1", "other.5")) as bob:
                got, position = await until_position(bob)
                assert got[0]["payload"]["recovered"] is False
                assert got[1] == told("board:1", {"b": {"c": 2}, "log": ["x"]})
                half_way = got[0]["payload"]["position"]
            async with site.connect(resuming("board:1", half_way)) as bob:
                got, _ = await until_position(bob)
                assert got[1] == told("board:1", {"b": {"c": 2}, "log": ["x"]})
            while True:
                message = await receive_json(ada)
                assert message["event"] == "room_diff"
                if "append" in message:
                    break
            assert await silent(ada)

    site_test(tmp_path, test)


def test_clients_of_phoenix_get_arrays_as_they_result(tmp_path: Path) -> None:
    """Their messages have no place beside the payload."""

    async def test(site: Site) -> None:
        realtime = site.server.service.realtime
        async with site.connect("/ws/board:1/websocket?vsn=2.0.0") as client:
            room = "board:1"
            assert await receive_json(client) == [None, None, room, "room_state", {}]
            realtime.append_room_state("board:1", {"log": "a"})
            realtime.append_room_state("board:1", {"log": "b"})
            payloads = [(await receive_json(client))[3:] for _ in range(2)]
            assert payloads == [["room_diff", {"log": ["a"]}], ["room_diff", {"log": ["a", "b"]}]]

    site_test(tmp_path, test)


def test_a_program_that_is_loaded_anew_goes_on_with_the_state(tmp_path: Path) -> None:
    """Rooms that hold state only now tell their members; others go on where they were."""

    async def test(site: Site) -> None:
        service = site.server.service
        async with site.connect("/ws/board:1") as ada, site.connect("/ws/new:1") as bob:
            await receive(ada)
            await returns(ada, {"room_state": {"a": 1}})
            await receive(ada)
            text = APP["app.soli"].replace("quiet:*", "new:*").replace('{ "tell": false }', "{}")
            write_files(tmp_path, {"app.soli": text})
            how = Launch(tmp_path / "app.soli", service.settings)
            launched = launch(how)
            service.reload(launched.app, launched.waiting)
            assert await receive_json(bob) == told("new:1", {})
            await returns(ada, {"room_add": {"a": 1}})
            assert await receive_json(ada) == diff("board:1", {"a": 2})
            await returns(bob, {"room_add": {"a": 1}})
            assert await receive_json(bob) == diff("new:1", {"a": 1})

    site_test(tmp_path, test)


def test_who_watches_sees_changes_of_state_as_actions(tmp_path: Path) -> None:
    """Those that were made, and none of a return that was refused."""

    async def test(site: Site) -> None:
        traces: list[Any] = []
        site.server.service.watch(traces.append)
        async with site.connect("/ws/board:1") as ada:
            await receive(ada)
            await returns(ada, {"room_add": {"n": 1}, "send": "done"})
            assert await receive_json(ada) == diff("board:1", {"n": 1})
            assert await receive(ada) == "done"
            await returns(ada, {"room_add": {"n": "1"}, "send": "no"})
            await site.until(lambda: len(traces) == 3)
        _, done, refused = traces[:3]
        assert [type(part).__name__ for part in done.parts] == [
            *("ActionTaken", "ActionTaken", "Delivered", "Delivered")
        ]
        assert done.parts[0].key == "room_add"
        assert "room_add.n: expected a number, got String" in str(refused.error)
        assert refused.parts == []

    site_test(tmp_path, test)


EVERYTHING = """ws_keep_state("r")
ws_keep_history("r")
router_websocket("/ws", "app#handle")
def handle(event)
  if event["type"] == "connect"
    tracked = { "channel": "r", "user_id": event["query"]["name"] }
    return { "join": "r", "history": 5, "track": tracked }
  end
  return {} if event["type"] != "message"
  { "room_state": { "said": event["message"] }, "broadcast_room": { "text": event["message"] } }
end
"""


def test_on_joining_come_resumed_state_history_and_presence(tmp_path: Path) -> None:
    """In this order."""

    async def test(site: Site) -> None:
        async with site.connect("/ws?name=ada") as ada:
            await receive(ada), await receive(ada)
            await ada.send("one")
            async with site.connect("/ws?name=bob&resume=1") as bob:
                events = [await receive_json(bob) for _ in range(4)]
                assert events[0] == told("r", {"said": "one"})
                assert events[1] == {"text": "one"}
                assert events[2]["event"] == "position"
                assert events[3]["event"] == "presence_state"
                position = events[2]["payload"]
            await ada.send("two")
            query = urlencode({"name": "bob", "resume[]": f"r@{position}"})
            async with site.connect(f"/ws?{query}") as bob:
                events = [await receive_json(bob) for _ in range(5)]
                assert events[0]["event"] == "resumed"
                assert events[0]["payload"]["missed"] == 1
                assert events[1] == diff("r", {"said": "two"})
                assert events[2] == {"text": "two"}
                assert events[3]["event"] == "position"
                assert events[4]["event"] == "presence_state"

    site_test(tmp_path, test, {"app.soli": EVERYTHING})
