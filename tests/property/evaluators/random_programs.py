"""Random programs over every kind of node, from templates.

`$e` is an expression, `$s` statements, `$v` a variable, and so on: the keys of CHOICES. Most of
what they do is nonsense or fails; they do it to every kind of value, in every kind of place.
"""

from __future__ import annotations

import random
import re
from pathlib import Path


def _definitions() -> dict[str, str]:
    text = Path(__file__).with_name("definitions.txt").read_text("utf-8")
    parts = (part.partition("\n") for part in text.split("== ")[1:])
    return {name: template.rstrip("\n") for name, _, template in parts}


DEFINED = _definitions()
"""Definitions by what they define: only those that a program mentions are put into it."""

ALIASES = {"lucky": "twice", "made": "Thing"}

VARIABLES = {
    "a": "a = $l", "b": "let b = $l", "s": 's = "str"', "xs": "xs = [1, 2, 3]",
    "ys": 'ys = [5, "b", null, 2.5, [1]]', "h": 'h = { name: "hash", "n": 9, :k => $l }',
    "TOP": "const TOP = $l", "many": "many = (0..80).map(|x| x)",
    "table": "table = { (q): $l for q in 0..40 }", "x": "x = $l", "y": "y = $l",
    "p": "p = $l", "own": "own = $l", "w": "w = $l", "rest": "rest = $l", "e": "e = $l",
    "it": "it = $l",
}  # fmt: skip
"""Variables of the file, by name."""

LAST = {"thing": "thing = new Thing($l)", "g": "g = fn(x) { $e }"}
"""Variables whose values need definitions."""

ORDER = [*("twice", "lib"), *VARIABLES, *("Fail", "Shape", "Mix", "Shown", "Thing", "Sub")]
"""What comes first, in this order; other definitions follow, `LAST` last."""

OFTEN_UNSET = frozenset({"x", "y", "p", "own", "w", "rest", "e", "it"})

CHOICES = {
    "v": ["a", "b", "s", "xs", "ys", "h", "thing", "x", "x", "y", "p", "p", "own", "late", "rest",
          "w", "e", "TOP", "g", "it", "fixed"],
    "t": ["a", "b", "s", "xs", "h", "x", "y", "p", "own", "own", "late2", "w", "TOP", "g"],
    "o": ["+", "+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "??", "<<",
          ".."],
    "c": ["+", "-", "*", "/", "%", "||", "&&", "??"],
    "m": ["length", "upcase", "name", "n", "n", "twice", "to_s", "first", "sum", "empty?", "class",
          "grow", "area", "r", "message", "nothing", "made", "keys", "add", "me"],
    "k": ["map", "filter", "reject", "find", "any?", "all?", "each", "each_with_index", "flat_map",
          "sort_by", "sum_by", "group_by", "partition", "times", "reduce"],
    "l": ["0", "1", "2", "7", "1.5", "2.5D", '"t"', "'u'", "true", "false", "null", ":sym", "[]",
          "{}", "%w[a b]", "0..3", "9223372036854775807", "[1, 2]", '{ n: 1 }', '""'],
    "leaf": ["$l", "$l", "$v", "$v", "$v"],
    "block": ["|x| $e", "|x, y| $e", "fn(x) { $s\n$e }", "&:$m", "&g", "fn(x) { $e }",
              "|p| { return $e if $e\n$e }"],
    "trail": ["|x|\n$s\n$e\nend", "{ |x| $e }", "do |x|\n$s\nend", "do\n$s\nit\nend",
              "|x|\nnext if $e\n$s\nend", "|x|\nbreak if $e\n$e\nend", "|x, i|\nreturn $e\nend"],
    "short": ["|x| $leaf end", "|x| $v = x end", "|x| $v + x end", "|x, y| $v = y end",
              "|x|\n$line\n$leaf\nend", "|x, y|\n$line\nend", "{ it }", "|x| x.$m end"],
    "p": ["each", "map", "filter", "any?", "all?", "transform_values", "reject", "find"],
    "pattern": ["_", "$l2", "own", "Int: own", "String: w", "Void: y", "[$pattern, $pattern]",
                "[$pattern, ...rest]", "{n: $pattern}", "{name: own, ...rest}", "{n: $pattern}",
                "[]", "Shape.Dot",
                "Shape.Circle($pattern)", "Shape.Box(own, $pattern)", "Bool: x", "Float: x"],
    "l2": ["0", "1", "1.5", '"t"', "true", "null", "2"],
    "arms": ["$pattern => $e, $arms", "$pattern => $e, $arms", "$pattern if $e => $e, $arms",
             "_ => $e",
             "$pattern => { let own = $e\n$s\nown }"],
    "e": [
        "($e $o $e)", "($e $o $e)", "($e $o $e)", "($e $o $e)", "(!$e)", "(-$e)", "($e ? $e : $e)",
        "($e && $e)", "($e || $e)", "($e ?? $e)", "($v[$e] ?? $e)", "($e rescue $e)",
        "$v[$e]", "xs[$e]", "h[$e]", 'h["n"]', "$v.$m", "$v.$m", "$v&.$m", "($e).$m()", "($e)&.$m",
        '"<#{$e}|#{$e}>"', '"#{$v}"', "str($e)", "[$e, $e]", "[...$e, $e]", "[$e for x in $e]",
        "[$e for x in $e if $e]", "{ ($e): $e for y in xs }", '{ k: $e for y in $e if $e }',
        '{ "name": $e, n: $e }', "{ ($e): $e }", "{ a:, b: }",
        "count($e)", "swap($e)", "swap($e, q: $e)", "swap(q: $e, p: $e)", "inner($e)", "rec($e)",
        "deep($e)", "mix($e) { |x| $e }", "mix($e, $e, &g)", "typed($e)", "adder($e)($e)", "idle",
        "idle()", "kept($e)", "guard($e)", "g($e)", "$v($e)", "($e)($e)",
        "xs.push($e)", "$v.push($e)", "$v.include?($e)", "$v.get($e)", "$v.join($e)",
        "xs.$k($block)", "ys.$k($block)", "$v.$k($block)", "many.$k($block)", "h.map |k, q| $e end",
        "xs.reduce(fn(x, y) { $e }, $e)", "xs.sort(|x, y| $e)",
        "Thing.new($e)", "new Thing($e)", "Thing.make($e)", "Thing.TOP", "Thing::TOP",
        "Sub.new($e)",
        "new Sub::Inner()", "Sub.shared($e)", "new Sub($e).add($e)", "Sub.new($e).mixed($e)",
        "Sub.new($e).each_twice(xs)", "Thing.new($e).over(xs)", "thing.add($e)",
        "thing.run($e) { |x| $e }",
        "thing.send(\"add\", $e)", "thing.anything($e)", "thing.grow", "thing.run($e)",
        "Shape.Circle($e).area", "Shape.Dot", "Shape.Box($e, h: 2).area", "Shape.Dot.area",
        "lib.twice($e)", "twice($e)", "lucky", "lib.Far.new($e).n",
        "($e |> count)", "($e |> swap($e))", "($e |> fn(x) { $e })", "($e |> map(fn(x) { $e }))",
        "fn(x) { $e }", "(fn(x) { $e })($e)", "(fn() { $s\n$e })()", "(|x, y| $e)",
        "{ let own = $e\n$s\nown }", "{ if $e\n$s\nend\n$e }", "(match $e { $arms })",
        "(match $v { $arms })",
        "(match [$e, $e] { $arms })", "(match { name: $e, n: $e } { $arms })",
        "($t = $e)", "($t $c= $e)", "$t++", "$t--", "thing.n++", "(thing.m $c= $e)", "(h.n = $e)",
        "this", "this.n", "@n", "@m", "super.add($e)", "super.twice", "super.mixed($e)",
        'defined("$t")', "`ls #{$e}`", '@sdbql{ FOR d IN #{a} RETURN d }', "next()",
    ],
    "line": [
        "print($e)", "print($e)", "print $v", "print($e) if $e", "print($e) unless $e",
        "$t = $e", "$t = $e", "$t = $e", "$t $c= $e", "$t $c= $e", "$t++", "let own = $e",
        "let y: Int = $e", "let w", "const fixed = $e", "$v[$e] = $e", "h[$e] = $e",
        "xs[$e] $c= $e",
        "thing.n = $e", "thing.m $c= $e", "@n = $e", "$v.n = $e", "h.name = $e", "swap($e) = $e",
        "$e", "$e", "$e", "$v", "xs << $e",
    ],
    "leave": [
        "return", "return $e", "return $e if $e", "break", "break if $e", "next", "next if $e",
        "throw $e", "throw \"t\" if $e", "throw new Fail($e)", "$e && next", "$e || next", "return",
        "throw Error.new($e)", "throw TypeError.new(\"own\")",
    ],
    "nested": [
        "if $e\n$s\nend", "if $e\n$s\nelse\n$s\nend", "if $e\n$s\nelsif $e\n$s\nelse\n$s\nend",
        "unless $e\n$s\nelse\n$s\nend", "w = 0\nwhile w < 3\nw += 1\n$s\nend",
        "while $e\n$s\nbreak if $e\nend", "for x in xs\n$s\nend", "for x, y in $e\n$s\nend",
        "for x in 0..3\n$s\nend", "for x in $e..$e\n$s\nend",
        "for y in [$e, $e]\nown = y\ng = fn(x) { own = own\n[x, y, own] }\n$s\nend",
        "xs.$k $trail", "$v.$k $trail", "3.times $trail", "many.$k $trail", "many.$k $short",
        "table.$p $short", "40.times $short", "mix($e) $trail",
        "thing.run($e) $trail",
        "try\n$s\ncatch e\n$s\nend", "try\n$s\ncatch e\nprint(e)\nend", "try\n$s\nfinally\n$s\nend",
        "try\n$s\ncatch TypeError e\n$s\ncatch Fail w\n$s\nend",
        "begin\n$s\nrescue e\n$s\nensure\n$s\nend", "try\n$s\ncatch\n$s\nfinally\n$s\nend",
        "{ let own = $e\n$s\n}", "match $e { $arms }", "def own(p, q = $e)\n$s\n$e\nend",
        "def helper(n)\n$s\nhelper(n - 1) if n > 0\nend\nhelper(2)",
        "g = fn(x)\n$s\n$e\nend",
        "class Own\nx: Any = $e\nnew()\n$s\nend\ndef n\n$e\nend\nend\nprint(Own.new().n)",
    ],
}  # fmt: skip

GUARDED = 'try\n$s\ncatch e\nprint("caught " + str(e))\nend'
DEEPEST = 4
_PART = re.compile(r"\$(\w+)")
_WORD = re.compile(r"\w+")


class Writer:
    """Fills in templates by chance."""

    def __init__(self, chance: random.Random, size: int = 4) -> None:
        self._chance = chance
        self._size = size

    def program(self) -> str:
        """A program: what it mentions is defined, save for some of it, and not all before use."""
        lines = [self._top() for _ in range(self._chance.randrange(1, self._size))]
        body = "\n".join(lines)
        defined: dict[str, str] = {}
        self._define(body, defined)
        if self._chance.random() < 0.1:
            body += "\n" + self._fill("export let exported = $e", 2)
        return "\n".join([*(defined[name] for name in sorted(defined, key=_rank)), body, ""])

    def _define(self, text: str, defined: dict[str, str]) -> None:
        """Add what *text* mentions, and what that mentions, to *defined*."""
        pending = [text]
        while pending:
            words = set(_WORD.findall(pending.pop()))
            for name in sorted({ALIASES.get(word, word) for word in words} - set(defined)):
                template = DEFINED.get(name) or VARIABLES.get(name) or LAST.get(name)
                left_out = 0.5 if name in OFTEN_UNSET else 0.02
                if template is None or self._chance.random() < left_out:
                    continue
                defined[name] = self._fill(template, DEEPEST - 1)
                pending.append(defined[name])

    def _top(self) -> str:
        if self._chance.random() < 0.6:
            return self._fill(GUARDED, 0)
        return self._statement(0)

    def _fill(self, template: str, depth: int) -> str:
        return _PART.sub(lambda found: self._part(found[1], depth + 1), template)

    def _part(self, kind: str, depth: int) -> str:
        if kind == "s":
            count = self._chance.randrange(1, 3)
            return "\n".join(self._statement(depth) for _ in range(count))
        if kind == "e" and (depth > DEEPEST or self._chance.random() < 0.4):
            kind = "leaf"
        if kind in ("pattern", "arms") and depth > DEEPEST + 2:
            return "_" if kind == "pattern" else "_ => 1"
        return self._fill(self._chance.choice(CHOICES[kind]), depth)

    def _statement(self, depth: int) -> str:
        toss = self._chance.random()
        if toss < 0.12:
            return self._fill(self._chance.choice(CHOICES["leave"]), depth)
        is_nested = depth < DEEPEST and toss < 0.5
        return self._fill(self._chance.choice(CHOICES["nested" if is_nested else "line"]), depth)


def _rank(name: str) -> tuple[int, str]:
    if name in LAST:
        return (len(ORDER) + 1, name)
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)
