"""What `soli run` takes for a program, and which files that program reaches."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from .support import write_files
from .test_command_line import ECHO, served, soli

READS = 'print(File.read("note.txt"))\nprint(File.exists("away.txt"))\n'


@pytest.mark.parametrize("named", ["app.soli", "."])
def test_a_single_file_reads_the_files_of_its_folder(tmp_path: Path, named: str) -> None:
    """Wherever it was started from: what lies there is not reached."""
    write_files(tmp_path, {"app/note.txt": "mine", "app/app.soli": READS, "away.txt": ""})
    seen = soli("run", str(tmp_path / "app" / named), cwd=tmp_path)
    assert (seen.returncode, seen.stdout, seen.stderr) == (0, "mine\nfalse\n", "")


def test_a_single_file_started_from_the_root_reads_nothing_there(tmp_path: Path) -> None:
    """The path of a system file leads out of the program's folder."""
    write_files(tmp_path, {"app.soli": 'print(File.read("/etc/hostname"))\n'})
    seen = soli("run", str(tmp_path / "app.soli"), cwd=Path("/"))
    assert seen.returncode == 70
    assert "escapes the app-root jail" in seen.stderr


def test_an_app_folder_whose_routes_declare_nothing_is_told(tmp_path: Path) -> None:
    """It would serve nothing and end without a word."""
    write_files(tmp_path, {**ECHO, "config/routes.soli": "# none yet\n"})
    seen = soli("run", ".", cwd=tmp_path)
    assert (seen.returncode, seen.stdout) == (65, "")
    assert "config/routes.soli declares no routes" in seen.stderr
    assert 'router_websocket("/ws/echo", "echo#handle")' in seen.stderr


def test_the_check_says_so_too(tmp_path: Path) -> None:
    """`soli check` agrees with running."""
    write_files(tmp_path, {**ECHO, "config/routes.soli": "# none yet\n"})
    seen = soli("check", ".", cwd=tmp_path)
    assert seen.returncode == 65
    assert "config/routes.soli declares no routes" in seen.stdout


def test_an_app_folder_with_static_files_only_is_served(tmp_path: Path) -> None:
    """Its `public` folder is something to serve."""
    write_files(tmp_path, {"config/routes.soli": "", "public/index.html": "<p>hi</p>"})
    with served(tmp_path) as (_, url):
        assert urllib.request.urlopen(url).read() == b"<p>hi</p>"


@pytest.mark.parametrize("arguments", [("run", "-"), ("-",), ()])
def test_a_program_is_read_from_standard_input(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """It reads the files of the folder that one is in; what it puts off is done at its end."""
    write_files(tmp_path, {"note.txt": "here"})
    program = 'class CleanJob\n  static def perform(args)\n    print("cleaned")\n  end\nend\n'
    program += 'CleanJob.perform_later({})\nprint(File.read("note.txt"))\n'
    seen = soli(*arguments, cwd=tmp_path, text=program)
    assert (seen.returncode, seen.stdout, seen.stderr) == (0, "here\ncleaned\n", "")


def test_what_is_wrong_in_standard_input_is_told_with_its_place(tmp_path: Path) -> None:
    """Under the name `<stdin>`."""
    seen = soli("run", "-", cwd=tmp_path, text="x = 1\nprint(")
    assert seen.returncode == 65
    assert "<stdin>:2" in seen.stderr


def test_a_program_from_standard_input_cannot_have_the_console_too(tmp_path: Path) -> None:
    """Both would read it."""
    seen = soli("run", "-", "--console", cwd=tmp_path, text="1\n")
    assert (seen.returncode, seen.stdout) == (64, "")
    assert "--console reads standard input" in seen.stderr


def test_functions_of_a_single_file_win_over_controllers_beside_it(tmp_path: Path) -> None:
    """What the file does not define is looked for in `app/controllers`."""
    files = {
        "app.soli": """
get("/mine", "pages#mine")
get("/theirs", "pages#theirs")
def mine(request)
  "the file's"
end
""",
        "app/controllers/pages_controller.soli": """
def mine(request)
  "the controller's"
end
def theirs(request)
  "the controller's"
end
""",
    }
    write_files(tmp_path, files)
    with served(tmp_path / "app.soli") as (_, url):
        assert urllib.request.urlopen(url + "/mine").read() == b"the file's"
        assert urllib.request.urlopen(url + "/theirs").read() == b"the controller's"
