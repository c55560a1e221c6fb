"""Texts that are hardly programs: random characters, token soup, programs with something broken.

The same seed gives the same texts, on every machine.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

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
CHARACTERS = tuple(map(chr, range(128))) + tuple(
    "\u00a0\u00df\u0130\u0661\u0958\u200b\u2028\u2029\ufeff\uffff\ud800\udfff\U0001f600\U0010ffff"
)
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def corpus() -> list[str]:
    """Every Soli program that the tests and examples hold, and the sources of the vectors."""
    texts = []
    for folder in ("tests/soli", "tests/page/samples", "examples", "tests/e2e/apps"):
        for path in sorted((ROOT / folder).rglob("*.soli")):
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
