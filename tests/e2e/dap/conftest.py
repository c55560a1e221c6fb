"""A client of `soli dap`, and an app to be debugged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ...support.dap_client import DapClient

APP = """\
router_websocket("/ws/echo", "echo#handle")
get("/hi", "echo#hi")
let count = 0
const LIMIT = 3

class Ping extends Job
  static def perform(n)
    let next_one = n + 1
    print("job", next_one)
  end
end

def doubled(n)
  let twice = n * 2
  twice
end

def handle(event)
  return {} if event["type"] != "message"
  let text = event["message"]
  count += 1
  # nothing happens here
  if text == "job"
    Ping.perform_later(4)
  end
  if text == "boom"
    let nothing = null
    nothing["x"].y
  end
  let sums = [1, 2, 3].map do |item|
    let sum = doubled(item) + count
    sum
  end
  {
    "send": "got " + text + " " + str(sums)
  }
end

def hi(request)
  let name = request["query"]["name"] ?? "you"
  { "status": 200, "body": "hi " + name }
end
"""


def line_of(text: str, app: str = APP) -> int:
    """The number of the first line with *text*."""
    return next(number for number, line in enumerate(app.split("\n"), 1) if text in line)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app.soli"
    path.write_text(APP)
    return path


@pytest.fixture
def client() -> Iterator[DapClient]:
    found = DapClient.stdio()
    yield found
    found.end()
