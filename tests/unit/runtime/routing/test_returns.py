"""Which line the error of an action names."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.routing.returns import place_of

from soli_lang import Interpreter
from soli_lang.base.source import Source

PROGRAM = """def handle(event)
  return { "send": 1 } if event["type"] == "connect"
  return 5 if event["type"] == "message"
  if event["x"]
    return {
      "sned": 1
    }
  end
  each = fn() { return { "inner": 1 } }
  { "close": "now" }
end
"""


@pytest.fixture(scope="module")
def handler() -> Any:
    return Interpreter().load(PROGRAM, "app.soli").get("handle")


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("send", "app.soli:2"),
        ("sned", "app.soli:5"),
        ("close", "app.soli:10"),
        (None, "app.soli:3"),
        ("inner", "app.soli:1"),
        ("unseen", "app.soli:1"),
    ],
)
def test_the_line_is_that_of_the_return(handler: Any, key: str | None, place: str) -> None:
    """Of the definition where no return shows the key; a return of a lambda is another's."""
    assert place_of(handler, Source("app.soli", PROGRAM), key) == place


def test_all_returns_that_may_be_meant_are_named() -> None:
    """Nobody knows which of them ran."""
    text = 'def handle(event)\n  return { "send": 1 } if event\n  { "send": 2 }\nend\n'
    handler = Interpreter().load(text, "app.soli").get("handle")

    assert place_of(handler, Source("app.soli", text), "send") == "app.soli:2 or 3"
