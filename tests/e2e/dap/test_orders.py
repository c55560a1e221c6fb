"""Editors set breakpoints before the launch, after it, or between: all of them stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...support.dap_client import Body, DapClient, Refusal

SCRIPT = """\
def twice(n)
  let doubled = n * 2

  # a remark
  doubled
end
print(twice(4))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.soli"
    path.write_text(SCRIPT)
    return path


def lines(client: DapClient, path: Path, *wanted: int) -> Body:
    return {"source": {"path": str(path)}, "breakpoints": [{"line": one} for one in wanted]}


def stops_in_twice(client: DapClient) -> None:
    thread = client.stopped(reason="breakpoint")["threadId"]
    frames = client.stack(thread)
    assert [(one["name"], one["line"]) for one in frames] == [("twice", 5), ("main program", 7)]
    assert client.variables(frames[0]["id"]) == {"n": "4", "doubled": "8"}
    client.ask("continue", threadId=thread)
    client.event("terminated")
    assert "8\n" in client.output
    assert client.event("exited") == {"exitCode": 0}


def test_as_vs_code_does(client: DapClient, script: Path) -> None:
    """`launch` is sent at once; what is set follows `initialized`, before its answer came."""
    client.ask("initialize", adapterID="soli", clientID="vscode")
    launch = client.send("launch", program=str(script))
    client.event("initialized")
    client.ask("setBreakpoints", **lines(client, script, 5))
    client.ask("setFunctionBreakpoints", breakpoints=[])
    client.ask("setExceptionBreakpoints", filters=["uncaught"], filterOptions=[])
    client.ask("configurationDone")
    client.answer(launch)
    client.ask("threads")
    stops_in_twice(client)


def test_as_a_client_that_launches_last(client: DapClient, script: Path) -> None:
    """Everything is set, and `configurationDone` said, before `launch`."""
    client.ask("initialize", adapterID="soli")
    client.event("initialized")
    found = client.ask("setBreakpoints", **lines(client, script, 5))
    assert [one["verified"] for one in found["breakpoints"]] == [False]
    client.ask("setExceptionBreakpoints", filters=[])
    client.ask("configurationDone")
    client.ask("launch", program=str(script))
    number = found["breakpoints"][0]["id"]
    changed = client.event("breakpoint", wanted=lambda body: body["breakpoint"]["verified"])
    assert changed["breakpoint"] == {"id": number, "verified": True, "line": 5}
    stops_in_twice(client)


def test_as_a_client_that_waits_for_each_answer(client: DapClient, script: Path) -> None:
    """`launch` is answered before anything is set."""
    client.ask("initialize", adapterID="soli")
    client.ask("launch", program=str(script), stopOnEntry=True)
    client.event("initialized")
    client.ask("setBreakpoints", **lines(client, script, 5))
    client.ask("configurationDone")
    thread = client.stopped(reason="entry")["threadId"]
    assert client.stack(thread)[0]["line"] == 7
    client.ask("continue", threadId=thread)
    stops_in_twice(client)


def test_lines_without_code(client: DapClient, script: Path) -> None:
    """A breakpoint goes to the next line with code, and says so; behind the last there is none."""
    client.launched(script, 1, 3, 4, 99)
    client.stopped()
    found = [client.event("breakpoint") for _ in range(4)]
    last = {one["breakpoint"]["id"]: one["breakpoint"] for one in found}
    assert [(one["line"], one["verified"]) for one in last.values()] == [
        (2, True),
        (5, True),
        (5, True),
        (99, False),
    ]
    assert last[1]["message"] == "moved to line 2: no statement begins at line 1"
    assert last[4]["message"] == "there is no code at line 99, nor after it"


def test_files_that_are_not_loaded(client: DapClient, script: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.soli"
    other.write_text("export def one()\n  1\nend\n")
    script.write_text('let before = 1\nimport "./other"\nprint(one())\n')
    client.launched(script, 1)
    client.breakpoints(other, 2)
    nowhere = client.breakpoints(tmp_path / "nowhere.soli", 2)
    assert nowhere[0]["message"] == "the file is not loaded"
    client.stopped()
    client.ask("continue", threadId=1)
    thread = client.stopped(reason="breakpoint")["threadId"]
    assert client.stack(thread)[0]["source"]["path"] == str(other.resolve())
    client.ask("continue", threadId=thread)
    client.event("terminated")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "program is missing"),
        ({"program": "nowhere.soli"}, "there is no file or folder"),
        ({"program": 5}, "program has to be a text"),
        ({"program": ".", "mode": "fly"}, "mode 'fly' is none of run, test, replay"),
        ({"program": ".", "args": "--dev"}, "args has to be a list"),
        ({"program": ".", "env": {"A": []}}, "env: the value of 'A'"),
        ({"program": ".", "cwd": "/nowhere"}, "cwd: there is no folder"),
    ],
)
def test_bad_arguments_are_named(client: DapClient, arguments: Body, message: str) -> None:
    client.begin()
    with pytest.raises(Refusal, match=message):
        client.ask("launch", **arguments)


def test_a_program_with_a_syntax_error_ends(client: DapClient, script: Path) -> None:
    script.write_text("let x = \n")
    client.launched(script, 1)
    assert client.event("exited") == {"exitCode": 65}
    client.event("terminated")
    assert "Unexpected" in client.output


def test_requests_without_a_program(client: DapClient) -> None:
    client.begin()
    with pytest.raises(Refusal, match="nothing is debugged yet"):
        client.ask("stackTrace", threadId=1)
    assert client.ask("threads") == {"threads": []}
