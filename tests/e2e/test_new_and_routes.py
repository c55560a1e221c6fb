"""`soli new` and `soli routes`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .test_command_line import soli


@pytest.mark.parametrize("minimal", [False, True])
def test_a_new_app_runs_and_passes_at_once(tmp_path: Path, minimal: bool) -> None:
    """Every file of it is in its usual shape, and its own spec passes."""
    made = soli("new", "party", *(["--minimal"] if minimal else []), cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert ("soli test" in made.stdout) is not minimal  # where there is a spec to run
    app = tmp_path / "party"
    assert (app / "app.soli").exists() is minimal
    checked = soli("check", ".", cwd=app)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    files = [str(path.relative_to(app)) for path in app.rglob("*.soli")]
    assert soli("fmt", "--check", *files, cwd=app).returncode == 0
    script = (
        'a = ws_connect("/ws/live")\na.send({ "text": "hi" })\nres_status(get("/"))\n.save it\n'
    )
    seen = soli("repl", ".", cwd=app, text=script)
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert 'a ←  {"event":"message","payload":{"text":"hi"}}' in seen.stdout
    assert "=> 200" in seen.stdout
    tested = soli("test", cwd=app)
    assert tested.returncode == 0, tested.stdout
    assert f"{1 if minimal else 5} passed, 0 failed" in tested.stdout
    routes = soli("routes", cwd=app)
    assert "WS" in routes.stdout
    assert "live#handle" in routes.stdout


def test_the_page_of_a_minimal_app_is_that_of_the_other(tmp_path: Path) -> None:
    """Written into a string of Soli and back, it is the same page but for the last line break."""
    assert soli("new", "a", cwd=tmp_path).returncode == 0
    assert soli("new", "b", "--minimal", cwd=tmp_path).returncode == 0
    page = (tmp_path / "a" / "public" / "index.html").read_text("utf-8").rstrip("\n")
    script = 'File.write("seen.html", res_body(get("/")))\n'
    assert soli("repl", ".", cwd=tmp_path / "b", text=script).returncode == 0
    seen = (tmp_path / "b" / "seen.html").read_text("utf-8")
    assert seen.rstrip("\n") == page.replace("<title>a<", "<title>b<").replace("<h1>a<", "<h1>b<")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("full", "exists already and is not empty"),
        ("1st", "is not a valid app name"),
        ("../..", "is not a valid app name"),
        ("a\x1b[2J", "'a�[2J' is not a valid app name"),
        ("file", "exists already"),
        ("file/below", "cannot be written"),
    ],
)
def test_what_is_there_is_left_alone(tmp_path: Path, name: str, why: str) -> None:
    """A wrong name, a folder with something in it, a file: said, and nothing is written."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    seen = soli("new", name, cwd=tmp_path)
    assert seen.returncode == 64
    assert why in seen.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    """`mkdir` first is fine."""
    (tmp_path / "app").mkdir()
    assert soli("new", "app", cwd=tmp_path).returncode == 0


def test_routes_are_listed_with_their_places(tmp_path: Path) -> None:
    """Method, path, target, where its function is, and whether somebody guards it."""
    (tmp_path / "app.soli").write_text(
        'get("/", "app#page")\nrouter_websocket("/ws/:room", "app#handle")\n'
        "def page\n  {}\nend\ndef handle(event)\n  {}\nend\n"
    )
    seen = soli("routes", cwd=tmp_path)
    assert seen.returncode == 0
    assert seen.stdout.split() == [
        *("GET", "/", "app#page", "app.soli:3"),
        *("WS", "/ws/:room", "app#handle", "app.soli:6"),
    ]
    (tmp_path / "app.soli").write_text('get("/", "app#pag")\ndef page\n  {}\nend\n')
    wrong = soli("routes", cwd=tmp_path)
    assert wrong.returncode == 65
    assert "did you mean 'page'?" in wrong.stderr
    assert soli("routes", os.devnull, cwd=tmp_path).returncode == 64
    (tmp_path / "hello.soli").write_text('print("hi")\n')
    assert "the app has no routes" in soli("routes", "hello.soli", cwd=tmp_path).stdout
