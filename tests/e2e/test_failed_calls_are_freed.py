"""What a failed call had built is free once it is answered, without a collection of cycles."""

from __future__ import annotations

import gc
import json
import resource
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from soli_lang.base.errors import SoliError

from .support import Site, receive, run, serving

APP = """
router_websocket("/ws", "app#handle")
router_websocket("/guarded", "gate#handle")
post("/json", "app#json")
post("/stream", "app#stream")
post("/rescued", "app#rescued")

def fail(value)
  value["user"]["name"]["first"]
end

def handle(event)
  return {} if event["type"] != "message"
  data = event["message"].to_h
  marked = { "mark": 4711, "data": data }
  kind = data["kind"]
  fail(marked) if kind == "plain"
  if kind == "waited"
    sleep(0.001)
    fail(marked)
  end
  HTTP.get("http://127.0.0.1:1/") if kind == "http"
  throw { "mark": 4711 } if kind == "thrown"
  if kind == "caught"
    try
      fail(marked)
    catch e
      marked["error"] = e
      kept = [e, marked]
    end
  end
  if kind == "again"
    try
      fail(marked)
    catch e
      throw e
    end
  end
  if kind == "awaited"
    try
      HTTP.get("http://127.0.0.1:1/")
    catch e
      kept = [e, marked]
    end
  end
  return { "track": 1 } if kind == "refused"
  while kind == "endless"
    marked["more"] = [1, 2, 3]
  end
  { "send": "fine" }
end

def json(req)
  marked = { "mark": 4711, "data": req["json"] }
  fail(marked)
end

def rescued(req)
  marked = { "mark": 4711, "data": req["json"] }
  try
    fail(marked)
  catch e
    return "rescued"
  end
end

def stream(req)
  sse(req) do |out|
    fail({ "mark": 4711 })
  end
end
"""

GATE = """
def authenticate(request)
  marked = { "mark": 4711, "request": request }
  marked["user"]["name"]["first"]
end

def handle(event)
  {}
end
"""

FILES = {
    "config/routes.soli": APP.split("def fail")[0],
    "app/controllers/app_controller.soli": "def fail" + APP.split("def fail")[1],
    "app/controllers/gate_controller.soli": GATE,
}

TIMES = 5


@pytest.fixture
def by_count_only() -> Iterator[None]:
    """No collection of cycles: what is freed, is freed because nobody refers to it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def kept() -> list[Any]:
    """What failed calls left behind."""
    return [thing for thing in gc.get_objects() if is_of_a_failure(thing)]


def is_of_a_failure(thing: Any) -> bool:
    if issubclass(type(thing), SoliError):
        return True
    if type(thing) is TracebackType:  # clients of the test raise as well
        return "/soli_" in thing.tb_frame.f_code.co_filename
    return type(thing) is dict and thing.get("mark") == 4711


async def message(site: Site, kind: str) -> None:
    async with site.connect("/ws") as client:
        for _ in range(2 if kind == "endless" else TIMES):  # the third costs the connection
            await client.send(json.dumps({"kind": kind}))
        await client.send(json.dumps({"kind": "last"}))
        assert await receive(client) == "fine"


@pytest.mark.usefixtures("by_count_only")
@pytest.mark.parametrize(
    "kind",
    ["plain", "waited", "http", "thrown", "caught", "again", "awaited", "refused", "endless"],
)
def test_messages(kind: str, tmp_path: Path) -> None:
    """However a handler fails, and whether somebody catches it."""

    async def scenario() -> None:
        async with serving(tmp_path, FILES, handler_steps=20_000, handler_cpu_seconds=0) as site:
            before = len(kept())
            await message(site, kind)
            assert len(kept()) == before

    run(scenario)


@pytest.mark.usefixtures("by_count_only")
@pytest.mark.parametrize(
    ("path", "status"), [("/json", 500), ("/rescued", 200), ("/stream", 200), ("/guarded", 500)]
)
def test_requests(path: str, status: int, tmp_path: Path) -> None:
    """Actions, streams, and the question who connects."""

    async def scenario() -> None:
        async with serving(tmp_path, FILES) as site:
            before = len(kept())
            for _ in range(TIMES):
                if path == "/guarded":
                    with pytest.raises(Exception, match=str(status)):
                        await site.connect(path)
                else:
                    answer = await site.request("POST", path, json={"deep": [1, 2, 3]})
                    assert answer.status == status
            await site.get("/nothing")
            assert len(kept()) == before

    run(scenario)


def test_a_failed_action_frees_what_it_had_decoded(tmp_path: Path) -> None:
    """In bytes: two dozen failing requests hold no more than a few."""

    async def scenario() -> None:
        async with serving(tmp_path, FILES, slow_handler_cpu_percent=0) as site:
            body = "[" + "[0],0," * 50_000 + "0]"
            headers = {"Content-Type": "application/json"}
            for _ in range(3):
                await site.request("POST", "/json", data=body, headers=headers)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for _ in range(24):
                answer = await site.request("POST", "/json", data=body, headers=headers)
                assert answer.status == 500
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            assert grown < 30_000  # KiB; each request that is kept is 4 MB

    run(scenario)
