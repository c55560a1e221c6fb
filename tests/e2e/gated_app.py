"""An app whose gate and middleware answer what a request asks for, and three ways to serve it."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path

from ..support.live import LiveServer, answering
from ..support.live import serve as serve_with_soli_run
from ..support.ports import free_port

GUARD_ANSWERS = {
    # On the left what `?guard=` asks for; the answer in Soli; the status, None where it goes on.
    "null": ("null", None),
    "request": ("req", None),
    "changed": ('req["mark"] = "changed"\n  req', None),
    "copy": ('req.merge({ "mark": "copied" })', None),
    "continue": ('{ "continue": true, "request": req }', None),
    "waits": ("sleep(0.01)\n  null", None),
    "halt": ('halt(403, "no entry")', 403),
    "redirect": ('redirect("/elsewhere")', 302),
    "response": ('{ "status": 418, "body": "teapot" }', 418),
    "json": ('render_json({ "error": "no" }, 409)', 409),
    "text": ('render_text("no", 410)', 410),
    "json_then_request": ('render_json({ "error": "no" }, 409)\n  req', 409),
    "forbidden": ('forbidden("no entry")', 403),
    "stop": ('{ "continue": false, "response": halt(402, "pay") }', 402),
    "waits_then_halts": ('sleep(0.01)\n  halt(429, "later")', 429),
    "text_status": ('{ "status": "403", "body": "no" }', 500),
    "more_keys": ('{ "status": 403, "error": "no" }', 500),
    "empty": ("{}", 500),
    "true": ("1 == 1", 500),
    "false": ("1 == 2", 500),
    "number": ("403", 500),
    "string": ('"no"', 500),
    "array": ("[403]", 500),
    "only_request": ('{ "request": req }', 500),
    "continue_alone": ('{ "continue": true }', 500),
    "stop_alone": ('{ "continue": false }', 500),
    "continue_text": ('{ "continue": "false", "response": halt(403) }', 500),
    "anonymous": ("anonymous()", 500),
    "fails": ("[1][9]", 500),
    "throws": ('throw "no database"', 500),
    "bad_status": ('{ "status": 99 }', 500),
}
GATE_ANSWERS = {
    # The same for `?gate=`, with the user that the handler sees.
    "id": ('{ "id": "ada" }', None),
    "number_id": ('{ "user_id": 7 }', None),
    "status_of_a_user": ('{ "id": "ada", "status": "away" }', None),
    "stranger": ("anonymous()", None),
    "waits": ('sleep(0.01)\n  { "id": "ada" }', None),
    "halt": ('halt(401, "sign in first")', 401),
    "redirect": ('redirect("/login")', 302),
    "json": ('render_json({ "error": "no" }, 401)', 401),
    "text": ('render_text("no", 401)', 401),
    "forbidden": ('forbidden("no")', 403),
    "falls_out": ('session_get("nobody")', 500),
    "more_keys": ('with({ "status": 401 }, "error", "unauthorized")', 500),
    "reason": ('with({ "status": 403 }, "reason", "banned")', 500),
    "text_status": ('with({ "body": "no" }, "status", "401")', 500),
    "float_status": ('with({}, "status", 401.0)', 500),
    "error": ('with({}, "error", "no")', 500),
    "to_somewhere": ('with({}, "redirect", "/login")', 500),
    "capital": ('with({}, "Status", 401)', 500),
    "empty": ("{}.merge({})", 500),
    "empty_id": ('with({}, "id", "")', 500),
    "null_id": ('with({}, "id", null)', 500),
    "true_id": ('with({}, "id", 1 == 1)', 500),
    "list_id": ('with({}, "id", ["ada"])', 500),
    "false": ("1 == 2", 500),
    "name": ('"ada".upcase', 500),
    "fails": ("[1][9]", 500),
    "throws": ('throw "no database"', 500),
}

STAMP = '# order: 1\ndef stamp(req)\n  note(req, "stamp")\n  req\nend\n'
ROUTES = """get("/plain", "pages#show")
middleware([]) do
  get("/ran/:id", "pages#ran")
end
middleware("guard") do
  get("/guarded", "pages#show")
  post("/form", "pages#show")
  get("/class", "things#show")
  router_websocket("/ws/guarded", "pages#talk")
end
middleware(["authenticate"]) do
  get("/members", "pages#show")
  middleware("guard") do
    get("/both", "pages#show")
  end
end
router_websocket("/ws/plain", "pages#talk")

def with(hash, key, value)
  hash.merge({ key: value })
end

def authenticate(request)
  note(request, "authenticate")
  gate = request["query"]["gate"]
GATE  { "id": "ada" }
end
"""
HELPERS = """def note(request, name)
  KV.rpush("ran:" + (request["query"]["id"] ?? "nobody"), name)
end
"""
PAGES = """def show(req)
  note(req, "handler")
  user = get_current_user()
  { "user": user.nil? ? null : (user["id"] ?? user["user_id"]), "mark": req["mark"] }
end

def ran(req)
  KV.lrange("ran:" + req["params"]["id"], 0, -1)
end

def talk(event)
  if event["type"] == "connect"
    note(event, "handler")
    user = get_current_user()
    return { "send": { "user": user.nil? ? null : (user["id"] ?? user["user_id"]) } }
  end
  {}
end
"""
CLASS = """class ThingsController < Controller
  def show(req)
    note(req, "handler")
    { "user": null, "mark": req["mark"] }
  end
end
"""


def _cases(variable: str, answers: dict[str, tuple[str, int | None]]) -> str:
    lines = []
    for name, (text, _) in answers.items():
        *first, last = text.split("\n  ")
        body = "\n    ".join([*first, f"return {last}" if not last.startswith("throw") else last])
        lines.append(f'  if {variable} == "{name}"\n    {body}\n  end\n')
    return "".join(lines)


def files() -> dict[str, str]:
    """The app, by path."""
    guard = _cases("answer", GUARD_ANSWERS)
    return {
        "config/routes.soli": ROUTES.replace("GATE", _cases("gate", GATE_ANSWERS)),
        "app/helpers/notes.soli": HELPERS,
        "app/middleware/stamp.soli": STAMP,
        "app/middleware/guard.soli": "# order: 200\n# scope_only: true\ndef guard(req)\n"
        f'  note(req, "guard")\n  answer = req["query"]["guard"]\n{guard}  null\nend\n',
        "app/controllers/pages_controller.soli": PAGES,
        "app/controllers/things_controller.soli": CLASS,
    }


def by_soli_run(path: Path) -> AbstractContextManager[LiveServer]:
    return serve_with_soli_run(path)


def by_asgi(path: Path) -> AbstractContextManager[LiveServer]:
    host = [sys.executable, "-m", "tests.e2e.asgi_host", "uvicorn", str(free_port()), str(path)]
    return answering([*host, "--program-authenticates"])


def by_mount(path: Path) -> AbstractContextManager[LiveServer]:
    return answering([sys.executable, "-m", "tests.e2e.mount_host", str(free_port()), str(path)])


DOORS = {"soli run": by_soli_run, "asgi": by_asgi, "mount": by_mount}
