"""`ws_message` is obeyed however an app is served: ASGI, workers, specs and the prompt."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from ..support import transcripts
from ..support.live import LiveServer, receive_json, serve
from .support import write_files
from .test_asgi import hosting
from .test_command_line import soli

APP = """router_websocket("/ws", "app#handle")
ws_message("vote", { "choice": String })

def handle(event)
  return {} if event["type"] != "message"
  { "send": event["payload"] }
end
"""
REFUSED = {
    "event": "invalid",
    "payload": {"reason": "invalid", "errors": {"choice": "expected String, got Int"}},
}
SPEC = """
test("votes are checked") do
  client = ws_connect("/ws")
  client.send({ "event": "vote", "choice": "tabs", "more": 1 })
  assert_eq(client.receive_json(), { "choice": "tabs" })
  client.send({ "event": "vote", "choice": 5 })
  assert_eq(client.receive_json()["payload"]["errors"], { "choice": "expected String, got Int" })
end
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_files(tmp_path, {"app.soli": APP})


@contextmanager
def behind_uvicorn(app: Path) -> Iterator[LiveServer]:
    with hosting("uvicorn", app) as server:
        yield server


@contextmanager
def with_workers(app: Path) -> Iterator[LiveServer]:
    with serve(app, "--workers", "2") as server:
        yield server


@pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")
@pytest.mark.parametrize("served", [behind_uvicorn, with_workers])
def test_servers_check_messages(
    served: Callable[[Path], AbstractContextManager[LiveServer]], app: Path
) -> None:
    """Each connection is answered by the process that it came to."""
    with served(app) as server:
        for _ in range(4):
            with server.connect("/ws") as client:
                client.send(json.dumps({"event": "vote", "choice": "tabs", "more": 1}))
                assert receive_json(client) == {"choice": "tabs"}
                client.send(json.dumps({"event": "vote", "choice": 5}))
                assert receive_json(client) == REFUSED


def test_specs_get_what_clients_get(app: Path) -> None:
    write_files(app.parent, {"app_spec.soli": SPEC})

    done = soli("test", "app_spec.soli", "--app", "app.soli", cwd=app.parent)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_clients_at_the_prompt_get_what_clients_get(app: Path) -> None:
    inputs = [
        'c = ws_connect("/ws")',
        'c.send({ "event": "vote", "choice": "tabs", "more": 1 })',
        "c.receive_json()",
        'c.send({ "event": "vote", "choice": 5 })',
        'c.receive_json()["payload"]["errors"]',
    ]

    output, status = transcripts.piped(app, inputs)

    assert status == 0
    assert '{"choice" => "tabs"}' in output or '"choice": "tabs"' in output
    assert "expected String, got Int" in output
