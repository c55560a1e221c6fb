"""Random programs over every kind of node and literal, from the choices in `templates.txt`.

Much of what they do is nonsense or fails; they do it to every kind of value, in every kind of
place, often enough for code that knows kinds of values to run. The same seed makes the same text.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

FOLDER = Path(__file__).parent
LARGEST = 260
"""Choices that one program is made of, about."""
DEEPEST = 5
SMALL = DEEPEST + 4
"""A depth at which all that grows ends."""
PLAIN_CHANCE = 0.3
"""How often what could grow does not."""
STRAY_CHANCE = 0.04
"""How often any expression stands where one of a certain kind is wanted."""
ENDLESS_CHANCE = 0.02
OFTEN_UNSET = frozenset({"x", "y", "p", "own", "w", "rest", "e", "it", "q", "k", "r"})
KINDS = frozenset({"i", "n", "s_", "b", "xs", "h_", "fnv"})
"""Expressions of one kind: now and then any expression takes their place."""
ALIASES = {"lucky": "twice", "made": "Thing"}
FIRST = ("twice", "lib")
LATER = ("Fail", "Shape", "Mix", "Shown", "Thing", "Sub")

_PART = re.compile(r"\$(\d?)([a-z]+(?:_[a-z]+)?[0-9_]?)")
_TIED = re.compile(r" ?\S")
"""What makes braces before it a value that goes on, where they would be a statement."""
_OPENING = re.compile(r"\b(then|else) $")
_WITH_BLOCK = re.compile(r"[\w)\]] ?\{")
_WORD = re.compile(r"\w+")
_WEIGHT = re.compile(r"\*(\d) (.*)")


def _sections(name: str) -> dict[str, str]:
    text = (FOLDER / name).read_text("utf-8")
    parts = (part.partition("\n") for part in re.split(r"^== ", text, flags=re.M)[1:])
    return {title: body.rstrip("\n") for title, _, body in parts}


def _choices() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for title, body in _sections("templates.txt").items():
        found[title] = []
        for line in body.split("\n"):
            weighed = _WEIGHT.fullmatch(line)
            count, template = (int(weighed[1]), weighed[2]) if weighed else (1, line)
            found[title] += [template.replace("⏎", "\n")] * count
    return found


CHOICES = _choices()
SCENES = list(dict.fromkeys([*CHOICES["scene"], *CHOICES["local"]]))
AROUND = ("{}", "try\n{}\ncatch e\nprint(e)\nend", "def $9c\n{}\nend\nprint($9c())")
"""What a scene stands in: in a function its variables are other ones than in a file."""
DEFINED = {
    title.split(" ")[-1]: (title, body) for title, body in _sections("definitions.txt").items()
}
"""Definitions by what they define: only those that a program mentions are put into it."""
_PLACES = {name: place for place, name in enumerate(DEFINED)}


def _rank(name: str) -> tuple[int, int]:
    """Imports, variables, classes that others need, the rest, and what needs all of these."""
    title = DEFINED[name][0]
    if name in FIRST:
        return 0, FIRST.index(name)
    if title.startswith("var "):
        return 1, _PLACES[name]
    if name in LATER:
        return 2, LATER.index(name)
    return (4 if title.startswith("late ") else 3), _PLACES[name]


class Writer:
    """Fills in templates by chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._left = LARGEST
        self._names = 0

    def program(self, turn: int) -> str:
        """A program: what it mentions is defined, save for some of it, and not all before use.

        It has the scene whose *turn* it is, so that each comes soon, and what chance adds.
        """
        chance = self._chance
        scene = SCENES[turn % len(SCENES)]
        lines = [self._fill(chance.choice(AROUND).format(scene), 1)]
        lines += [self._fill("$top", 0) for _ in range(chance.randrange(3))]
        if chance.random() < ENDLESS_CHANCE:
            lines.append(self._fill("$endless", 0))
        body = "\n".join(lines)
        defined: dict[str, str] = {}
        self._define(body, defined)
        if chance.random() < 0.05:
            body += "\n" + self._fill("export let exported = $e", 2)
        text = "\n".join([*(defined[name] for name in sorted(defined, key=_rank)), body, ""])
        return text.replace("\n{", "\n;{")  # else it would be the body of the line before

    def _define(self, text: str, defined: dict[str, str]) -> None:
        """Add what *text* mentions, and what that mentions, to *defined*."""
        pending = [text]
        while pending:
            words = set(_WORD.findall(pending.pop()))
            for name in sorted({ALIASES.get(word, word) for word in words} - set(defined)):
                left_out = 0.4 if name in OFTEN_UNSET else 0.02
                if name not in DEFINED or self._chance.random() < left_out:
                    continue
                self._left = max(self._left, 20)
                defined[name] = self._fill(DEFINED[name][1], DEEPEST - 1)
                pending.append(defined[name])

    def _fill(self, template: str, depth: int) -> str:
        kept: dict[str, str] = {}

        def part(found: re.Match[str]) -> str:
            number, kind = found.groups()
            if number and found[0] in kept:
                return kept[found[0]]
            text = self._part(kind, depth + 1)
            line = template[: found.start()].rpartition("\n")[2]
            if "\n" in text and "#{" in line:  # a quoted string ends on its line
                text = self._fill("$e0", SMALL)
            if "`" in text and "`ls #{" in line:  # a command ends at the next backtick
                text = self._fill("$e0", SMALL)
            after = template[found.end() :]
            is_body = _OPENING.search(line) or after.startswith(" end")
            is_body = is_body or (not line and _TIED.match(after))
            if text.startswith("{") and is_body and kind != "pattern":
                text = f"({text})"  # no block that is a statement, or all of a function
            if after.startswith(" {") and _WITH_BLOCK.search(text):
                text = f"({text})"  # whose braces would be the body
            kept[found[0]] = text
            return text

        return _PART.sub(part, template)

    def _part(self, kind: str, depth: int) -> str:
        if kind == "c":
            self._names += 1
            return f"z{self._names}"
        self._left -= 1
        if kind in KINDS and self._chance.random() < STRAY_CHANCE:
            kind = "e"
        small = kind + "0"
        over = depth > DEEPEST + (3 if kind == "pattern" else 0) or self._left < 0
        if small in CHOICES and (over or self._chance.random() < PLAIN_CHANCE):
            kind = small
        elif over:
            kind = ENDING.get(kind, kind)
        return self._fill(self._chance.choice(CHOICES[kind]), depth)


ENDING = {
    "any": "e0", "call": "e0", "fnv": "e0", "h_": "h0", "s_": "s0", "nested": "line",
    "tail": "e0", "statement": "line", "scene": "line", "top": "line", "block": "short_block",
}  # fmt: skip
"""What takes the place of what would grow further."""
CHOICES["h0"] = ["h", "{}", "{ n: 1 }"]
CHOICES["short_block"] = ["|x| $e0", "fn(x) x", "&:$m", "|x, y| [x, y]", "g"]


def program(seed: int) -> str:
    """The program of *seed*."""
    return Writer(Random(seed)).program(seed)
