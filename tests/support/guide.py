"""The programs of docs/guide, docs/spec and the like: run, and compared with what the page says.

    python -m tests.support.guide      writes what the programs print into the pages

A block of Soli is a program of its own. A block of `output` after it is what it prints. A comment
before a block says more: `error` (it ends with an error, which is shown), `app` (it serves: it is
loaded, not run), `file: NAME` (the programs after it on the page may import it), `fragment` (it
only has to parse).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from soli_runtime.builtins.library import install_library

from soli_lang import Capabilities, Interpreter, SoliError, render
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse

from .corpus import ROOT

PAGES = sorted((ROOT / "docs" / "guide").glob("*.md"))
SPECIFICATION = sorted((ROOT / "docs" / "spec").glob("*.md"))
_BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```soli\n(?P<code>.*?)^```\n"
    r"(?:```output\n(?P<output>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Example:
    """One program of a page."""

    page: Path
    line: int
    mark: str
    code: str
    output: str | None
    """None: the page does not say."""
    place: tuple[int, int]
    """Where *output* stands in the page."""

    @property
    def name(self) -> str:
        return f"{self.page.stem}:{self.line}"


def examples(page: Path) -> Iterator[Example]:
    """The programs of *page*, in their order."""
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        yield Example(
            page,
            line,
            found["mark"] or "",
            found["code"],
            found["output"],
            found.span("output"),
        )


def files_before(example: Example) -> dict[str, str]:
    """The files that the page shows before *example*, by name."""
    found = {}
    for other in examples(example.page):
        if other.line >= example.line:
            break
        if other.mark.startswith("file: "):
            found[other.mark.removeprefix("file: ")] = other.code
    return found


def printed(example: Example) -> str:
    """What *example* prints; the error that ends it comes last."""
    files = files_before(example)

    def load_module(written: str, importer: str) -> tuple[str, str] | None:
        name = f"{written.removeprefix('./')}.soli"
        return (name, files[name]) if name in files else None

    lines: list[str] = []
    capabilities = Capabilities(
        output=lines.append, clock=time.time, sleep=time.sleep, load_module=load_module
    )
    interpreter = Interpreter(install_library, capabilities=capabilities)
    try:
        interpreter.run(example.code, "app.soli")
    except SoliError as error:
        if example.mark != "error":
            raise
        lines.append(render(error).rstrip() + "\n")
    return "".join(lines)


def check(example: Example) -> None:
    """Raise AssertionError or SoliError unless the page tells the truth of *example*."""
    if example.mark == "fragment":
        parse(Source("app.soli", example.code))
    elif example.mark == "app" or example.mark.startswith("file: "):
        Interpreter(install_library, capabilities=Capabilities()).run(example.code, "app.soli")
    else:
        output = printed(example)
        is_true = example.output is None or output == example.output
        assert is_true, f"it prints\n{output}"
        assert example.output is not None or output == "", "it prints what the page does not show"


def fill(page: Path) -> None:
    """Write what the programs of *page* print into it."""
    text = page.read_text("utf-8")
    for example in reversed(list(examples(page))):
        if example.output is not None:
            try:
                output = printed(example)
            except SoliError as error:
                print(f"{example.name}: {render(error)}")
                continue
            text = text[: example.place[0]] + output + text[example.place[1] :]
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    for page in (*PAGES, *SPECIFICATION, *(ROOT / "docs" / "howto").glob("*.md")):
        fill(page)
