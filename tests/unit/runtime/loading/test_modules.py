"""Finding the files that `import` names."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.loading.modules import ModuleLoader


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app" / "lib").mkdir(parents=True)
    (tmp_path / "app" / "lib" / "a.soli").write_text("a")
    (tmp_path / "app" / "b.sl").write_text("b")
    (tmp_path / "outside.soli").write_text("outside")
    return tmp_path / "app"


def text(loader: ModuleLoader, written: str, importer: Path) -> str | None:
    found = loader(written, str(importer))
    return None if found is None else found[1]


@pytest.mark.parametrize("written", ["./lib/a.soli", "lib/a", "./b", "b.sl", "../app/b.sl"])
def test_a_module_is_found_beside_its_importer(root: Path, written: str) -> None:
    """With either extension, or none."""
    assert text(ModuleLoader(root), written, root / "main.soli") in ("a", "b")


def test_a_module_is_found_from_the_root_too(root: Path) -> None:
    """When there is none beside the importer."""
    assert text(ModuleLoader(root), "lib/a", root / "lib" / "a.soli") == "a"


def test_a_program_imports_its_own_files_only(root: Path) -> None:
    """Unless it may read everything."""
    assert text(ModuleLoader(root), "../outside", root / "main.soli") is None
    loader = ModuleLoader(root, anywhere=True)
    assert text(loader, "../outside", root / "main.soli") == "outside"


def test_what_is_not_there_is_none(root: Path) -> None:
    """The language makes the error."""
    assert ModuleLoader(root)("nothing", str(root / "main.soli")) is None
