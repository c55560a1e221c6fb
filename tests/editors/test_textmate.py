"""The TextMate grammar, run by the libraries that VS Code has, says what the scanner says."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from ..support.corpus import ROOT, program_files, vector_programs
from .categories import by_scanner

FOLDER = ROOT / "tests" / "node"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules" / "vscode-textmate").exists(),
    reason="needs Node and its packages (make setup)",
)


def by_grammar(texts: list[str]) -> list[str]:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "textmate.mjs"],
        input=json.dumps(texts),
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return json.loads(done.stdout)


def units(text: str, letters: str) -> str:
    """The letters of UTF-16 units; line breaks, which no grammar sees, as they are."""
    parts = (
        char if char == "\n" else letter * (1 + (ord(char) > 0xFFFF))
        for char, letter in zip(text, letters, strict=True)
    )
    return "".join(parts)


def compare(texts: dict[str, str]) -> list[str]:
    found = by_grammar(list(texts.values()))
    wrong = []
    for (name, text), letters in zip(texts.items(), found, strict=True):
        expected = units(text, by_scanner(text))
        rows = zip(text.split("\n"), expected.split("\n"), letters.split("\n"), strict=True)
        for number, (line, wanted, got) in enumerate(rows, 1):
            if wanted != got:
                wrong.append(f"{name}:{number}\n  {line}\n  {wanted}\n  {got}")
                break
    return wrong


def test_files() -> None:
    texts = {str(path): (ROOT / path).read_text("utf-8") for path in program_files()}
    assert len(texts) > 80
    assert compare(texts) == []


def test_vectors() -> None:
    programs = vector_programs()
    texts = {f"{number} {title}": text for number, (title, text) in enumerate(programs)}
    assert compare(texts) == []


@pytest.mark.parametrize(
    "text",
    [
        'let a = "x#{b.map { |c| "<#{c}>" }}y" # end\nend',
        "# \"open\nx = 'it' // def\n/* a /* b */ if */ return 1",
        'x = """a\n#{b} \'c\n""" + r"d\\" + \'e\\\'\'',
        "a.if b&.end {class: 1, end:2} x ? :y : z",
        "1 + 1_000.5 * 2.0D - x1 - a1.5",
        "%w[if 1\nend] + %i[a] + `ls #{a}`",
        "q = [[a], [b]] + [[1], [2]] + f(x)?.y",
        "nil? null true! Void fn(x) not a and b or c",
        "def end?\nend\nclass If\nend\nfn (a) a end",
        '"\\" \\#{a} \\u{1F600} #" + "é😀" + \'#{1}\'',
    ],
)
def test_pieces(text: str) -> None:
    assert compare({"text": text}) == []


def test_it_notices() -> None:
    """A comparison that cannot fail shows nothing."""
    assert by_grammar(["if"]) == ["kk"]
    assert units("if", by_scanner("iff"[:2])) == "kk"
    assert by_grammar(["x"]) != by_grammar(["1"])
