"""Programs with small damages: whatever still parses is formatted and checked without fault."""

from __future__ import annotations

import random

import pytest
from soli_stdlib import install

from soli_lang import Interpreter
from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.syntax.scanner.scanner import Scanner
from soli_lang.tools.checker import check, known_of
from soli_lang.tools.formatting import format_source

from ..support.corpus import ROOT, program_files, vector_programs

KNOWN = known_of(Interpreter(install).machine)
TEXTS = [
    *(text for _, text in vector_programs()),
    *((ROOT / path).read_text("utf-8") for path in program_files()),
]
PROGRAMS_PER_SEED = 60


def damaged(chance: random.Random) -> str:
    """Part of a program with a few tokens taken out, exchanged, split or commented."""
    text = chance.choice(TEXTS)
    lines = text.split("\n")
    if len(lines) > 60:
        start = chance.randrange(len(lines))
        text = "\n".join(lines[start : start + chance.randrange(5, 40)])
    for _ in range(chance.randrange(1, 4)):
        tokens = [one for one in Scanner(Source("", text)).run() if one.end > one.start]
        if not tokens:
            break
        at, other = chance.choice(tokens), chance.choice(tokens)
        before, after = text[: at.start], text[at.end :]
        word = text[at.start : at.end]
        text = chance.choice(
            [
                before + after,
                before + text[other.start : other.end] + after,
                f"{before}\n{word}{after}",
                f"{before} {word}{after}",
                f"{before}# c\n{word}{after}",
                f"{before}/* c */{word}{after}",
                f"{before.rstrip(' ')}{word}{after}",
            ]
        )
    return text


def parsing_programs(seed: int) -> list[Source]:
    chance = random.Random(seed)
    found = []
    for _ in range(PROGRAMS_PER_SEED):
        source = Source("damaged", damaged(chance))
        try:
            parse(source)
        except SoliSyntaxError:
            continue
        found.append(source)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_formatting_keeps_the_meaning_and_settles(seed: int) -> None:
    """`format_source` raises rather than change a program; a second time nothing changes."""
    for source in parsing_programs(seed):
        once = format_source(source)
        assert format_source(Source("again", once)) == once, source.text


@pytest.mark.parametrize("seed", range(20))
def test_checking_never_fails(seed: int) -> None:
    """Findings lie inside the text."""
    for source in parsing_programs(seed):
        for finding in check(parse(source), KNOWN):
            assert 0 <= finding.span.start <= finding.span.end <= len(source.text)
