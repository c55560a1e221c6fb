"""Where the files of an app are."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.loading.project import Project, ProjectError, find_project


def project(root: Path, *names: str, path: str = ".") -> Project:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return find_project(root / path)


def test_a_folder_has_routes_controllers_and_helpers(tmp_path: Path) -> None:
    """Found by their names."""
    found = project(
        tmp_path,
        "config/routes.soli",
        "app/controllers/echo_controller.soli",
        "app/controllers/admin/posts_controller.sl",
        "app/helpers/text.soli",
        "app/middleware/auth.soli",
    )
    assert found.main is None
    assert found.routes == tmp_path / "config/routes.soli"
    assert set(found.controllers) == {"echo", "admin/posts"}
    assert [path.name for path in found.shared] == ["text.soli"]
    assert [path.name for path in found.middleware] == ["auth.soli"]


def test_each_file_counts_once(tmp_path: Path) -> None:
    """Of two that differ in the extension, ours."""
    found = project(
        tmp_path, "config/routes.sl", "config/routes.soli", "app/helpers/a.sl", "app/helpers/a.soli"
    )
    assert len(found.files) == len(set(found.files)) == 2
    assert all(path.suffix == ".soli" for path in found.files)


def test_a_single_file_may_have_controllers_beside_it(tmp_path: Path) -> None:
    """In `app/controllers` of its folder."""
    found = project(tmp_path, "x.soli", "app/controllers/echo_controller.soli", path="x.soli")
    assert found.main == tmp_path / "x.soli"
    assert set(found.controllers) == {"echo"}


def test_a_folder_with_an_app_file_is_run_by_it(tmp_path: Path) -> None:
    """When it has no routes file."""
    assert project(tmp_path, "app.soli").main == tmp_path / "app.soli"


@pytest.mark.parametrize("path", ["nothing", "."])
def test_what_cannot_be_run_is_told(tmp_path: Path, path: str) -> None:
    """In words."""
    with pytest.raises(ProjectError, match=r"there is no file|has no config/routes"):
        find_project(tmp_path / path)


def test_hidden_files_are_none_of_the_app(tmp_path: Path) -> None:
    """Editors leave such behind."""
    found = project(tmp_path, "config/routes.soli", "app/helpers/.a.soli", "app/helpers/_b.soli")
    assert found.shared == ()
