"""`soli types`: what it writes, judged by TypeScript's compiler and by AsyncAPI's own schema."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

NODE = Path(__file__).resolve().parents[1] / "node"
SOLI = [sys.executable, "-m", "soli_runtime.cli"]

APP = """router_websocket("/ws/room/:room", "app#handle")
router_websocket("/ws/plain/*rest", "app#other")
ws_message("vote", {
  "choice": String, "tags": [String], "n": V.int().optional.min(1),
  "at": { "x": Float, "a-b": Bool }
})
ws_message("sign up", {
  "mail": V.string().required.email, "role": V.string().one_of(["a", "b\\"*/"]).nullable,
  "lines": V.array(V.int()).default([1]), "more": V.hash({ "deep": V.bool().required }),
  "any": Hash, "list": Array, "nothing": Null
})
ws_message("ping", {})
print("loading")

def handle(event)
  {}
end

def other(event)
  {}
end
"""
PROGRAM = """
import type { InvalidMessage, MessageTo, PresenceState, Reply, Sockets } from './app.js'

type Said = MessageTo<'/ws/room/:room'>
const vote: Said = {
  event: 'vote', payload: { choice: 'tabs', tags: ['a'], n: 3, at: { x: 1, 'a-b': true } }, ref: 7,
}
const ping: Said = { event: 'ping', payload: {} }
const signUp: Sockets['/ws/room/:room']['sign up'] = {
  mail: 'a@b.c', role: null, any: { a: [1] }, list: [1, 'a'], nothing: null, more: { deep: true },
}
const reply: Reply<{ votes: number }> = {
  event: 'phx_reply', ref: 7, payload: { status: 'ok', response: { votes: 3 } },
}
const names = (state: PresenceState) => Object.keys(state.payload)
const why = (message: InvalidMessage) => message.payload.errors['choice']

// @ts-expect-error a choice is a text
const wrong: Said = { event: 'vote', payload: { choice: 5, tags: [], at: { x: 1, 'a-b': true } } }
// @ts-expect-error nothing is left out
const less: Said = { event: 'vote', payload: { choice: 'a' } }
// @ts-expect-error nobody declared it
const other: Said = { event: 'voet', payload: {} }
// @ts-expect-error it is one of two
const role: Sockets['/ws/room/:room']['sign up']['role'] = 'c'
export { vote, ping, signUp, reply, names, why, wrong, less, other, role }
"""


def soli(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOLI, "types", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.soli").write_text(APP, "utf-8")
    return tmp_path


def test_the_types_compile_and_say_what_is_wrong(app: Path) -> None:
    """With `--strict`; each `@ts-expect-error` has to be one."""
    done = soli(app, "app.soli", "--output", "app.d.ts")
    assert (done.returncode, done.stderr) == (0, "loading\n")
    (app / "use.ts").write_text(PROGRAM, "utf-8")
    options = "--noEmit --strict --target es2022 --module nodenext --lib es2022,dom".split()
    result = subprocess.run(
        [NODE / "node_modules/.bin/tsc", *options, "use.ts", "app.d.ts"],
        cwd=app,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert (result.stdout, result.returncode) == ("", 0)


def judged(document: Path) -> list[str]:
    """What AsyncAPI's schema says against *document*."""
    result = subprocess.run(
        ["node", "asyncapi_judge.mjs", document],
        cwd=NODE,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return json.loads(result.stdout)


def test_the_document_is_valid_asyncapi(app: Path) -> None:
    """Channels with parameters, messages with schemas, operations both ways."""
    assert soli(app, "app.soli", "--asyncapi", "api.json").returncode == 0
    path = app / "api.json"
    document = json.loads(path.read_text("utf-8"))

    assert judged(path) == []
    channel = document["channels"]["AppHandle"]
    assert (channel["address"], channel["parameters"]) == ("/ws/room/{room}", {"room": {}})
    payload = channel["messages"]["vote"]["payload"]["properties"]["payload"]
    assert payload["required"] == ["choice", "tags", "at"]
    assert payload["properties"]["n"] == {"type": "integer", "minimum": 1}
    received = document["operations"]["AppHandle.receive"]["messages"]
    assert {"$ref": "#/channels/AppHandle/messages/sign_up"} in received

    del document["channels"]["AppHandle"]["messages"]["vote"]["payload"]
    document["channels"]["AppHandle"]["adress"] = "/"
    path.write_text(json.dumps(document), "utf-8")
    assert judged(path) != []


def test_without_a_file_the_types_are_printed_alone(app: Path) -> None:
    """What the app prints while it loads goes elsewhere."""
    done = soli(app)

    assert done.stdout.startswith("// Written by `soli types`")
    assert "loading" not in done.stdout
    assert done.stderr == "loading\n"


def test_an_app_without_declarations_says_so(tmp_path: Path) -> None:
    """The types are there all the same, and compile."""
    text = 'router_websocket("/ws", "app#handle")\ndef handle(event)\n  {}\nend\n'
    (tmp_path / "app.soli").write_text(text, "utf-8")

    done = soli(tmp_path)

    assert done.returncode == 0
    assert '"/ws": AppHandleEvents' in done.stdout
    assert done.stderr == "soli: no controller declares a message with ws_message\n"


def test_what_cannot_be_written_or_run_is_said(app: Path) -> None:
    """64 for the command line, 65 for the app."""
    done = soli(app, "--output", "no/such/app.d.ts")
    assert done.returncode == 64
    assert "'no/such/app.d.ts' cannot be written: No such file or directory" in done.stderr
    (app / "app.soli").write_text("def (\n", "utf-8")
    assert soli(app).returncode == 65
    assert soli(app, "nowhere").returncode == 64
