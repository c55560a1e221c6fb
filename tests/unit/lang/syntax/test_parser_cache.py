"""The grammar's tables and their cache."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from soli_lang.syntax import tables as module
from soli_lang.syntax.builder.builder import Builder
from soli_lang.syntax.tables import CACHE_VARIABLE, compute, grammar_text, tables


@pytest.fixture
def fresh() -> object:
    """The function under `tables`, which remembers nothing."""
    return tables.__wrapped__


def cached_files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_the_tables_are_written_once_and_read_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: object
) -> None:
    """The second time, Lark is not asked."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    first = fresh()  # type: ignore[operator]
    monkeypatch.setattr(module, "compute", None)
    second = fresh()  # type: ignore[operator]
    assert len(cached_files(tmp_path)) == 1
    assert first.methods == second.methods


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"methods": 1}', b"null"])
def test_a_damaged_cache_is_ignored_and_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: object, content: bytes
) -> None:
    """Whatever the file holds."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    fresh()  # type: ignore[operator]
    (path,) = cached_files(tmp_path)
    path.write_bytes(content)
    assert fresh().methods  # type: ignore[operator]
    assert "methods" in json.loads(path.read_bytes())


def test_a_cache_file_of_another_grammar_is_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: object
) -> None:
    """Its name is a short checksum, so the whole key is looked at, too."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    fresh()  # type: ignore[operator]
    (path,) = cached_files(tmp_path)
    other = {**json.loads(path.read_bytes()), "key": "another grammar", "methods": []}
    path.write_text(json.dumps(other))
    assert fresh().methods  # type: ignore[operator]


def test_an_empty_variable_means_no_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: object
) -> None:
    """Nothing is written anywhere."""
    monkeypatch.setenv(CACHE_VARIABLE, "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fresh().methods  # type: ignore[operator]
    assert cached_files(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: object
) -> None:
    """Here a file stands where the folder should be."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv(CACHE_VARIABLE, str(blocked / "cache"))
    assert fresh().methods  # type: ignore[operator]


def test_the_cache_folder_follows_the_convention(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: object
) -> None:
    """`$XDG_CACHE_HOME/soli`."""
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fresh()  # type: ignore[operator]
    assert len(cached_files(tmp_path / "soli")) == 1


def test_the_builder_has_a_method_for_every_rule() -> None:
    """And the grammar has no conflict: Lark's strict mode refuses those."""
    methods = compute(grammar_text())["methods"]
    assert [name for name in methods if not hasattr(Builder, name)] == []


def test_importing_the_parser_does_not_import_lark() -> None:
    """Nor does parsing, once the tables are in the cache."""
    script = (
        "import sys; from soli_lang.syntax.parser import parse; "
        "from soli_lang.base.source import Source; "
        "parse(Source('a', 'x = 1')); print('lark' in sys.modules)"
    )
    run = [sys.executable, "-c", script]
    subprocess.run(run, check=True, capture_output=True)
    second = subprocess.run(run, check=True, capture_output=True, text=True)
    assert second.stdout == "False\n"
