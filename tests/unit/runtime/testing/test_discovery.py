"""Which files `soli test` takes for spec files (docs/spec §L25.1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.testing.discovery import PathMissing, default_paths, find_specs


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def test_names_end_in_spec_or_test(tmp_path: Path) -> None:
    make(tmp_path, "a_spec.soli", "b_test.soli", "c_spec.sl", "d_test.sl", "e.soli", "spec_f.soli")

    names = [path.name for path in find_specs([tmp_path])]

    assert names == ["a_spec.soli", "b_test.soli", "c_spec.sl", "d_test.sl"]


def test_folders_are_searched_to_the_bottom(tmp_path: Path) -> None:
    make(tmp_path, "x/y/a_spec.soli")

    assert find_specs([tmp_path]) == [tmp_path / "x/y/a_spec.soli"]


def test_hidden_folders_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, ".git/a_spec.soli", "_old/b_spec.soli", "browser/c_spec.soli")

    assert find_specs([tmp_path]) == []


def test_a_named_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    make(tmp_path, "anything.soli")

    assert find_specs([tmp_path / "anything.soli"]) == [tmp_path / "anything.soli"]


def test_each_file_is_taken_once(tmp_path: Path) -> None:
    make(tmp_path, "a_spec.soli")

    assert len(find_specs([tmp_path, tmp_path / "a_spec.soli"])) == 1


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PathMissing, match=r"Test path '.*nope' does not exist"):
        find_specs([tmp_path / "nope"])


def test_without_paths_the_usual_folders_are_searched(tmp_path: Path) -> None:
    make(tmp_path, "spec/a_spec.soli")

    assert default_paths(tmp_path) == [tmp_path / "spec"]
    assert default_paths(tmp_path / "elsewhere") == [tmp_path / "elsewhere/tests"]
