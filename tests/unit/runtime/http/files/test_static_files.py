"""Which file a path means, and what of it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.http.files.static_files import (
    Part,
    StaticFile,
    StaticFolder,
    choose_part,
    content_type_of,
)


@pytest.fixture
def folder(tmp_path: Path) -> StaticFolder:
    public = tmp_path / "public"
    (public / "deep").mkdir(parents=True)
    (public / "index.html").write_text("index")
    (public / "deep" / "index.html").write_text("deep")
    (public / "a b.txt").write_text("space")
    (public / ".env").write_text("secret")
    (tmp_path / "secret").write_text("secret")
    (public / "link").symlink_to(tmp_path / "secret")
    (public / "inner").symlink_to(public / "index.html")
    return StaticFolder(public)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index.html"),
        ("/index.html", "index.html"),
        ("/deep", "index.html"),
        ("/deep/", "index.html"),
        ("/a b.txt", "a b.txt"),
        ("//a b.txt", "a b.txt"),
        ("/inner", "index.html"),
    ],
)
def test_a_path_means_the_file_of_that_name(folder: StaticFolder, path: str, name: str) -> None:
    """`index.html` for a folder."""
    found = folder.find(path)
    assert found is not None
    assert found.path.name == name


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/deep/../../secret",
        "/.env",
        "/link",
        "/nothing",
        "/index.html/",
        "/a\0b",
        "/..\\secret",
        "/C:/x",
    ],
)
def test_unsafe_paths_mean_nothing(folder: StaticFolder, path: str) -> None:
    """Dot segments, hidden files, links that lead out, odd characters."""
    assert folder.find(path) is None


FILE = StaticFile(Path("x"), 10, 1_000_000.5, '"tag"', "text/plain")


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ({}, Part(200, 0, 10)),
        ({"range": "bytes=0-3"}, Part(206, 0, 4)),
        ({"range": "bytes=8-99"}, Part(206, 8, 10)),
        ({"range": "bytes=7-"}, Part(206, 7, 10)),
        ({"range": "bytes=-3"}, Part(206, 7, 10)),
        ({"range": "bytes=-99"}, Part(206, 0, 10)),
        ({"range": "bytes=10-"}, Part(416, 0, 0)),
        ({"range": "bytes=-0"}, Part(416, 0, 0)),
        ({"range": "bytes=5-2"}, Part(200, 0, 10)),
        ({"range": "bytes=0-1,3-4"}, Part(200, 0, 10)),
        ({"range": "bytes=a-b"}, Part(200, 0, 10)),
        ({"range": "bytes=0-3", "if-range": '"tag"'}, Part(206, 0, 4)),
        ({"range": "bytes=0-3", "if-range": '"old"'}, Part(200, 0, 10)),
        ({"if-none-match": '"tag"'}, Part(304, 0, 0)),
        ({"if-none-match": 'W/"tag", "x"'}, Part(304, 0, 0)),
        ({"if-none-match": "*"}, Part(304, 0, 0)),
        ({"if-none-match": '"old"'}, Part(200, 0, 10)),
        ({"if-modified-since": "Mon, 12 Jan 1970 13:46:40 GMT"}, Part(304, 0, 0)),
        ({"if-modified-since": "Mon, 12 Jan 1970 13:46:39 GMT"}, Part(200, 0, 10)),
        ({"if-modified-since": "nonsense"}, Part(200, 0, 10)),
        (
            {"if-none-match": '"old"', "if-modified-since": "Mon, 12 Jan 2070 13:46:40 GMT"},
            Part(200, 0, 10),
        ),
    ],
)
def test_conditions_and_ranges_choose_the_part(headers: dict[str, str], part: Part) -> None:
    """RFC 9110 13.2.2 and 14.2."""
    assert choose_part(FILE, headers) == part


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.tar.gz", "application/octet-stream"),
        ("README", "application/octet-stream"),
    ],
)
def test_the_content_type_comes_from_the_extension(name: str, content_type: str) -> None:
    """With a charset for text."""
    assert content_type_of(name) == content_type
