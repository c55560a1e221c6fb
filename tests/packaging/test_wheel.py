"""A wheel built from the tree works in an empty environment, far from the tree."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from ..support.live import ROOT
from .environments import Workshop, own, run

PACKAGES = {
    "soli_lang": ROOT / "soli_lang",
    "soli_runtime": ROOT / "runtime" / "soli_runtime",
    "soli_stdlib": ROOT / "stdlib" / "soli_stdlib",
}


@pytest.fixture
def soli(workshop: Workshop) -> Path:
    """The `soli` command of an environment that holds the wheel and nothing else of ours."""
    return workshop.binaries(own()) / "soli"


def test_the_wheel_holds_our_packages_and_nothing_else(wheel: Path) -> None:
    """Every module of the three packages, the grammar, and metadata."""
    expected = {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for package, folder in PACKAGES.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {
        "soli_lang/soli.lark",
        "soli_runtime/clients_js/soli.js",
        "soli_runtime/clients_js/soli.d.ts",
    }
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert names == expected


def test_the_wheel_holds_the_grammar_once(wheel: Path) -> None:
    """One copy, the same as in the tree."""
    with zipfile.ZipFile(wheel) as archive:
        grammars = [name for name in archive.namelist() if name.endswith(".lark")]
        assert grammars == ["soli_lang/soli.lark"]
        assert archive.read(grammars[0]) == (ROOT / "grammar" / "soli.lark").read_bytes()


def test_the_installed_command_knows_its_version(soli: Path, tmp_path: Path) -> None:
    """`soli --version` says what was installed."""
    assert run(soli, "--version", cwd=tmp_path).strip() == "soli 0.1.0"


@pytest.mark.parametrize("flags", [["--workers", "2"], ["--broker", "redis://127.0.0.1:1/0"]])
def test_what_needs_another_package_names_the_extra(
    soli: Path, tmp_path: Path, flags: list[str]
) -> None:
    """Several processes meet in a Redis, whose client is not in the plain package."""
    app = tmp_path / "app.soli"
    app.write_text('get("/", "app#home")\ndef home() "hi" end\n', "utf-8")
    command = [str(soli), "run", str(app), "--port", "0", *flags]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)

    assert seen.returncode == 69
    assert f"{flags[0]} needs redis and hiredis" in seen.stderr
    assert "pip install 'soli-lang[broker]'" in seen.stderr
    assert "Traceback" not in seen.stderr


TYPED = """
import soli_lang, soli_runtime, soli_stdlib
from importlib.resources import files
print(all(files(p).joinpath("py.typed").is_file() for p in (soli_lang, soli_runtime, soli_stdlib)))
"""


def test_the_installed_packages_are_typed(soli: Path, tmp_path: Path) -> None:
    """Each package carries `py.typed`, so a host's type checker sees our annotations."""
    assert run(soli.with_name("python"), "-c", TYPED, cwd=tmp_path).strip() == "True"
