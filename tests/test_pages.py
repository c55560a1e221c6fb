"""The tutorial and the how-to pages: every app on them is served and talked to, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from soli_stdlib import install

from soli_lang import Interpreter

from .support import guide, talks
from .support.corpus import ROOT


@pytest.mark.parametrize("page", talks.PAGES, ids=lambda page: page.stem)
def test_a_page_is_true_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    """Its files are saved, its apps served, its talks held, its commands run."""
    folder = tmp_path / "app"
    folder.mkdir()

    done = talks.work_through(page, folder)

    assert {"talk", "console", "soli", "judged"} & set(done), "nothing on the page is run"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```talk\nada connects /ws/echo\nada sends a\nada gets b\n```", "ada gets echo: a"),
        ("```talk\nGET /nothing\n200 fine\n```", "the answer is 404"),
        ("```talk\nada connects /nowhere\nada is refused 401\n```", "is refused 404"),
        ("```console\n$ soli --version\nsomething else\n```", "prints"),
        ("```ruby\nputs 1\n```", "nobody runs this block"),
        ("```soli\nprint(1)\n```\n```output\n2\n```", "it prints\n1"),
    ],
)
def test_a_page_that_lies_is_found_out(tmp_path: Path, text: str, fault: str) -> None:
    """Otherwise the test above proved nothing."""
    page, folder = tmp_path / "page.md", tmp_path / "app"
    page.write_text(f"**`app.soli`**\n\n```soli\n{_ECHO}```\n{text}\n", "utf-8")
    folder.mkdir()

    with pytest.raises(AssertionError, match=re.escape(fault)):
        talks.work_through(page, folder)


_ECHO = """\
router_websocket("/ws/echo", "app#told")

def told(event)
  return { "send": "echo: " + event["message"] } if event["type"] == "message"
  {}
end
"""


def test_every_page_is_listed_where_it_says_what_teaches_what() -> None:
    """In docs/guide/README.md."""
    listed = (guide.PAGES[0].parent / "README.md").read_text("utf-8")

    for page in talks.PAGES:
        assert f"../{page.relative_to(ROOT / 'docs').as_posix()}" in listed


_HANDLERS = [
    block
    for block in re.findall(
        r"```soli\n(.*?)```", (ROOT / "docs" / "websockets.md").read_text("utf-8"), re.DOTALL
    )
    if "def handle(event)" in block
]


@pytest.mark.parametrize("text", _HANDLERS)
@pytest.mark.parametrize("kind", ["connect", "message", "disconnect"])
def test_a_handler_of_the_reference_takes_every_kind_of_event(text: str, kind: str) -> None:
    """What is shown to be copied does not fail before the first message comes."""
    declaring = ("router_", "ws_keep_", "ws_message")
    own = "\n".join(line for line in text.split("\n") if not line.startswith(declaring))
    event = {"type": kind, "connection_id": "1", "params": {}, "query": {}, "headers": {}}
    if kind == "message":
        event["message"] = "no JSON"

    assert isinstance(Interpreter(install).load(own).call("handle", event), dict)


def test_there_are_handlers_to_try() -> None:
    assert len(_HANDLERS) >= 5
