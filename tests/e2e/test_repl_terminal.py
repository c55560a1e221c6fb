"""`soli repl` on a terminal, typed at as a person does (pexpect)."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

CHAT = Path(__file__).parents[2] / "examples" / "chat"
CTRL_C, CTRL_D, TAB, UP = "\x03", "\x04", "\t", "\x1b[A"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal:
    """One session."""

    def __init__(self, app: Path, state: Path, **environment: str) -> None:
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "soli_runtime.cli", "repl", str(app)],
            env={
                **os.environ,
                "XDG_STATE_HOME": str(state),
                "TERM": "xterm",
                "NO_COLOR": "1",
                "PROMPT_TOOLKIT_NO_CPR": "1",
                **environment,
            },
            encoding="utf-8",
            timeout=60,
            dimensions=(50, 120),
        )
        self.child.delaybeforesend = 0.4
        self.prompted()

    def prompted(self) -> str:
        """Wait for the next prompt; what was shown before it."""
        self.child.expect("soli>")
        return _CONTROL.sub("", str(self.child.before))

    def type(self, keys: str) -> None:
        self.child.send(keys)

    def shows(self, text: str) -> None:
        """Wait until *text* is shown."""
        self.child.expect_exact(text)

    def end(self) -> int:
        """Leave; the exit status."""
        self.type(CTRL_D)
        self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Any]:
    app = tmp_path / "chat"
    shutil.copytree(CHAT, app)
    opened: list[Terminal] = []

    def new(**environment: str) -> Terminal:
        opened.append(Terminal(app, tmp_path / "state", **environment))
        return opened[-1]

    yield new
    for one in opened:
        one.child.close(force=True)


def test_completion_knows_the_methods_of_a_client(terminal: Any) -> None:
    """`alice.rec` Tab offers what a client has, and its own names, by the value of the variable."""
    session = terminal()
    session.type('alice = ws_connect("/ws/room/a?name=Al")\r')
    session.shows("alice ←")
    session.type("alice.rec" + TAB)
    session.shows("receive_event")
    session.type(CTRL_C)
    pause(0.7)
    session.type("ali" + TAB)
    session.type(".sile" + TAB)
    session.type("\r")
    session.shows("=> false")
    session.type(".pres" + TAB)
    session.type(" room:a\r")
    session.shows('"phx_ref"')
    assert session.end() == 0


def test_ctrl_c_stops_the_running_code_only(terminal: Any) -> None:
    """Code that computes and code that waits; the session, its clients and variables live on."""
    session = terminal()
    session.type('alice = ws_connect("/ws/room/a?name=Al")\r')
    session.shows("alice ←")
    session.type("kept = 41\r")
    session.shows("=> 41")
    session.type("def spin\rwhile true\rend\rend\r")
    for endless in ("spin()", "sleep(100)", "alice.wait_closed(100)"):
        session.type(f'[print("now " + "running"), {endless}]\r')
        session.shows("now running")
        session.type(CTRL_C)
        session.shows("stopped")
    session.type("kept + ws_count()\r")
    session.shows("=> 42")
    session.type('half = "done' + CTRL_C)
    pause(0.7)
    session.type("kept\r")
    session.shows("=> 41")
    assert session.end() == 0


def pause(seconds: float) -> None:
    import time

    time.sleep(seconds)


def test_blocks_are_edited_and_recalled_whole_across_runs(terminal: Any) -> None:
    """Enter goes on while a block is open; one key brings the block back, in the next run too."""
    session = terminal()
    session.type("def double(n)\r")
    session.type("n * 2\r")
    session.type("end\r")
    session.type("double(21)\r")
    session.shows("=> 42")
    assert session.end() == 0
    again = terminal()
    again.type(UP + UP)
    again.shows("end")
    assert "n * 2" in _CONTROL.sub("", again.child.before)
    again.type("\r")
    again.type("double(4)\r")
    again.shows("=> 8")
    assert again.end() == 0


def test_what_comes_unasked_is_shown_above_the_prompt(terminal: Any) -> None:
    """A timer that fires while nobody types."""
    session = terminal()
    session.type("class NoteJob\rstatic def perform(args)\r")
    session.type('ws_broadcast("ding")\rend\rend\r')
    session.type('alice = ws_connect("/ws/room/a?name=Al")\r')
    session.shows("alice ←")
    session.type("NoteJob.perform_in(1, null)\r")
    session.shows("=> ")
    session.shows("alice ←  ding")
    assert session.end() == 0


def test_strings_offer_keys_and_rooms(terminal: Any) -> None:
    """Tab in a string: what the app reads, and who is where; never names of classes."""
    session = terminal()
    with_tabs(session, 'alice = ws_conn\t("/ws/ro\tkitchen?name=Al")\r')
    session.shows("alice ←")
    with_tabs(session, 'alice.send({ "ev\t": "typ\t" })\r')
    session.shows('"state": "typing"')
    with_tabs(session, 'ws_presence_count("roo\t")\r')
    session.shows("=> 1")
    with_tabs(session, "alice.inb\t\r")
    session.shows('"event": "presence_state"')
    session.type("alice.inbox.length > 2\r")
    session.shows("=> true")
    assert session.end() == 0


def with_tabs(session: Any, keys: str) -> None:
    """Type as a person does, who looks at what a tab brings before going on."""
    for part in re.split("(\t)", keys):
        session.type(part)


def test_blocks_dedent_and_the_past_is_suggested(terminal: Any) -> None:
    """`end` moves to its `def`; what was typed before is offered behind what is typed now."""
    session = terminal()
    session.type("def triple(n)\r")
    session.type("if n\rn * 3\rend\rend\r")
    session.type("triple(14)\r")
    session.shows("=> 42")
    session.type(UP + UP)
    session.shows("triple")
    session.shows("\x1b[0m  ...   \x1b[0;1mend")
    session.shows("\x1b[0m  ... \x1b[0;1mend")
    session.type(CTRL_C)
    pause(0.7)
    session.type("trip")
    session.shows("le(14)")
    session.type("\x1b[C\r")  # the arrow to the right takes it
    session.shows("=> 42")
    assert session.end() == 0


def test_every_client_has_a_colour(terminal: Any) -> None:
    """The first is cyan, the second green, errors are red; NO_COLOR means none."""
    session = terminal(NO_COLOR="")
    session.type('alice = ws_connect("/ws/room/a?name=Al")\r')
    session.shows("\x1b[36m  alice ←\x1b[0m")
    session.type('bob = ws_connect("/ws/room/a?name=Bo")\r')
    session.shows("\x1b[32m  bob ←\x1b[0m")
    session.type("oops\r")
    session.shows("\x1b[31mError:")
    assert session.end() == 0
    plain = terminal(NO_COLOR="1")
    plain.type('alice = ws_connect("/ws/room/a?name=Al")\r')
    plain.shows("alice ←")
    assert "\x1b[36m" not in plain.child.before
    assert plain.end() == 0


def test_the_call_is_explained_below_the_line(terminal: Any) -> None:
    """Its parameters are there as soon as it is begun, the current one in bold."""
    session = terminal(PROMPT_TOOLKIT_NO_CPR="")
    session.type("\x1b[1;1R")  # where the cursor is, which the prompt asks the terminal
    session.type('ws_get_presence("room:a", ')
    session.shows("ws_get_presence(channel: string, ")
    session.shows("user_id")
    session.type(CTRL_C)
    session.type("\x1b[1;1R")
    session.type("say(")
    session.shows("say(")
    session.shows("room")
    session.shows(", user, text)")
    session.type(CTRL_C)
    session.type("\x1b[1;1R")
    assert session.end() == 0
