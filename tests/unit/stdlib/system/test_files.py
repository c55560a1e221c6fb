"""Files inside the host's root folder (docs/spec §L22.2)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soli_lang.base.limits import Limits

from ..installed import Library


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root folder, with a secret beside it."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


@pytest.fixture
def soli(root: Path) -> Library:
    return Library(files=root, files_writable=True)


def test_writing_and_reading(soli: Library) -> None:
    """What was written is read; append adds."""
    assert soli.call("File.write", "a.txt", "é\n") is True
    assert soli.call("File.append", "a.txt", "b\r\nc") is True
    assert soli.call("File.read", "a.txt") == "é\nb\r\nc"
    assert soli.call("File.lines", "a.txt") == ["é", "b", "c"]
    assert soli.call("File.write", "a.txt", "x") is True
    assert soli.call("File.read", "a.txt") == "x"
    assert soli.call("File.size", "a.txt") == 1


def test_slurp_and_barf(soli: Library) -> None:
    """Text, Bytes, other encodings, JSON."""
    assert soli.call("barf", "b", b"\xff\xe9") is None
    assert soli.call("slurp", "b", "binary") == b"\xff\xe9"
    assert soli.call("slurp", "b", "latin1") == "ÿé"
    assert soli.failure("slurp", "b") == "slurp() failed: not valid UTF-8 at byte 0: b"
    soli.call("barf", "j.json", '{"a": [1]}')
    assert soli.call("slurp_json", "j.json") == {"a": [1]}
    assert soli.call("file_write_bytes", "b", [65, 66]) is True
    assert soli.call("file_write_base64", "c", "Q0Q=") is True
    assert soli.call("slurp", "b") + soli.call("slurp", "c") == "ABCD"


def test_asking_about_files(soli: Library, root: Path) -> None:
    """exists, is_file, is_dir, modified."""
    (root / "d").mkdir()
    (root / "f").touch()
    os.utime(root / "f", (5, 1_000_000.75))
    assert [soli.call("File.exists", name) for name in ("d", "f", "x")] == [True, True, False]
    assert [soli.call("File.is_file", name) for name in ("d", "f", "x")] == [False, True, False]
    assert [soli.call("File.is_dir", name) for name in ("d", "f", ".")] == [True, False, True]
    assert soli.call("File.modified", "f") == 1_000_000
    assert soli.call("file_exists", "f") is True
    assert soli.failure("File.size", "x") == "File.size() failed: No such file or directory: x"


def test_moving_copying_deleting(soli: Library, root: Path) -> None:
    """copy, rename, delete, mkdir_p."""
    assert soli.call("mkdir_p", "a/b/c") is True
    assert soli.call("mkdir_p", "a/b") is True
    soli.call("File.write", "a/b/one", "1")
    assert soli.call("File.copy", "a/b/one", "two") is True
    assert soli.call("File.rename", "two", "a/three") is True
    assert soli.call("File.delete", "a/b/one") is True
    assert sorted(path.name for path in root.rglob("*")) == ["a", "b", "c", "three"]


@pytest.mark.parametrize(
    "path", ["../secret.txt", "a/../../secret.txt", "/etc/passwd", "..", "../app2/x"]
)
def test_paths_cannot_escape(soli: Library, root: Path, path: str) -> None:
    """A path out of the root is refused in the words of the specification."""
    message = f'File.read() path "{path}" escapes the app-root jail at {root}'
    assert soli.failure("File.read", path) == message


def test_absolute_paths_inside_the_root(soli: Library, root: Path) -> None:
    """A path may be absolute, dots may stay inside."""
    (root / "a").write_text("x")
    assert soli.call("File.read", str(root / "a")) == "x"
    assert soli.call("File.read", "b/../a") == "x"


def test_links_are_not_followed(soli: Library, root: Path) -> None:
    """A symbolic link is refused, as a file and as a folder on the way."""
    (root / "link").symlink_to(root.parent / "secret.txt")
    (root / "up").symlink_to(root.parent)
    assert "symbolic links are not followed" in soli.failure("File.read", "link")
    assert "failed" in soli.failure("File.read", "up/secret.txt")
    assert "failed" in soli.failure("File.write", "link", "x")
    assert soli.call("File.exists", "link") is False
    assert soli.call("File.exists", "up/secret.txt") is False
    assert (root.parent / "secret.txt").read_text() == "secret"


def test_deleting_a_link_leaves_its_target(soli: Library, root: Path) -> None:
    """delete removes the name only."""
    (root / "link").symlink_to(root.parent / "secret.txt")
    soli.call("File.delete", "link")
    assert (root.parent / "secret.txt").exists()


def test_only_regular_files_are_read(soli: Library, root: Path) -> None:
    """A named pipe does not block, a folder is no file."""
    os.mkfifo(root / "pipe")
    assert "not a regular file" in soli.failure("File.read", "pipe")
    assert "failed" in soli.failure("File.read", ".")
    assert "NUL" in soli.failure("File.read", "a\0b")


def test_files_need_the_capability() -> None:
    """Without a root every builtin says what is missing."""
    assert "'files'" in Library().failure("File.read", "x")
    assert "'files'" in Library().failure("slurp", "x")


def test_writing_needs_its_own_capability(root: Path) -> None:
    """A root may be read-only."""
    soli = Library(files=root)
    (root / "a").write_text("x")
    assert soli.call("File.read", "a") == "x"
    for name, arguments in {
        "File.write": ("a", "y"),
        "File.append": ("a", "y"),
        "File.delete": ("a",),
        "File.copy": ("a", "b"),
        "File.rename": ("a", "b"),
        "barf": ("a", "y"),
        "mkdir_p": ("d",),
    }.items():
        assert "'files_writable'" in soli.failure(name, *arguments)
    assert [path.name for path in root.iterdir()] == ["a"]


def test_wrong_types(soli: Library) -> None:
    """A path is a String."""
    assert soli.failure("File.read", 5) == "File.read() expects string path"
    assert soli.failure("slurp", 5) == "slurp() expects string path"


def test_large_files_are_refused(root: Path) -> None:
    """A file of the limit is read, one byte more is not."""
    soli = Library(files=root, limits=Limits(max_value_bytes=10))
    (root / "a").write_text("x" * 10)
    (root / "b").write_text("x" * 11)
    assert soli.call("File.read", "a") == "x" * 10
    assert "value too large" in soli.failure("File.read", "b")


def test_globs(soli: Library, root: Path) -> None:
    """Stars stay within a name, two of them span folders, links and hidden files are left out."""
    for name in ("a.sl", "b.txt", ".hidden.sl", "lib/c.sl", "lib/deep/d.sl", "lib/.git/e.sl"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "link.sl").symlink_to(root / "a.sl")
    (root / "loop").symlink_to(root)
    assert soli.call("File.glob", "*.sl") == ["a.sl"]
    assert soli.call("File.glob", "lib/?.sl") == ["lib/c.sl"]
    assert soli.call("File.glob", ".*") == [".hidden.sl"]
    assert soli.call("File.glob", "lib/**/*.sl") == ["lib/c.sl", "lib/deep/d.sl"]
    assert soli.call("File.glob_recursive", "*.sl") == ["a.sl", "lib/c.sl", "lib/deep/d.sl"]
    assert soli.call("File.glob_recursive", "lib/*.sl") == ["lib/c.sl", "lib/deep/d.sl"]
    assert soli.call("File.glob", "none/*.sl") == []
    assert "escapes the app-root jail" in soli.failure("File.glob", "../*")


def test_names_that_are_no_text_are_left_out(soli: Library, root: Path) -> None:
    """A String never holds half a character."""
    (root / os.fsdecode(b"bad\xff")).touch()
    (root / "good").touch()
    assert soli.call("File.glob", "*") == ["good"]


def test_the_root_may_be_reached_through_a_link(tmp_path: Path) -> None:
    """The host's own path to the root may contain links."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("x")
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    soli = Library(files=tmp_path / "alias")
    assert soli.call("File.read", str(tmp_path / "alias" / "a")) == "x"
    assert soli.call("File.read", str(tmp_path / "real" / "a")) == "x"


def test_the_whole_file_system_as_root(tmp_path: Path) -> None:
    """With the root `/` there is nothing to escape from, and links work."""
    (tmp_path / "a").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    soli = Library(files=Path("/"))
    assert soli.call("File.read", str(tmp_path / "link")) == "x"
