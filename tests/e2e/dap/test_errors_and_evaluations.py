"""Where a program stands at what it throws, and what code that is typed there may cost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from websockets.sync.client import connect

from ...support.dap_client import DapClient, Refusal
from .conftest import line_of

PROGRAM = """\
class TooMuch extends Error
end

def check(n)
  if n > 1
    let limit = 1
    throw TooMuch.new("#{n} > #{limit}")
  end
  n
end

check(5)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "thrown.soli"
    path.write_text(PROGRAM)
    return path


@pytest.mark.parametrize("errors", ["uncaught", "all"])
def test_it_stands_at_the_throw(client: DapClient, program: Path, errors: str) -> None:
    """Not at the `if` around it; with the variables there, and the name of the class."""
    client.begin()
    number = client.send("launch", program=str(program))
    client.ask("setExceptionBreakpoints", filters=[errors])
    client.ask("configurationDone")
    client.answer(number)
    thread = client.stopped(reason="exception", text="TooMuch: 5 > 1")["threadId"]
    frames = client.stack(thread)
    assert [(one["name"], one["line"]) for one in frames] == [("check", 7), ("main program", 12)]
    assert client.variables(frames[0]["id"]) == {"limit": "1", "n": "5"}
    assert client.ask("exceptionInfo", threadId=thread)["exceptionId"] == "TooMuch"


def test_nothing_stops_what_is_only_run(client: DapClient, program: Path) -> None:
    """As editors run without debugging: with `noDebug`, though they send breakpoints."""
    client.begin()
    client.breakpoints(program, 5)
    number = client.send("launch", program=str(program), noDebug=True, stopOnEntry=True)
    client.ask("setExceptionBreakpoints", filters=["uncaught"])
    assert not client.breakpoints(program, 5)[0]["verified"]
    client.ask("configurationDone")
    client.answer(number)
    assert client.event("exited") == {"exitCode": 70}
    assert "5 > 1" in client.output


def test_what_is_typed_ends_and_names_no_place(client: DapClient, program: Path) -> None:
    """A script has no limits; what is typed in it has one, and it is in no line of the file."""
    client.launched(program, 9, 6)
    thread = client.stopped()["threadId"]
    frame = client.stack(thread)[0]["id"]
    number = client.send("evaluate", expression="while true\n  n\nend", frameId=frame)
    with pytest.raises(Refusal, match="it computes for longer than 2 s"):
        client.answer(number, 60)
    with pytest.raises(Refusal, match=r"^Undefined variable 'nobody'$"):
        client.evaluate("nobody", frame)
    assert client.evaluate("n", frame) == "5"


def test_it_stops_again_after_evaluations_that_waited_together(
    client: DapClient, app: Path
) -> None:
    """The one that began first ends first."""
    client.launched(app, line_of("let sums"), args=["--port", "0"])
    found = re.search(r"listening on (http\S+)", client.said("listening on"))
    assert found is not None
    with connect(found[1].replace("http", "ws") + "/ws/echo") as one:
        for text in ("first", "second"):
            one.send(text)
            thread = client.stopped(reason="breakpoint")["threadId"]
            frame = client.stack(thread)[0]["id"]
            assert client.evaluate("text", frame) == f'"{text}"'
            waits = [
                client.send("evaluate", expression=f"sleep({seconds})", frameId=frame)
                for seconds in (0.5, 1)
            ]
            for number in waits:
                client.answer(number)
            client.ask("continue", threadId=thread)
