"""Watching a service: what an observer is told, and that nothing is left of it afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from soli_runtime.core.realtime import Realtime
from soli_runtime.observing.traces import (
    CONNECT,
    DISCONNECT,
    JOB,
    MESSAGE,
    OUTSIDE,
    REFUSAL,
    REQUEST,
    ActionTaken,
    Closing,
    Delivered,
    HelperCalled,
    Trace,
    Warned,
)
from soli_runtime.serving.sockets.conversations import Conversation
from soli_runtime.serving.sockets.delivery import Delivery

from .support import Site, run, serving

EXAMPLES = Path(__file__).parents[2] / "examples"

APP = """
router_websocket("/ws/room/:name", "app#handle")
get("/hello", "app#hello")

def authenticate(request)
  return halt(401, "who are you?") if request["query"]["name"] == null
  throw "no database" if request["query"]["name"] == "Eve"
  { "id": request["query"]["name"] }
end

class TellJob
  static def perform(args)
    ws_broadcast_room("den", args["text"])
  end
end

def hello(request)
  ws_broadcast("hi")
  "hello"
end

def handle(event)
  return { "send": "welcome", "join": "den" } if event["type"] == "connect"
  return {} if event["type"] == "disconnect"
  if event["message"] == "track"
    return { "track": { "channel": "den", "user_id": get_current_user()["id"] }, "sned": 1 }
  end
  throw "broken" if event["message"] == "throw"
  return { "join": 5, "send": "never" } if event["message"] == "wrong"
  return { "close": { "code": 4001, "reason": "enough" } } if event["message"] == "close"
  if event["message"] == "helpers"
    ws_send(event["connection_id"], "one")
    sleep(0.01)
    ws_broadcast_room("den", "two")
    return { "send": "three" }
  end
  { "broadcast_room": event["message"] }
end
"""


class Watcher:
    """Keeps all traces of a site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.traces: list[Trace] = []
        self.kept: list[Trace] = []
        site.server.service.watch(self.traces.append)
        site.server.service.watch(self.kept.append)

    async def next(self, kind: str) -> Trace:
        """The next trace, which must be of that kind."""
        await self.site.until(lambda: bool(self.traces))
        trace = self.traces.pop(0)
        assert trace.kind == kind, trace
        return trace


@pytest.fixture
def app(tmp_path: Any) -> Callable[[], Any]:
    return lambda: serving(tmp_path, {"app.soli": APP})


def within() -> Callable[[Any], Callable[[Any], None]]:
    """Make a test of a coroutine."""

    def decorate(test: Any) -> Callable[[Any], None]:
        def runs(app: Any) -> None:
            run(lambda: test(app))

        return runs

    return decorate


@within()
async def test_what_an_event_causes_is_told_in_order(app: Any) -> None:
    async with app() as site:
        watcher = Watcher(site)
        async with site.connect("/ws/room/a?name=Ada") as ada:
            trace = await watcher.next(CONNECT)
            assert (trace.path, trace.handler) == ("/ws/room/a", "app#handle")
            assert trace.user == {"id": "Ada"}
            assert trace.details["query"] == {"name": "Ada"}
            own = trace.connection_id
            assert trace.parts == [
                ActionTaken("join", '"den"'),
                ActionTaken("send", '"welcome"'),
                Delivered("welcome", (own,)),
            ]
            assert trace.steps is not None
            assert trace.steps > 0
            assert trace.seconds > 0
            async with site.connect("/ws/room/a?name=Bob") as bob:
                other = (await watcher.next(CONNECT)).connection_id
                await bob.send("hello")
                trace = await watcher.next(MESSAGE)
                assert trace.message == "hello"
                assert trace.connection_id == other
                assert trace.deliveries == [Delivered("hello", (own, other))]
                await bob.close(4002, "bye")
                trace = await watcher.next(DISCONNECT)
                assert (trace.code, trace.reason) == (4002, "bye")
            assert await ada.recv() == "welcome"
            assert await ada.recv() == "hello"


@within()
async def test_helpers_are_told_where_they_were_called_also_after_waiting(app: Any) -> None:
    async with app() as site:
        watcher = Watcher(site)
        async with site.connect("/ws/room/a?name=Ada") as ada:
            own = (await watcher.next(CONNECT)).connection_id
            await ada.send("helpers")
            trace = await watcher.next(MESSAGE)
            assert trace.parts == [
                HelperCalled("ws_send", f'"{own}", "one"'),
                Delivered("one", (own,)),
                HelperCalled("ws_broadcast_room", '"den", "two"'),
                Delivered("two", (own,)),
                ActionTaken("send", '"three"'),
                Delivered("three", (own,)),
            ]
            assert trace.seconds >= 0.01


@within()
async def test_presence_and_warnings_belong_to_their_event(app: Any) -> None:
    async with app() as site:
        watcher = Watcher(site)
        async with site.connect("/ws/room/a?name=Ada") as ada:
            await watcher.next(CONNECT)
            async with site.connect("/ws/room/a?name=Bob") as bob:
                other = (await watcher.next(CONNECT)).connection_id
                await bob.send("track")
                await watcher.next(MESSAGE)
                await ada.send("track")
                trace = await watcher.next(MESSAGE)
                assert [action.key for action in trace.actions] == ["track"]
                warning = "unknown action 'sned'; did you mean 'send'?"
                assert Warned(warning, is_logged=True) in trace.parts
                events = {
                    (json.loads(one.payload)["event"], len(one.recipients))
                    for one in trace.deliveries
                }
                assert events == {("presence_state", 1), ("presence_diff", 1)}
                await ada.close()
                trace = await watcher.next(DISCONNECT)
                (diff,) = trace.deliveries
                assert diff.recipients == (other,)
                assert json.loads(diff.payload)["payload"]["leaves"]
                await bob.close()


@within()
async def test_failures_and_closes_are_told(app: Any) -> None:
    async with app() as site:
        watcher = Watcher(site)
        async with site.connect("/ws/room/a?name=Ada") as ada:
            own = (await watcher.next(CONNECT)).connection_id
            await ada.send("throw")
            trace = await watcher.next(MESSAGE)
            assert "broken" in str(trace.error)
            assert trace.parts == []
            await ada.send("wrong")
            trace = await watcher.next(MESSAGE)
            assert "join: expected a String" in str(trace.error)
            assert trace.parts == []
            await ada.send("close")
            trace = await watcher.next(MESSAGE)
            assert Closing(own, 4001, "enough") in trace.parts
            trace = await watcher.next(DISCONNECT)
            assert (trace.code, trace.reason) == (4001, "enough")


@within()
async def test_refusals_tell_their_reason(app: Any) -> None:
    async with app() as site:
        watcher = Watcher(site)
        assert (await site.get("/ws/room/a?name=Ada")).status == 426
        await watcher.next(REQUEST)
        for path, options, expected in (
            ("/ws/room/a", {}, (401, "authenticate", "who are you?")),
            ("/ws/room/a?name=Ada", {"origin": "https://evil.example"}, (403, "origin", "")),
            ("/nowhere", {}, (404, "", "")),
        ):
            with pytest.raises(Exception, match="rejected"):
                await site.connect(path, **options)
            trace = await watcher.next(REFUSAL)
            assert (trace.status, trace.reason) == expected[:2]
            assert expected[2] in trace.text
        with pytest.raises(Exception, match="500"):
            await site.connect("/ws/room/a?name=Eve")
        trace = await watcher.next(REFUSAL)
        assert "no database" in str(trace.error)


@within()
async def test_requests_jobs_and_the_host_are_told(app: Any) -> None:
    async with app() as site:
        watcher = Watcher(site)
        async with site.connect("/ws/room/a?name=Ada"):
            own = (await watcher.next(CONNECT)).connection_id
            await site.get("/hello")
            trace = await watcher.next(REQUEST)
            assert (trace.method, trace.path, trace.status) == ("GET", "/hello", 200)
            assert trace.handler == "app#hello"
            assert trace.parts == [
                HelperCalled("ws_broadcast", '"hi"'),
                Delivered("hi", (own,)),
            ]
            machine = site.server.service.app.interpreter.machine
            site.server.service.app.interpreter.call(
                machine.globals["Job"].find_static("enqueue"), "TellJob", {"text": "psst"}
            )
            trace = await watcher.next(JOB)
            assert trace.handler == "TellJob"
            assert trace.deliveries == [Delivered("psst", (own,))]
            site.realtime.broadcast("from outside")
            assert (await watcher.next(OUTSIDE)).parts == [
                HelperCalled("ws_broadcast", '"from outside"')
            ]
            assert (await watcher.next(OUTSIDE)).deliveries == [Delivered("from outside", (own,))]


@within()
async def test_nobody_watches_any_more(app: Any) -> None:
    async with app() as site:
        service = site.server.service
        watcher, second = Watcher(site), Watcher(site)
        async with site.connect("/ws/room/a?name=Ada") as ada:
            await watcher.next(CONNECT)
            service.unwatch(watcher.traces.append)
            second.traces.clear()
            await ada.send("still")
            await second.next(MESSAGE)
            assert watcher.traces == []
            service.unwatch(second.traces.append)
            service.unwatch(watcher.kept.append)
            service.unwatch(second.kept.append)
            (conversation,) = service.live.conversations.values()
            assert type(conversation) is service.live.classes[0] is Conversation
            assert type(service.realtime) is Realtime
            assert type(service.connections.delivery) is Delivery
            assert service.state.observation is None
            await ada.send("unseen")
            await ada.recv()
            await ada.recv()
            assert await ada.recv() == "unseen"
            assert second.traces == []


@within()
async def test_who_watches_late_sees_what_comes_and_who_fails_hurts_nobody(app: Any) -> None:
    async with app() as site, site.connect("/ws/room/a?name=Ada") as ada:
        await ada.recv()

        def fails(trace: Trace) -> None:
            raise RuntimeError("observer")

        site.server.service.watch(fails)
        watcher = Watcher(site)
        await ada.send("hello")
        assert (await watcher.next(MESSAGE)).message == "hello"
        assert await ada.recv() == "hello"


def test_what_is_told_is_what_clients_receive(tmp_path: Any) -> None:
    """The chat: rooms, presence with two tabs of one person, replies, refused messages."""
    shutil.copytree(EXAMPLES / "chat", tmp_path, dirs_exist_ok=True)

    async def scene() -> None:
        async with serving(tmp_path, {}) as site:
            watcher = Watcher(site)
            clients: dict[str, Any] = {}
            for name in ("Ada", "Bob", "Ada", "Cleo"):
                client = await site.connect(f"/ws/room/general?name={name}")
                clients[(await watcher.next(CONNECT)).connection_id] = client
            told: dict[str, list[str]] = {one: [] for one in clients}
            texts = ("typing", "message", "stop_typing", "away", "nonsense")
            for turn, client in enumerate([*clients.values()] * 3):
                await client.send(json.dumps({"event": texts[turn % 5], "text": "x" * turn * 250}))
                await watcher.next(MESSAGE)
            first = next(iter(clients))
            await clients[first].close()
            await watcher.next(DISCONNECT)
            site.realtime.broadcast("the end")
            received = {
                one: await all_until(clients[one], "the end") for one in told if one != first
            }
            for trace in watcher.kept:
                for delivery in trace.deliveries:
                    for one in delivery.recipients:
                        told[one].append(str(delivery.payload))
            del told[first]
            assert told == received

    run(scene)


async def all_until(client: Any, last: str) -> list[str]:
    messages = [await client.recv()]
    while messages[-1] != last:
        messages.append(await client.recv())
    return messages
