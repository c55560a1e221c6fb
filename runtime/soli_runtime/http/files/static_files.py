"""Files under `public/`: which file a path means, and what to say about it. No I/O but `stat`.

Safe paths only: no dot segments, no hidden files, nothing that leads out of the folder through
a symbolic link (docs/spec §L24.7).
"""

from __future__ import annotations

import mimetypes
import os
import stat
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

MAX_RANGES = 1
"""Requests for several ranges at once get the whole file, as RFC 9110 14.2 allows."""

_TEXT_TYPES = ("application/javascript", "application/json", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that may be served."""

    path: Path
    size: int
    modified: float
    etag: str
    content_type: str

    @property
    def last_modified(self) -> str:
        return formatdate(self.modified, usegmt=True)


class StaticFolder:
    """The files of one folder, by URL path."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def find(self, url_path: str) -> StaticFile | None:
        """The file for a percent-decoded URL path; `index.html` for a folder. None: no such."""
        parts = [part for part in url_path.split("/") if part]
        if any(_is_unsafe(part) for part in parts):
            return None
        try:
            path = self._root.joinpath(*parts).resolve(strict=True)
            if path.is_dir():
                path = (path / "index.html").resolve(strict=True)
            elif url_path.endswith("/"):
                return None
            return self._file(path)
        except (OSError, ValueError, RuntimeError):
            return None

    def _file(self, path: Path) -> StaticFile | None:
        if not path.is_relative_to(self._root):
            return None
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        return StaticFile(path, status.st_size, status.st_mtime, etag, content_type_of(path.name))


def _is_unsafe(part: str) -> bool:
    return part.startswith(".") or "\\" in part or "\0" in part or ":" in part


def content_type_of(name: str) -> str:
    """The content type by extension, with a charset for text."""
    guessed, encoding = mimetypes.guess_type(name)
    if guessed is None or encoding is not None:
        return "application/octet-stream"
    if guessed.startswith("text/") or guessed in _TEXT_TYPES:
        return f"{guessed}; charset=utf-8"
    return guessed


@dataclass(frozen=True, slots=True)
class Part:
    """What to send of a file: status and the bytes from `start` up to, not including, `end`."""

    status: int
    start: int
    end: int


def choose_part(file: StaticFile, headers: dict[str, str]) -> Part:
    """Answer to conditional and range headers (RFC 9110 13.2.2, 14.2). 416: nothing fits."""
    if is_unchanged(file, headers):
        return Part(304, 0, 0)
    whole = Part(200, 0, file.size)
    wanted = headers.get("range")
    if wanted is None or not _range_applies(file, headers.get("if-range")):
        return whole
    unit, equals, ranges = wanted.partition("=")
    if unit.strip().lower() != "bytes" or not equals or ranges.count(",") >= MAX_RANGES:
        return whole
    return _one_range(ranges.strip(), file.size) or whole


def is_unchanged(file: StaticFile, headers: dict[str, str]) -> bool:
    """Whether the client's copy is still good."""
    tags = headers.get("if-none-match")
    if tags is not None:
        listed = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return "*" in listed or file.etag in listed
    since = _date(headers.get("if-modified-since"))
    return since is not None and int(file.modified) <= since


def _range_applies(file: StaticFile, condition: str | None) -> bool:
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == file.etag
    since = _date(condition)
    return since is not None and int(file.modified) == int(since)


def _one_range(text: str, size: int) -> Part | None:
    first, dash, last = text.partition("-")
    if not dash or not (first + last).isascii() or not (first + last).isdigit():
        return None
    if not first:
        start, end = max(0, size - int(last)), size
        return Part(206, start, end) if int(last) and size else Part(416, 0, 0)
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    return Part(206, start, end) if start < size else Part(416, 0, 0)


def _date(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
