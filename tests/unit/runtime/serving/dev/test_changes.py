"""What a saved file means for an app that is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.loading.launch import Launch, launch
from soli_runtime.serving.dev.changes import (
    Change,
    Fault,
    change_of,
    load_anew,
    lost_since,
    state_of,
)
from soli_runtime.settings import Settings

ROOT = Path("/app")


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("app.soli", Change.PROGRAM),
        ("lib/deep/name.sl", Change.PROGRAM),
        (".env", Change.PROGRAM),
        (".env.development", Change.PROGRAM),
        ("public/site.css", Change.STYLE),
        ("public/img/a.png", Change.PAGE),
        ("public/page.soli", Change.PAGE),
        ("app/views/home/index.html.slv", Change.PAGE),
        ("tests/chat_spec.soli", Change.NOTHING),
        ("tests/chat_test.sl", Change.NOTHING),
        ("README.md", Change.NOTHING),
        ("session.jsonl", Change.NOTHING),
        (".git/HEAD.soli", Change.NOTHING),
        ("node_modules/x/a.soli", Change.NOTHING),
        (".app.soli.swp", Change.NOTHING),
        (".#app.soli", Change.NOTHING),
        ("app.soli~", Change.NOTHING),
        ("", Change.NOTHING),
    ],
)
def test_what_follows_from_a_file(path: str, change: Change) -> None:
    """By its place and name only."""
    assert change_of(ROOT, ROOT / path) is change


def test_a_file_elsewhere_is_nobodys_business() -> None:
    """A link in the folder may lead out of it."""
    assert change_of(ROOT, Path("/etc/app.soli")) is Change.NOTHING


def app(tmp_path: Path, text: str) -> Launch:
    path = tmp_path / "app.soli"
    path.write_text('get("/", "app#show")\n' + text, "utf-8")
    return Launch(path, Settings())


def test_variables_that_changed_since_the_start_are_lost(tmp_path: Path) -> None:
    """Also constants whose contents did; functions and classes are code."""
    loaded = launch(
        app(
            tmp_path,
            "count = 0\nconst SEEN = {}\nsame = [1]\nclass Tea\nend\n"
            'def show\n  count += 1\n  SEEN["x"] = 1\n  "x"\nend\n',
        )
    ).app
    begin = state_of(loaded)
    assert lost_since(begin, loaded) == []
    (program,) = loaded.programs.values()
    loaded.interpreter.machine.call(program.get("show"))
    assert lost_since(begin, loaded) == ["SEEN (app.soli)", "count (app.soli)"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def show(", "app.soli:"),
        ('get("/x", "app#nowhere")\ndef show\n  1\nend', "nowhere"),
        ('def show\n  1\nend\nthrow "no"', "no"),
    ],
)
def test_what_cannot_be_loaded_says_why(tmp_path: Path, text: str, said: str) -> None:
    """Syntax, routes, and what fails while it is loaded."""
    found = load_anew(app(tmp_path, text))
    assert isinstance(found, Fault)
    assert said in found.text


def test_a_program_without_routes_does_not_take_over(tmp_path: Path) -> None:
    """Half of a file was saved, say."""
    path = tmp_path / "app.soli"
    path.write_text("x = 1\n", "utf-8")
    found = load_anew(Launch(path, Settings()))
    assert isinstance(found, Fault)
    assert "no longer declares any routes" in found.text


def test_a_file_that_is_gone_does_not_take_over(tmp_path: Path) -> None:
    """An editor puts it back in a moment."""
    found = load_anew(Launch(tmp_path / "app.soli", Settings()))
    assert isinstance(found, Fault)
    assert "there is no file" in found.text
