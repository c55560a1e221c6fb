"""Citations in code, tests and documents, and what they cite: docs/spec, records, other pages.

`docs/spec §4.6` cites a section of the specification, whose numbers are unique over its pages;
further ones follow after a comma, `-` or "and". `§4.6` alone is for files that have named
`docs/spec` before. `docs/decisions/0046` cites a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .corpus import ROOT

SPECIFICATION = ROOT / "docs" / "spec"
RECORDS = ROOT / "docs" / "decisions"

_FOLDERS = ("benchmarks", "docs", "editors", "examples", "grammar", "runtime", "scripts")
_PACKAGES = ("soli_lang", "stdlib", "tests")
_KINDS = {".py", ".soli", ".sl", ".lark", ".md", ".txt", ".js", ".toml", ".css", ".html"}
_NOT_OURS = ("node_modules", "websockets-page.txt")

_HEADING = re.compile(r"^#{2,4} ([A-Z]?\d+(?:\.\d+)*)\.? ", re.MULTILINE)
_SECTION = re.compile(r"§(?P<first>[\w.]*\w)(?:-(?P<last>[A-Z]?\d[\w.]*\w|[A-Z]?\d))?")
_ELSEWHERE = re.compile(r"\bRFC \d+,? §")
_RECORD = re.compile(r"\bdocs/decisions/(\d{4})")
_PAGE = re.compile(r"\bdocs/[\w/.-]+\.md\b")
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")
_NUMBERED_LINK = re.compile(r"\[(?:[^\]]*\s)?(\d+)\]\((?:[\w./-]*/)?(\d{4})-[\w-]+\.md\)")
_REFUSED = (
    (
        re.compile(r"\b[Dd]ecisions?(?: records?)? \d+"),
        "write docs/decisions/NNNN, or cite docs/spec",
    ),
    (re.compile(r"(?<!upersedes )\b[Rr]ecords? \d+"), "write docs/decisions/NNNN"),
    (re.compile(r"\b[Rr]ules? \d+\b"), "cite the section that has the rule"),
    (re.compile(r"§[\w.]+, [A-Z]\d"), "cite a section"),
    (re.compile(r"(?<!/)\b(?:decisions|language|stdlib)\.md\b"), "cite docs/spec"),
    (re.compile(r"(?<!docs/)\b[Ss]pec/\w+\.md\b"), "there is no such text"),
    (re.compile(r"(?<!docs/)\bspec §"), "write docs/spec"),
)


def files() -> Iterator[Path]:
    """Every text of ours that may cite."""
    yield from (path for path in ROOT.iterdir() if path.suffix in _KINDS or path.name == "Makefile")
    for folder in (*_FOLDERS, *_PACKAGES):
        for path in sorted((ROOT / folder).rglob("*")):
            is_ours = not any(part in _NOT_OURS for part in path.parts)
            if path.suffix in _KINDS and is_ours and path.is_file():
                yield path


@cache
def sections() -> frozenset[str]:
    """The numbers of all sections of the specification."""
    texts = [path.read_text("utf-8") for path in SPECIFICATION.glob("*.md")]
    return frozenset(number for text in texts for number in _HEADING.findall(text))


def numbers(page: Path) -> list[str]:
    """The numbers of the sections of *page*, in their order."""
    return _HEADING.findall(page.read_text("utf-8"))


@cache
def records() -> frozenset[str]:
    return frozenset(path.name[:4] for path in RECORDS.glob("[0-9]*.md"))


def faults(text: str, *, is_specification: bool = False) -> Iterator[tuple[int, str]]:
    """Line and fault of each citation in *text* that leads nowhere."""
    named_at = 0 if is_specification else text.find("docs/spec")
    for start, fault in (*_of_sections(text, named_at), *_of_records(text), *_of_words(text)):
        yield text.count("\n", 0, start) + 1, fault


def _of_sections(text: str, named_at: int) -> Iterator[tuple[int, str]]:
    of_others = {found.end() - 1 for found in _ELSEWHERE.finditer(text)}
    for found in _SECTION.finditer(text):
        if found.start() in of_others:
            continue
        if not 0 <= named_at <= found.start():
            yield found.start(), f"§{found['first']} of what? name docs/spec before it"
        for number in filter(None, (found["first"], found["last"])):
            if number not in sections():
                yield found.start(), f"docs/spec has no §{number}"


def _of_records(text: str) -> Iterator[tuple[int, str]]:
    for found in _RECORD.finditer(text):
        if found[1] not in records():
            yield found.start(), f"there is no record {found[1]}"
    for found in _NUMBERED_LINK.finditer(text):
        if int(found[1]) != int(found[2]):
            yield found.start(), f"{found[1]} leads to {found[2]}"
    for found in _PAGE.finditer(text):
        if not (ROOT / found[0]).exists():
            yield found.start(), f"there is no {found[0]}"


def _of_words(text: str) -> Iterator[tuple[int, str]]:
    bare = _LINK.sub(lambda link: " " * len(link[0]), text)
    for pattern, way_out in _REFUSED:
        for found in pattern.finditer(bare):
            yield found.start(), f"{found[0]!r}: {way_out}"
