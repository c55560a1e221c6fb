"""Texts that are hardly programs: random characters, token soup, programs with something broken.

The same seed gives the same texts, on every machine.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ..support import guide
from ..support.corpus import program_files, vector_programs

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST_SNIPPET = 600
"""Characters of a program that are mutated at a time: short texts find the same faults faster."""

WORDS = tuple(
    """
    if elsif else end unless while until for in do break next return def fn class extends implements
    interface module include extend trait static private protected public enum match case when then
    begin rescue ensure try catch finally throw raise let const import export from as new this self
    super true false null nil and or not is a b x xs foo Bar "s" 's' "a#{x}b" "a#{"b#{c}"}" r"x"
    [[raw] [[a]] \"\"\"m\"\"\" %w[a b] %i[a] :s :"s t" 1 0 1.5 1.5D 0x1f 1e9 1_000 .. ... + - * / %
    ** ++ -- += -= ||= &&= ??= == != < <= > >= => <=> = && || ! ? : ?. &. . :: |> << >> & | ^ ~ ( )
    [ ] { } , ; \\ @ @@ $ # // /* */ #[ ]# ` ' " " \n \n \n \t |x| |a,b| { &:up @name x? y! _ -> ~>
    get post describe test it assert expect(1) print(x) f(x) a.b.c h["k"] h?["k"] x=1 #{ } ...x *x
    \u00e9 **h
    """.split(" ")
)
MOST_CHARACTERS = 40_000
"""Of a changed program: what people write is shorter."""
AROUND = (
    ("class Wrap\nstatic {\n", "}\nend\n"),
    ("class Wrap\ndef go(a, b = [x for x in [1]])\n", "end\nend\n"),
    ("class Wrap\nfield: Any = fn() {\n", "}\nend\n"),
    ("class Wrap\nstatic {\nfor w in [1]\n", "end\n}\nend\n"),
    ("class Wrap\nstatic {\ntry\n", "catch e\nend\n}\nend\n"),
    ("class Wrap\nfield: Any = [x for x in [1]]\n", "end\n"),
    ("class Wrap\nwrapped {x: x for x in [1]}\n", "end\n"),
    ("module Wrap\nincluded do\n", "end\nend\n"),
    ("enum Wrap\nOne\ndef go\n", "end\nend\n"),
    ("def wrap(a = 1, &b)\n", "end\n"),
    ("if true\n", "end\n"),
    ("for w in [1]\n", "end\n"),
    ("try\n", "catch e\nend\n"),
    ("[1].each { |w|\n", "}\n"),
    ("x = match 1 { 1 => {\nlet w = 1\n", "} }\n"),
    ('x = "#{', '}"\n'),
    ("x = [", " for w in [1]]\n"),
)
"""What lines of a program are put into."""
CHARACTERS = tuple(map(chr, range(128))) + tuple(
    "\u00a0\u00df\u0130\u0661\u0958\u200b\u2028\u2029\ufeff\uffff\ud800\udfff\U0001f600\U0010ffff"
)
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def corpus() -> list[str]:
    """Every Soli program that the tests and examples hold, and the sources of the vectors."""
    texts = []
    for folder in ("tests/soli", "tests/page/samples", "examples", "tests/e2e/apps"):
        for path in sorted((ROOT / folder).rglob("*.soli")):
            if path.is_file():
                texts.append(path.read_text("utf-8"))
    vectors = (ROOT / "tests/language/vectors.txt").read_text("utf-8")
    for line in vectors.splitlines():
        head, arrow, _ = line.partition(" ==> ")
        if arrow and not line.startswith("#"):
            texts.append(head.partition(": ")[2].replace("\u23ce", "\n"))
    return texts


class Inputs:
    """An endless stream of texts made from one seed."""

    def __init__(self, seed: int, programs: list[str]) -> None:
        self._random = random.Random(seed)
        self._programs = programs

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """(kind, text) for ever."""
        makers: list[tuple[str, Callable[[], str]]] = [
            ("characters", self._characters),
            ("bytes", self._bytes),
            ("soup", self._soup),
            ("mutant", self._mutant),
            ("mutant", self._mutant),
            ("mutant", self._mutant),
        ]
        while True:
            kind, make = self._random.choice(makers)
            yield kind, make()

    def _characters(self) -> str:
        return "".join(self._random.choices(CHARACTERS, k=self._random.randrange(40)))

    def _bytes(self) -> str:
        data = self._random.randbytes(self._random.randrange(40))
        return data.decode(self._random.choice(("latin-1", "utf-8")), "replace")

    def _soup(self) -> str:
        words = self._random.choices(WORDS, k=self._random.randrange(1, 30))
        if self._random.random() < 0.5:
            return " ".join(words)
        return "".join(word + self._random.choice(("", " ", "\n")) for word in words)

    def _snippet(self) -> str:
        text = self._random.choice(self._programs)
        if len(text) <= LONGEST_SNIPPET:
            return text
        lines = text.splitlines(keepends=True)
        first = self._random.randrange(len(lines))
        return "".join(lines[first : first + self._random.randrange(2, 25)])[:LONGEST_SNIPPET]

    def _mutant(self) -> str:
        tokens = _TOKEN.findall(self._snippet()) or ["x"]
        for _ in range(self._random.choice((1, 1, 1, 2, 3, 6))):
            self._mutate(tokens)
        return "".join(tokens)

    def _mutate(self, tokens: list[str]) -> None:
        at = self._random.randrange(len(tokens) + 1)
        length = self._random.choice((1, 1, 1, 2, 5))
        match self._random.randrange(7):
            case 0:
                del tokens[at : at + length]
            case 1:
                tokens.insert(at, self._random.choice(WORDS))
            case 2:
                tokens[at : at + 1] = [self._random.choice(WORDS)]
            case 3:
                tokens[at:at] = tokens[at : at + length]
            case 4:
                other = _TOKEN.findall(self._snippet())
                tokens[at:] = other[self._random.randrange(len(other) + 1) :]
            case 5:
                del tokens[at:]
            case _:
                tokens.insert(at, self._random.choice(CHARACTERS))
        if not tokens:
            tokens.append("x")


class Program(NamedTuple):
    """A text, and the path that it is said to stand in."""

    path: Path
    text: str


def programs() -> list[Program]:
    """Every program of the repository: files, those of the guide, vectors."""
    files = [Program(ROOT / path, (ROOT / path).read_text("utf-8")) for path in program_files()]
    pages = [
        Program(page.parent / "page.soli", example.code)
        for page in guide.PAGES
        for example in guide.examples(page)
    ]
    vectors = [Program(ROOT / "vector.soli", text) for _, text in vector_programs()]
    return files + pages + vectors


class Changed:
    """Programs in which lines and tokens were left out, put in, swapped and cut off."""

    def __init__(self, seed: int, chosen: list[Program]) -> None:
        self._random = random.Random(seed)
        self._programs = chosen
        self._long = [one for one in chosen if len(one.text) > LONGEST_SNIPPET]

    def one(self) -> Program:
        """The next one."""
        path, text = self._random.choice(self._random.choice((self._programs, self._long)))
        if self._random.random() < 0.5:
            text = self._few_lines(text)
        if self._random.random() < 0.4:
            text = self._wrapped(text)
        for _ in range(self._random.choice((0, 1, 1, 2, 3, 5))):
            text = self._change(text)
        return Program(path, text)

    def _few_lines(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        first = self._random.randrange(len(lines) + 1)
        return "".join(lines[first : first + self._random.randrange(1, 20)])

    def _wrapped(self, text: str) -> str:
        """Lines of *text* inside something: what is right at the top may be wrong there."""
        lines = text.splitlines(keepends=True)
        first, last = sorted(self._random.randrange(len(lines) + 1) for _ in range(2))
        if self._random.random() < 0.5:
            first, last = 0, len(lines)
        before, after = self._random.choice(AROUND)
        return "".join([*lines[:first], before, *lines[first:last], "\n", after, *lines[last:]])

    def _change(self, text: str) -> str:
        by_lines = self._random.random() < 0.4
        parts = text.splitlines(keepends=True) if by_lines else _TOKEN.findall(text)
        at = self._random.randrange(len(parts) + 1)
        length = self._random.choice((1, 1, 1, 2, 5))
        match self._random.randrange(6):
            case 0:
                del parts[at : at + length]
            case 1:
                parts.insert(at, self._random.choice(WORDS) + ("\n" if by_lines else " "))
            case 2:
                there = self._random.randrange(len(parts) + 1)
                parts[at : at + 1], parts[there : there + 1] = (
                    parts[there : there + 1],
                    parts[at : at + 1],
                )
            case 3:
                parts[at:at] = parts[at : at + length] * self._random.choice((1, 1, 20))
            case 4:
                other = self._random.choice(self._programs).text
                parts[at:at] = other.splitlines(keepends=True)[:length] if by_lines else ["#{", "]"]
            case _:
                del parts[at:]
        return "".join(parts)[:MOST_CHARACTERS]
