"""`.save` in the REPL: the spec passes as it stands, and fails once the app is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..support import transcripts
from .test_command_line import soli

EXAMPLES = Path(__file__).parents[2] / "examples"
BENCH = Path(__file__).parent / "transcripts" / "bench"

SESSIONS = {
    "chat": (
        'alice = ws_connect("/ws/room/kitchen?name=Alice")',
        'bob = ws_connect("/ws/room/kitchen?name=Bob")',
        'alice.send({ "event": "typing" })',
        'bob.send({ "event": "message", "text": "a #{1 + 1} \\"b\\" #{"{"}" })',
        'alice.receive_event("message")["text"]',
        'ws_connect("/ws/room/kitchen")',
        "tab = alice.tab",
        'get("/api/rooms")',
        "history",
        "bob.drop",
        'ws_connect("/ws/room/kitchen?name=Cleo")',
    ),
    "echo": ('a = ws_connect("/ws/echo")', 'a.send("hello")', "a.send(b)", "ws_count()"),
    "broadcast.soli": (
        'both = [ws_connect("/ws/all"), ws_connect("/ws/all")]',
        'both[0].send("to all")',
        'res_status(get("/"))',
    ),
    "rooms.soli": (
        'a = ws_connect("/ws/room/lobby")',
        'b = ws_connect("/ws/room/lobby")',
        'c = ws_connect("/ws/room/kitchen")',
        'a.send("in the lobby")',
        'c.send("in the kitchen")',
        'res_location(get("/"))',
    ),
}
BREAKS = {
    "chat": ("app/controllers/chat_controller.soli", '"state": "typing"', '"state": "typing!"'),
    "echo": ("app/controllers/echo_controller.soli", '"echo: "', '"ohce: "'),
    "broadcast.soli": ("broadcast.soli", 'event["message"] } if', '"other" } if'),
    "rooms.soli": ("rooms.soli", '"room:" + event["params"]["room_id"]', '"room:one"'),
}


def run_spec(app: Path, spec: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "soli_runtime.cli", "test", *more, str(spec)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=app if app.is_dir() else app.parent,
    )


@pytest.mark.parametrize("name", SESSIONS)
def test_a_saved_spec_holds_what_the_app_does(name: str, tmp_path: Path) -> None:
    """Of every example with routes: it passes, and fails when the handler does something else."""
    app = tmp_path / name
    if (EXAMPLES / name).is_dir():
        shutil.copytree(EXAMPLES / name, app)
    else:
        shutil.copy(EXAMPLES / name, app)
    output, _ = transcripts.piped(app, [*SESSIONS[name], ".save tried"])
    assert "it passes: soli test" in output, output
    root = app if app.is_dir() else tmp_path
    spec = root / "tests" / "tried_spec.soli"
    how = () if app.is_dir() else ("--app", str(app))
    passed = run_spec(app, spec, *how)
    assert passed.returncode == 0, passed.stdout
    assert "1 passed, 0 failed" in passed.stdout
    file, old, new = BREAKS[name]
    text = (root / file).read_text("utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new), "utf-8")
    broken = run_spec(app, spec, *how)
    assert broken.returncode != 0
    assert "1 failed" in broken.stdout


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    app = tmp_path / "bench"
    shutil.copytree(BENCH, app)
    return app


def test_slips_and_looks_are_left_out(bench: Path) -> None:
    """Names that are wrong, `_`, and what only looks: no expectation, and no failure."""
    inputs = [
        'a = ws_connect("/ws/desk?as=Ada")',
        "oops",
        "a.recieve",
        'a.send("helper", 1, 2, 3)',
        '1 + "a".no_method',
        "a.inbox",
        'ws_connect("/ws/desk?as=Eve")',
        "40 + 1",
        "_",
        "_ + 1",
        "match 3\n  1 => 2,\n  _ => 4\nend",
        ".save slips",
    ]
    output, _ = transcripts.piped(bench, inputs)
    assert "it passes: soli test" in output, output
    text = (bench / "tests" / "slips_spec.soli").read_text("utf-8")
    for slip in ("oops", "recieve", "no_method", "1, 2, 3", "inbox", "_ + 1"):
        assert slip not in text
    assert "(403)" in text  # a refusal by the app is none
    assert "expect(40 + 1).to_equal(41)" in text
    assert "_ => 4" in text
    assert "left out, as specs do not see it: _ + 1\n" in output
    assert "left out, as specs do not see it: a.inbox\n" in output


def test_failures_closes_and_requests_are_expected_too(bench: Path) -> None:
    """What is shown in the REPL as refused or closed is so in the spec."""
    inputs = [
        'a = ws_connect("/ws/desk?as=Ada")',
        'a.send("helper")',
        "a.receive",
        'a.send("close")',
        'a.send("late")',
        'ws_connect("/ws/desk?as=Eve")',
        'get("/count")',
        "LIMIT",
        ".save all",
    ]
    output, _ = transcripts.piped(bench, inputs)
    text = (bench / "tests" / "all_spec.soli").read_text("utf-8")
    assert "left out, as specs do not see it: LIMIT" in output
    assert 'expect(a.receive).to_equal("hello Ada")' in text
    assert "expect(a.wait_closed).to_equal(4000)" in text
    assert "(403)" in text
    assert 'to_equal({ "asked": 2 })' in text
    assert text.count("LIMIT") == 0


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ((), "nothing was tried"),
        (('ws_connect("/ws/desk")', ".save ../x", ".fresh"), ".save NAME: letters"),
        (
            ('def greeting(name)\n"other"\nend', 'ws_connect("/ws/desk")'),
            "the files do not have what you redefined: greeting",
        ),
        (('a = ws_connect("/ws/desk")', 'File.write("tests", "")'), "cannot be written"),
    ],
)
def test_what_cannot_be_saved_is_said(bench: Path, inputs: tuple[str, ...], why: str) -> None:
    """And the status tells of it."""
    output, status = transcripts.piped(bench, [*inputs, ".save it"])
    assert why in output
    assert status == 70
    assert not (bench / "tests" / "it_spec.soli").exists()


def test_what_differs_between_runs_is_matched_by_kind(bench: Path) -> None:
    """Random numbers and texts, ids and times; and what is sent only sometimes is refused."""
    controller = bench / "app" / "controllers" / "desk_controller.soli"
    controller.write_text(
        """
def handle(event)
  return {} unless event["type"] == "message"
  data = { "n": Math.random(), "id": uuid_v4(), "at": DateTime.now().to_iso, "s": uuid_v4() + "!" }
  { "send": { "fixed": 1, "data": data } }
end

def count
  {}
end
""",
        "utf-8",
    )
    inputs = ['a = ws_connect("/ws/desk")', 'a.send("x")', ".save random"]
    output, _ = transcripts.piped(bench, inputs)
    assert "it passes" in output
    text = (bench / "tests" / "random_spec.soli").read_text("utf-8")
    for matcher in ('"n": any_number()', '"id": any_id()', '"at": any_time()', '"s": any_string()'):
        assert matcher in text
    assert '"fixed": 1' in text


def test_what_was_asked_is_saved_with_its_answer(tmp_path: Path) -> None:
    """The reply is the value of the input, not a message that comes besides."""
    (tmp_path / "app.soli").write_text(
        'router_websocket("/ws", "app#handle")\n'
        "def handle(event)\n"
        '  return {} unless event["type"] == "message"\n'
        '  { "send": "first", "reply": event["message"].to_h["payload"], "broadcast": "last" }\n'
        "end\n"
    )
    typed = 'a = ws_connect("/ws")\na.ask("x", { "n": 1 })\n.save asked\n'
    seen = soli("repl", "app.soli", cwd=tmp_path, text=typed)
    assert seen.returncode == 0, seen.stdout + seen.stderr
    saved = (tmp_path / "tests" / "asked_spec.soli").read_text("utf-8")
    assert 'expect(a.ask("x", { "n": 1 })).to_equal({ "n": 1 })' in saved
    assert "phx_reply" not in saved
    assert soli("test", cwd=tmp_path).returncode == 0
