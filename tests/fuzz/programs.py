"""Random programs that run: what they do is nonsense, but they do it to every kind of value.

Made of templates: `$e` is an expression, `$v` a variable, `$b` a block, `$s` statements, `$o` an
operator, `$m` a member, `$k` a method that takes a block. Names that are set late, never, or by a
function that is called on the way, are among the variables.
"""

from __future__ import annotations

import random
import re

PRELUDE = """class Thing
  new(n)
    this.n = n
    this.name = "thing"
  end
  def twice
    this.n + this.n
  end
  def add(k)
    this.n + k
  end
  def grow
    this.n = this.n + 1
  end
  def over(items)
    items.map(|x| x + this.n)
  end
end
a = 3
b = 4
s = "str"
xs = [1, 2, 3]
ys = [5, "b", null, 2.5]
h = { "name": "hash", "n": 9 }
things = [Thing.new(1), Thing.new(2), { "name": "no thing", "n": 3 }]
def count(p)
  a = a + 1
  p
end
def swap(p)
  xs = [9, 8]
  p + 1
end
def inner(p)
  total = 0
  p.each |x|
    total += x
  end
  total
end
"""

GUARDED = 'try\n$s\ncatch e\nprint("caught " + str(e))\nend'
LAST = "late = 1\nprint(a, b, s, xs, ys, h, things)\n"

CHOICES = {
    "v": ["a", "b", "s", "xs", "ys", "h", "things", "x", "x", "q", "late", "count"],
    "o": ["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "??"],
    "m": ["length", "upcase", "name", "n", "twice", "to_s", "trim", "first", "sum", "empty?"],
    "k": ["map", "filter", "reject", "find", "any?", "all?", "each", "each_with_index", "flat_map"],
    "b": ["|x| $e", "|q| $e", "fn(x) { $e }", "&:$m"],
    "leaf": ["0", "2", "-1", "7", "1.5", '"t"', "true", "null", "$v", "$v", "$v", "$v"],
    "e": [
        "($e $o $e)", "($e $o $e)", "($e $o $e)", "(!$e)", "($e ? $e : $e)",
        "$v[$e]", "xs[$e]", "h[$e]", '"<#{$e}|#{$e}>"', "str($e)", "$v.$m", "$v.$m", "($e).$m()",
        "[$e, $e]", '{ "name": $e, "n": $e }', "count($e)", "swap($e)", "inner($e)",
        "xs.push($e)", "ys.push($e)", "$v.include?($e)", "$v.has_key($e)", "$v.get($e)",
        "s.starts_with?($e)", "$v.join($e)", "xs.$k($b)", "things.$k($b)", "ys.$k($b)",
        "Thing.new($e).twice", "Thing.new($e).over(xs)", "things[1].grow", "things[0].add($e)",
    ],
    "line": [
        "print($e)", "print($e)", "print($e) if $e", "a = $e", "b += $e", "s = $e", "xs = $e",
        "h[$e] = $e", "xs[$e] = $e", "things[0].n = $e", "late2 -= $e", "$e",
    ],
    "nested": [
        "if $e\n$s\nelse\n$s\nend", "w = 0\nwhile w < 3\nw += 1\n$s\nend", "for x in xs\n$s\nend",
        "xs.$k |x|\n$s\n$e\nend", "things.$k |q|\n$s\nnext if $e\n$e\nend",
        "b = ys.$k |x|\nown = $e\n$s\nown\nend", GUARDED,
    ],
}  # fmt: skip

MAX_DEPTH = 4


class Writer:
    """Fills in templates by chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def program(self) -> str:
        """A program whose statements cannot end it."""
        lines = [self._fill(GUARDED, 0) for _ in range(self._chance.randrange(4, 10))]
        return PRELUDE + "\n".join(lines) + "\n" + LAST

    def _fill(self, template: str, depth: int) -> str:
        return re.sub(r"\$(\w)", lambda found: self._part(found[1], depth + 1), template)

    def _part(self, kind: str, depth: int) -> str:
        if kind == "s":
            count = self._chance.randrange(1, 3)
            return "\n".join(self._statement(depth) for _ in range(count))
        if kind == "e" and (depth > MAX_DEPTH or self._chance.random() < 0.35):
            kind = "leaf"
        return self._fill(self._chance.choice(CHOICES[kind]), depth)

    def _statement(self, depth: int) -> str:
        is_nested = depth < MAX_DEPTH and self._chance.random() < 0.5
        return self._fill(self._chance.choice(CHOICES["nested" if is_nested else "line"]), depth)
