"""`soli dap` launches an app, and stops in its handlers, jobs and actions."""

from __future__ import annotations

import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect

from ...support.dap_client import Body, DapClient, Refusal
from .conftest import line_of

SECONDS = 10.0


def served(client: DapClient) -> str:
    """Where the app that was launched listens."""
    found = re.search(r"listening on http://(\S+)", client.said("listening on"))
    assert found is not None
    return found[1]


def joined(address: str) -> ClientConnection:
    return connect(f"ws://{address}/ws/echo", open_timeout=SECONDS)


def stop(client: DapClient, reason: str = "breakpoint") -> tuple[int, list[Body]]:
    """(the thread that stops, its stack)"""
    thread = client.stopped(reason=reason)["threadId"]
    return thread, client.stack(thread)


@pytest.fixture
def address(client: DapClient, app: Path) -> str:
    client.launched(app, args=["--port", "0"])
    return served(client)


def test_a_handler_stops_and_all_others_go_on(client: DapClient, app: Path, address: str) -> None:
    """One connection stands with its variables; another gets its answers meanwhile."""
    client.breakpoints(app, {"line": line_of("let sums"), "condition": 'text == "stop"'})
    with joined(address) as one, joined(address) as other:
        one.send("stop")
        thread, frames = stop(client)
        assert [frame["name"] for frame in frames] == ["handle"]
        assert frames[0]["line"] == line_of("let sums")
        variables = client.variables(frames[0]["id"])
        assert variables["text"] == '"stop"'
        assert variables["event"] == '{"type": "message", "message": "stop"}'
        assert client.variables(frames[0]["id"], "File") == {"count": "1", "LIMIT": "3"}
        for number in range(2, 5):
            other.send("on")
            assert other.recv(SECONDS) == f"got on {[number + 2, number + 4, number + 6]}"
        names = {one["id"]: one["name"] for one in client.ask("threads")["threads"]}
        assert len([name for name in names.values() if name.startswith("/ws/echo")]) == 2
        assert names[thread].startswith("/ws/echo")
        client.ask("continue", threadId=thread)
        assert one.recv(SECONDS) == "got stop [6, 8, 10]"


def test_steps_in_over_and_out(client: DapClient, app: Path, address: str) -> None:
    client.breakpoints(app, line_of("let sum = "))
    with joined(address) as one:
        one.send("go")
        thread, frames = stop(client)
        assert [frame["name"] for frame in frames] == ["block in handle", "handle"]
        assert client.variables(frames[0]["id"])["item"] == "1"
        assert client.variables(frames[0]["id"])["text"] == '"go"'
        client.breakpoints(app)
        lines = []
        for command in ("stepIn", "next", "stepOut", "next", "next"):
            client.ask(command, threadId=thread)
            _, frames = stop(client, "step")
            lines.append((frames[0]["name"], frames[0]["line"]))
        first = line_of("let twice")
        block = line_of("let sum = ") + 1
        assert lines == [
            ("doubled", first),
            ("doubled", first + 1),
            ("block in handle", block),
            ("block in handle", block - 1),
            ("block in handle", block),
        ]
        client.ask("continue", threadId=thread)
        assert one.recv(SECONDS) == "got go [3, 5, 7]"


def test_values_are_changed_where_it_stands(client: DapClient, app: Path, address: str) -> None:
    client.breakpoints(app, line_of("let sums"))
    with joined(address) as one:
        one.send("old")
        thread, frames = stop(client)
        scopes = client.ask("scopes", frameId=frames[0]["id"])["scopes"]
        numbers = {scope["name"]: scope["variablesReference"] for scope in scopes}
        given = {"variablesReference": numbers["Locals"], "name": "text", "value": '"n" + "ew"'}
        assert client.ask("setVariable", **given)["value"] == '"new"'
        given = {"variablesReference": numbers["File"], "name": "count", "value": "count + 9"}
        assert client.ask("setVariable", **given)["value"] == "10"
        with pytest.raises(Refusal, match="'LIMIT' cannot be changed"):
            client.ask("setVariable", variablesReference=numbers["File"], name="LIMIT", value="1")
        assert client.evaluate("count = count + 1; sleep(0.01); ws_count()", frames[0]["id"]) == "1"
        with pytest.raises(Refusal, match="Undefined variable 'nobody'"):
            client.evaluate("nobody", frames[0]["id"])
        client.ask("continue", threadId=thread)
        assert one.recv(SECONDS) == "got new [13, 15, 17]"


def test_jobs_and_actions_stop(client: DapClient, app: Path, address: str) -> None:
    client.breakpoints(app, line_of('print("job"'), line_of('"status"'))
    with joined(address) as one, ThreadPoolExecutor(1) as pool:
        one.send("job")
        thread, frames = stop(client)
        assert (frames[0]["name"], client.variables(frames[0]["id"])["next_one"]) == (
            "perform",
            "5",
        )
        client.ask("continue", threadId=thread)
        answer = pool.submit(lambda: urllib.request.urlopen(f"http://{address}/hi?name=Ann"))
        thread, frames = stop(client)
        assert (frames[0]["name"], client.variables(frames[0]["id"])["name"]) == ("hi", '"Ann"')
        assert {"id": thread, "name": "GET /hi"} in client.ask("threads")["threads"]
        client.ask("continue", threadId=thread)
        assert answer.result(SECONDS).read() == b"hi Ann"


def test_errors_stop_where_they_are_raised(client: DapClient, app: Path, address: str) -> None:
    client.ask("setExceptionBreakpoints", filters=["uncaught"])
    with joined(address) as one:
        one.send("boom")
        thread, frames = stop(client, "exception")
        assert (frames[0]["name"], frames[0]["line"]) == ("handle", line_of("nothing["))
        assert client.variables(frames[0]["id"])["nothing"] == "null"
        found = client.ask("exceptionInfo", threadId=thread)
        assert found["breakMode"] == "unhandled"
        assert "null" in found["description"]
        client.ask("continue", threadId=thread)
        one.send("after")
        assert one.recv(SECONDS).startswith("got after")


def test_conditions_hits_and_log_points(client: DapClient, app: Path, address: str) -> None:
    client.breakpoints(
        app,
        {"line": line_of("let sum = "), "hitCondition": ">= 3"},
        {"line": line_of("let text"), "logMessage": "type is {event['type']} {1 +}"},
        {"line": line_of("count += 1"), "condition": "nobody > 1"},
        {"line": line_of("twice", "x\n" * 13 + "twice"), "hitCondition": "often"},
    )
    with joined(address) as one:
        one.send("go")
        thread, frames = stop(client)
        assert frames[0]["line"] == line_of("count += 1")
        assert "the condition 'nobody > 1' failed: Undefined variable 'nobody'" in client.output
        assert "type is message" in client.output
        client.ask("continue", threadId=thread)
        thread, frames = stop(client)
        assert client.variables(frames[0]["id"])["item"] == "3"
        client.ask("continue", threadId=thread)
        assert one.recv(SECONDS) == "got go [3, 5, 7]"


def test_a_client_that_leaves_while_its_handler_stands_costs_nothing(
    client: DapClient, app: Path, address: str
) -> None:
    client.breakpoints(app, line_of("let sums"))
    with joined(address) as one:
        one.send("stop")
        thread, frames = stop(client)
    assert client.variables(frames[0]["id"])["text"] == '"stop"'
    client.ask("continue", threadId=thread)
    with joined(address) as one:
        client.breakpoints(app)
        one.send("next")
        assert one.recv(SECONDS).startswith("got next")


def test_the_end_of_the_client_is_that_of_what_it_launched(
    client: DapClient, app: Path, address: str
) -> None:
    client.breakpoints(app, line_of("let sums"))
    with joined(address) as one:
        one.send("stop")
        stop(client)
        client.end()
        with pytest.raises(ConnectionRefusedError):
            connect(f"ws://{address}/ws/echo", open_timeout=2)
