"""docs/performance.md says of which commit its figures are, and at a release they are of its own.

A figure of another commit is worth something as long as both compute the same way: the hash of the
hot path (`benchmarks/hot_path_files.py`) tells.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from benchmarks import hot_path_files

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "performance.md").read_text("utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
MARK = re.compile(r"^Figures of ([0-9a-f]{7,}), hot path ([0-9a-f]{12})\.$", re.M)
_FIGURES = re.compile(r"^\|.*\d.*\|$", re.M)


def parts() -> list[tuple[str, str]]:
    """The parts of the page below its introduction, by title."""
    found = re.split(r"^## (.+)$", PAGE, flags=re.M)[1:]
    return list(zip(found[::2], found[1::2], strict=True))


def is_released(changelog: str) -> bool:
    """Whether the newest changes have a version."""
    heading = re.search(r"^## (.+)$", changelog, re.M)
    return heading is not None and "Unreleased" not in heading[1]


@pytest.mark.parametrize(("title", "text"), parts(), ids=[title for title, _ in parts()])
def test_figures_name_their_commit(title: str, text: str) -> None:
    assert MARK.search(text) or not _FIGURES.search(text), (
        f"'{title}' has figures: write `Figures of COMMIT, hot path HASH.` below its heading "
        "(`make bench` prints that line)"
    )


@pytest.mark.parametrize(("commit", "hot_path"), sorted(set(MARK.findall(PAGE))))
def test_the_hash_is_that_of_the_commit(commit: str, hot_path: str) -> None:
    try:
        assert hot_path_files.of_commit(commit) == hot_path
    except subprocess.CalledProcessError:
        pytest.skip(f"this copy of the repository has no commit {commit}")


def test_a_release_shows_figures_of_its_own() -> None:
    if not is_released(CHANGELOG):
        pytest.skip("the newest changes are not released")
    own = hot_path_files.of_working_tree()
    others = {commit for commit, hot_path in MARK.findall(PAGE) if hot_path != own}
    assert not others, (
        f"figures of {', '.join(sorted(others))} are of another hot path than {own}: "
        "run `make bench` and put what it says into docs/performance.md"
    )


def test_a_commit_and_its_files_have_the_same_hash() -> None:
    """Unless files are changed, which is what the hash is for."""
    changed = subprocess.run(
        ["git", "status", "--porcelain", *hot_path_files.HOT_PATH],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if changed.returncode:
        pytest.skip("this is no repository")
    same = hot_path_files.of_commit("HEAD") == hot_path_files.of_working_tree()
    assert same == (not changed.stdout.strip())


def test_what_counts_as_released() -> None:
    assert not is_released("# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-01-01\n")
    assert is_released("# Changelog\n\n## 0.2.0 - 2026-12-01\n\n## 0.1.0 - 2026-01-01\n")
