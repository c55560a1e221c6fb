"""Requests and refusals in a real browser, with `/_soli/soli.js` as every app serves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from ..support.live import serve

Person = Callable[..., BrowserContext]

APP = """get("/", "app#page")
router_websocket("/ws", "app#handle")
router_websocket("/spoken", "app#handle", {"protocols": ["a.v1"]})
def page
  html("<!doctype html><title>requests</title>")
end
def authenticate(request)
  why = request["query"]["why"]
  return halt(401, "sign in first: \u00e4") if why == "401"
  return { "status": 503, "headers": { "Retry-After": "60" }, "body": "busy" } if why == "503"
  { "id": "ada" }
end
def handle(event)
  return {} unless event["type"] == "message"
  data = event["message"].to_h
  return { "reply": data["payload"]["n"] * 2 } if data["event"] == "double"
  return { "reply_error": { "reason": "full" } } if data["event"] == "full"
  return { "close": { "code": 4000, "reason": "bye" } } if data["event"] == "leave"
  return { "send": { "event": "message", "payload": data["payload"] } } if data["event"] == "say"
  {}
end
"""

SETUP = """
async (path) => {
  const { connect, AskError } = await import("/_soli/soli.js")
  const live = connect(path, { events: 2 })
  window.live = live
  window.told = []
  window.states = [live.state]
  live.on("soli:state", (state) => {
    states.push(state)
    if (state === "waiting") window.milliseconds = live.retryAt - Date.now()
  })
  live.on("soli:refused", (refusal) => told.push(refusal))
  live.on("message", (payload) => told.push(payload))
  const parts = (error) => [error instanceof AskError, error.reason, error.response]
  window.asked = (...asked) => live.ask(...asked).catch(parts)
}
"""


@pytest.fixture
def arrive(tmp_path: Path, person: Person) -> Any:
    (tmp_path / "app.soli").write_text(APP, "utf-8")
    with serve(tmp_path / "app.soli") as server:

        def connect(path: str) -> Page:
            page = person().new_page()
            page.goto(server.url)
            page.evaluate(SETUP, path)
            return page

        yield connect


def test_a_page_asks_and_is_answered(arrive: Any) -> None:
    """Values, errors, time-outs; and "message" is an event like any other."""
    page = arrive("/ws")
    assert page.evaluate("() => asked('double', { n: 21 })") == 42
    assert page.evaluate("() => asked('full')") == [True, "error", {"reason": "full"}]
    internal = [True, "error", {"reason": "internal"}]
    assert page.evaluate("() => asked('double', { n: [] })") == internal
    assert page.evaluate("() => asked('nothing', {}, { timeout: 50 })") == [True, "timeout", None]
    page.evaluate("() => { live.send({ event: 'say', payload: 'hi' }) }")
    page.wait_for_function("() => told.length === 1")
    assert page.evaluate("() => told") == ["hi"]
    assert page.evaluate("() => asked('leave')") == [True, "closed", None]
    assert page.evaluate("() => asked('double', { n: 1 })") == [True, "closed", None]


@pytest.mark.parametrize("path", ["/ws?why=401", "/spoken?why=401"])
def test_a_page_hears_why_it_is_refused(arrive: Any, path: str) -> None:
    """Once, with the text of `halt`; it was never open, and nothing is tried again."""
    page = arrive(path)
    page.wait_for_function("() => live.state === 'closed'")
    page.wait_for_timeout(1500)
    refusal = {"status": 401, "reason": "sign in first: \u00e4", "retryAfter": None}
    assert page.evaluate("() => told") == [refusal]
    assert page.evaluate("() => states") == ["connecting", "closed"]
    assert page.evaluate("() => live.closeReason.code") == 4401


def test_a_page_waits_for_as_long_as_it_is_told(arrive: Any) -> None:
    """What it wants to say is kept meanwhile."""
    page = arrive("/ws?why=503")
    page.evaluate("() => { live.send('kept') }")
    page.wait_for_function("() => live.state === 'waiting'")
    assert page.evaluate("() => told") == [{"status": 503, "reason": "busy", "retryAfter": 60}]
    assert page.evaluate("() => states") == ["connecting", "waiting"]
    assert 59_000 < page.evaluate("() => milliseconds") < 61_000, "when it began to wait"
    assert page.evaluate("() => live.queued") == 1


def test_a_path_without_a_route_is_told(arrive: Any) -> None:
    """A mistyped address is found in a second, not in an hour."""
    page = arrive("/wss")
    page.wait_for_function("() => live.state === 'closed'")
    assert page.evaluate("() => told")[0]["status"] == 404
