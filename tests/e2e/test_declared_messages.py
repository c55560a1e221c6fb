"""`ws_message`: what does not fit a declaration is refused before the handler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .support import Site, receive_json, run, serving

APP = """router_websocket("/ws", "app#handle")
ws_message("vote", { "choice": String, "tags": [String], "n": V.int().optional })
ws_message("place", { "at": { "x": Float, "y": Float }, "is_final": Bool })
ws_message("name", {
  "name": V.string().required.min_length(2), "lines": V.array(V.int()).default([])
})
ws_message("ping", {})

def handle(event)
  return {} if event["type"] != "message"
  { "send": { "payload": event["payload"], "message": event["message"], "keys": event.keys } }
end
"""
VOTE = {"choice": "tabs", "tags": ["a", "b"]}


async def told(client: Any, sent: Any) -> Any:
    """The answer to *sent*."""
    await client.send(sent if isinstance(sent, str | bytes) else json.dumps(sent))
    return await receive_json(client)


def invalid(**errors: str) -> dict[str, Any]:
    return {"event": "invalid", "payload": {"reason": "invalid", "errors": errors}}


def counted(site: Site) -> dict[tuple[str, str], int]:
    return dict(site.server.service.state.tally.invalid_messages)


FITTING = [
    ({"event": "vote", "payload": VOTE}, VOTE),
    ({"event": "vote", **VOTE}, VOTE),
    ({"event": "vote", "payload": {**VOTE, "n": "7", "admin": True}}, {**VOTE, "n": 7}),
    ({"event": "vote", "payload": {**VOTE, "n": None}}, VOTE),
    ({"event": "vote", **VOTE, "ref": 5, "topic": "a"}, VOTE),
    (["1", "2", "room:a", "vote", VOTE], VOTE),
    (
        {"event": "place", "at": {"x": 1, "y": 2.5, "z": 0}, "is_final": False},
        {"at": {"x": 1.0, "y": 2.5}, "is_final": False},
    ),
    ({"event": "name", "name": "Ada"}, {"name": "Ada", "lines": []}),
    ({"event": "ping", "payload": {"a": 1}}, {}),
    ({"event": "ping"}, {}),
]


@pytest.mark.parametrize(("sent", "payload"), FITTING)
def test_what_fits_reaches_the_handler_with_declared_keys_only(
    tmp_path: Path, sent: Any, payload: Any
) -> None:
    """In `event["payload"]`; the text stays as it came."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": APP}) as site, site.connect("/ws") as client:
            answer = await told(client, sent)
            assert answer["payload"] == payload
            assert answer["message"] == json.dumps(sent)
            assert counted(site) == {}

    run(body)


MISFITTING = [
    ({"choice": 5, "tags": []}, {"choice": "expected String, got Int"}),
    ({"tags": []}, {"choice": "is required"}),
    ({"choice": None, "tags": []}, {"choice": "expected String, got Null"}),
    ({"choice": "a", "tags": "b"}, {"tags": "expected Array, got String"}),
    ({"choice": "a", "tags": ["b", 1.5]}, {"tags[1]": "expected String, got Float"}),
    ({"choice": {}, "tags": [[]]}, {"choice": "expected String, got Hash",
                                    "tags[0]": "expected String, got Array"}),
    ({**VOTE, "n": "x"}, {"n": "cannot convert 'x' to int"}),
    ([], {"payload": "expected Hash, got Array"}),
    (None, {"payload": "expected Hash, got Null"}),
    ("vote", {"payload": "expected Hash, got String"}),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "errors"), MISFITTING)
def test_what_does_not_fit_is_refused(tmp_path: Path, payload: Any, errors: Any) -> None:
    """With `ref` as the error of a request, without it as a message; the connection goes on."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": APP}) as site, site.connect("/ws") as client:
            sent = {"event": "vote", "payload": payload}
            assert await told(client, sent) == invalid(**errors)
            assert await told(client, {**sent, "ref": "7"}) == {
                "event": "phx_reply",
                "ref": "7",
                "payload": {
                    "status": "error",
                    "response": {"reason": "invalid", "errors": errors},
                },
            }
            assert counted(site) == {("app#handle", "vote"): 2}
            assert (await told(client, {"event": "vote", "payload": VOTE}))["payload"] == VOTE

    run(body)


def test_nested_fields_are_named_by_their_place(tmp_path: Path) -> None:
    """As validators name them."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": APP}) as site, site.connect("/ws") as client:
            assert await told(
                client, {"event": "place", "at": {"x": "1"}, "is_final": 1}
            ) == invalid(
                **{
                    "at.x": "expected Float, got String",
                    "at.y": "is required",
                    "is_final": "expected Bool, got Int",
                }
            )
            assert await told(client, {"event": "name", "name": "A", "lines": [1, "b"]}) == invalid(
                **{
                    "name": "must be at least 2 characters",
                    "lines[1]": "cannot convert 'b' to int",
                }
            )

    run(body)


UNDECLARED = [
    "hello",
    '{"event": "other", "payload": {"choice": 5}}',
    '{"event": ["vote"], "choice": 5}',
    '{"choice": 5}',
    '{"event": "vote", "choice": 5',
    "[1, 2, 3]",
    '["vote"]',
    '"vote"',
    "",
    "[" * 100_000,
    '{"event": "vote", "payload": ' + "[" * 5000 + "]" * 5000 + "}",
]


@pytest.mark.parametrize("text", UNDECLARED)
def test_what_nobody_declared_passes(tmp_path: Path, text: str) -> None:
    """Its handler finds no payload: what cannot be read has no event."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": APP}) as site, site.connect("/ws") as client:
            answer = await told(client, text)
            assert answer["message"] == text
            assert answer["payload"] is None
            assert "payload" not in answer["keys"]

    run(body)


def test_binary_messages_are_never_declared_ones(tmp_path: Path) -> None:
    """`to_h` of Bytes is empty, so that no handler takes one for a vote."""
    app = APP.replace('"message": event["message"]', '"message": event["message"].to_h')

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": app}) as site, site.connect("/ws") as client:
            answer = await told(client, b'{"event": "vote", "choice": 5}')
            assert (answer["payload"], answer["message"]) == (None, {})

    run(body)


def test_the_handler_sees_no_other_event_than_was_checked(tmp_path: Path) -> None:
    """Of a name that is written twice the last counts for both."""
    app = APP.replace('"message": event["message"]', '"message": event["message"].to_h')

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": app}) as site, site.connect("/ws") as client:
            text = '{"event": "other", "choice": 5, "event": "vote", "tags": []}'
            assert await told(client, text) == invalid(choice="expected String, got Int")
            text = '\n\t {"event": "vote", "choice": 5, "\\u0065vent": "other"}'
            assert (await told(client, text))["message"]["event"] == "other"

    run(body)


HOSTILE = [
    {**{f"k{n}": n for n in range(5_000)}, "tags": [5] * 20_000},
    {"choice": "x" * 100_000, "tags": [["y" * 100] * 50] * 50},
    {"choice": "a", "tags": [], "n": "9" * 500_000},
]


@pytest.mark.parametrize("payload", HOSTILE)
def test_a_refusal_is_short_whatever_was_sent(tmp_path: Path, payload: Any) -> None:
    """It is not to be used to make the server send much, or remember much."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": APP}) as site, site.connect("/ws") as client:
            answer = await told(client, {"event": "vote", "payload": payload})
            assert answer["event"] == "invalid"
            assert len(json.dumps(answer)) < 1000
            assert counted(site) == {("app#handle", "vote"): 1}

    run(body)


def test_defaults_belong_to_one_message(tmp_path: Path) -> None:
    """A handler may change what it gets."""
    app = APP.replace('  { "send"', '  event["payload"]["lines"].push(1)\n  { "send"')

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": app}) as site, site.connect("/ws") as client:
            for _ in range(2):
                answer = await told(client, {"event": "name", "name": "Ada"})
                assert answer["payload"]["lines"] == [1]

    run(body)


def test_clients_of_phoenix_get_the_same(tmp_path: Path) -> None:
    """A push that does not fit has an error for its reply, and a join does not join."""
    app = APP.replace('ws_message("ping", {})', 'ws_message("phx_join", { "token": String })')

    async def body() -> None:
        path = "/ws/websocket?vsn=2.0.0"
        async with serving(tmp_path, {"app.soli": app}) as site, site.connect(path) as client:
            refused = {"reason": "invalid", "errors": {"token": "is required"}}
            assert await told(client, ["1", "1", "room:a", "phx_join", {}]) == [
                *("1", "1", "room:a", "phx_reply"),
                {"status": "error", "response": refused},
            ]
            errors = {"choice": "is required", "tags": "is required"}
            assert await told(client, ["1", "2", "room:a", "vote", {}]) == [
                *("1", "2", "room:a", "phx_reply"),
                {"status": "error", "response": {"reason": "invalid", "errors": errors}},
            ]
            assert await told(client, ["1", None, "room:a", "vote", {}]) == [
                *("1", None, "room:a", "invalid"),
                {"reason": "invalid", "errors": errors},
            ]

    run(body)


def test_each_controller_has_declarations_of_its_own(tmp_path: Path) -> None:
    """Functions and classes alike; connect and disconnect are no messages."""
    files = {
        "config/routes.soli": """router_websocket("/a", "a#handle")
router_websocket("/b", "b#hear")
""",
        "app/controllers/a_controller.soli": """ws_message("vote", { "choice": String })
def handle(event)
  return {} if event["type"] != "message"
  { "send": { "payload": event["payload"] } }
end
""",
        "app/controllers/b_controller.soli": """ws_message("vote", { "choice": Int })
class BController
  def hear(event)
    return {} if event["type"] != "message"
    { "send": { "payload": event["payload"] } }
  end
end
""",
    }

    async def body() -> None:
        async with (
            serving(tmp_path, files) as site,
            site.connect("/a") as a,
            site.connect("/b") as b,
        ):
            assert await told(a, {"event": "vote", "choice": "x"}) == {"payload": {"choice": "x"}}
            assert await told(b, {"event": "vote", "choice": 5}) == {"payload": {"choice": 5}}
            wrong = await told(b, {"event": "vote", "choice": "x"})
            assert wrong == invalid(choice="expected Int, got String")

    run(body)


REFUSED = {
    'ws_message("vote", { "choice": "String" })': "vote.choice: expected a type",
    'ws_message("vote", { "choice": Decimal })': "vote.choice: expected a type",
    'ws_message("vote", { "choice": [] })': "vote.choice: expected a type",
    'ws_message("vote", { "a": { 1: Int } })': "vote.a: expected Strings as keys, got int",
    'ws_message("", {})': "expects an event of 1 to 255 characters, got 0",
    'ws_message("a", {})\nws_message("a", {})': "the event 'a' is declared twice",
    'ws_message("vote")': "Wrong number of arguments: expected 2, got 1",
}


@pytest.mark.parametrize(("line", "text"), REFUSED.items())
def test_a_wrong_declaration_stops_the_app(tmp_path: Path, line: str, text: str) -> None:
    """With its place."""
    from soli_runtime.loading.app import InvalidApp

    app = 'router_websocket("/ws", "app#handle")\n' + line + "\ndef handle(event)\n  {}\nend\n"

    async def body() -> None:
        with pytest.raises(InvalidApp) as caught:
            async with serving(tmp_path, {"app.soli": app}):
                pass
        (problem,) = caught.value.problems
        assert text in problem.message
        assert problem.place[0] >= 2

    run(body)


def test_declarations_belong_in_controllers_and_come_before_serving(tmp_path: Path) -> None:
    """In the routes file or a helper they would hold for nobody."""
    from soli_runtime.loading.app import InvalidApp

    files = {
        "config/routes.soli": 'router_websocket("/a", "a#handle")\nws_message("a", {})\n',
        "app/controllers/a_controller.soli": "def handle(event)\n  {}\nend\n",
    }
    late = APP.replace("  return {} if", '  ws_message("late", {})\n  return {} if')

    async def body() -> None:
        with pytest.raises(InvalidApp, match="belongs in a controller"):
            async with serving(tmp_path / "a", files):
                pass
        async with serving(tmp_path / "b", {"app.soli": late}) as site:
            async with site.connect("/ws") as client:
                await client.wait_closed()
            errors = site.server.service.state.tally.handler_errors
            assert sum(errors.values()) >= 1

    run(body)


@pytest.mark.parametrize("line", ['ws_keep_state("*")', 'ws_keep_history("*", { "messages": 5 })'])
def test_declarations_hold_in_apps_that_keep(line: str, tmp_path: Path) -> None:
    """Whose handlers run as transactions."""

    async def body() -> None:
        app = {"app.soli": APP.replace("\ndef", f"\n{line}\n\ndef", 1)}
        async with serving(tmp_path, app) as site, site.connect("/ws") as client:
            answer = await told(client, {"event": "vote", "payload": {**VOTE, "admin": True}})
            assert answer["payload"] == VOTE
            wrong = {"event": "vote", "payload": {**VOTE, "choice": 1}}
            assert await told(client, wrong) == invalid(choice="expected String, got Int")

    run(body)
