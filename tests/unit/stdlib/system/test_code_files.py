"""A program reads its own code, and does not write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_stdlib import install
from soli_stdlib.system.code_files import is_code

from soli_lang.base.errors import SoliError
from soli_lang.base.limits import Capabilities
from soli_lang.interpreter import Interpreter

CODE = [
    "app/controllers/x_controller.soli",
    "app/views/page.slv",
    "app/data.txt",
    "app",
    "APP/x.txt",
    "config/routes.soli",
    "config",
    "x.soli",
    "uploads/x.SOLI",
    "lib/x.sl",
    "a.html.erb",
    ".env",
    ".env.production",
    "uploads/../app/x.txt",
    "./x.soli",
    "x.soli/",
    ".",
]
DATA = ["data.txt", "uploads/app/x.txt", "public/a.css", "envelope", "soli", "application/x.txt"]

CHANGES = {
    "File.write": 'File.write("{}", "x")',
    "File.append": 'File.append("{}", "x")',
    "File.copy": 'File.copy("source.txt", "{}")',
    "File.rename to": 'File.rename("source.txt", "{}")',
    "barf": 'barf("{}", "x")',
    "file_write_base64": 'file_write_base64("{}", "eA==")',
    "File.delete": 'File.delete("{}")',
    "File.rename from": 'File.rename("{}", "moved.txt")',
}


def program(root: Path, **granted: bool) -> Interpreter:
    capabilities = Capabilities(files=root, files_writable=True, **granted)
    return Interpreter(install, capabilities=capabilities)


@pytest.mark.parametrize("change", CHANGES)
def test_code_is_not_changed(tmp_path: Path, change: str) -> None:
    """By no builtin, under no spelling."""
    (tmp_path / "source.txt").write_text("s")
    (tmp_path / "app" / "controllers").mkdir(parents=True)
    (tmp_path / "x.soli").write_text("kept")
    before = sorted(tmp_path.rglob("*"))
    interpreter = program(tmp_path)
    for path in CODE:
        with pytest.raises(SoliError, match="programs cannot write code or settings"):
            interpreter.run(CHANGES[change].format(path))
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "x.soli").read_text() == "kept"


def test_no_folder_is_made_where_code_lives(tmp_path: Path) -> None:
    """Nor one that looks like code."""
    for path in ("config", "app/models", "x.soli", "lib.sl/deep"):
        with pytest.raises(SoliError, match="programs cannot write code or settings"):
            program(tmp_path).run(f'mkdir_p("{path}")')
    assert not list(tmp_path.iterdir())


def test_data_is(tmp_path: Path) -> None:
    """Also where its name is like that of code."""
    interpreter = program(tmp_path)
    for path in DATA:
        folder = path.rpartition("/")[0]
        making = f'mkdir_p("{folder}")\n' if folder else ""
        interpreter.run(f'{making}File.write("{path}", "x")')
        assert (tmp_path / path).read_text() == "x"


def test_code_can_be_read(tmp_path: Path) -> None:
    """It is the program's own."""
    (tmp_path / "x.soli").write_text("code")
    assert program(tmp_path).run('File.read("x.soli")') == "code"


def test_a_host_can_let_a_program_write_code(tmp_path: Path) -> None:
    """One that generates programs."""
    program(tmp_path, code_writable=True).run('File.write("x.soli", "1")')
    assert (tmp_path / "x.soli").read_text() == "1"


def test_the_root_counts_as_code() -> None:
    """It cannot be moved away with all that is in it."""
    assert is_code([])
