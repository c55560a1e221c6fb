"""Programs that are large in one way: in lines, literals, parameters, arms, operators, levels.

Every one of them is a program that means something: `answer()` gives `ANSWER`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

ANSWER = 7
Text = Callable[[int], str]
"""Size -> a program of that size."""


def function(lines: Iterable[str], before: str = "", result: str = "7") -> str:
    body = "\n".join(lines)
    return f"{before}def answer\nx = 0\n{body}\n{result}\nend\n"


def repeated(line: str, before: str = "", result: str = "7") -> Text:
    """A function with so many lines; `$` in them is their number."""
    return lambda size: function((line.replace("$", str(n)) for n in range(size)), before, result)


def chain(first: str, link: str, before: str = "", last: str = "") -> Text:
    """A function with one expression of so many links."""
    return lambda size: function([f"y = {first}{link * size}{last}"], before)


def listed(opening: str, item: str, closing: str, before: str = "") -> Text:
    """A function with one list of so many items."""
    return lambda size: function(
        ["y = " + opening + ", ".join(item.replace("$", str(n)) for n in range(size)) + closing],
        before,
    )


def _parameters(call: Text) -> Text:
    def text(size: int) -> str:
        names = ", ".join(f"p{n}" for n in range(size))
        return function([call(size)], f"def f({names})\np0 + p{size - 1}\nend\n")

    return text


def _arms(arm: str, last: str = "_ => 7") -> Text:
    def text(size: int) -> str:
        arms = ", ".join(arm.replace("$", str(n)) for n in range(1, size + 1))
        return function([f"y = match x {{ {arms}, {last} }}"], result="y")

    return text


def _elsifs(size: int) -> str:
    more = "\n".join(f"elsif x == {n + 1}\n{n}" for n in range(size))
    return f"def answer\nx = 0\nif x == -1\n1\n{more}\nelse\n7\nend\nend\n"


def _handlers(size: int) -> str:
    more = "\n".join(f"catch Error{n} e\n1" for n in range(size))
    return function([f'y = 1\ntry\nthrow "t"\n{more}\ncatch e\ny = 7\nend'], result="y")


def _methods(size: int) -> str:
    methods = "\n".join(f"def m{n}\n@n + {n}\nend" for n in range(size))
    return f"class A\nn: Int = 7\n{methods}\nend\n" + function([], result="A.new().m0")


def _fields(size: int) -> str:
    fields = "\n".join(f"f{n}: Int = {n}" for n in range(size))
    return f"class A\n{fields}\nend\n" + function([], result="A.new().f7")


def _functions(size: int) -> str:
    return "".join(f"def f{n}\n{n}\nend\n" for n in range(size)) + function([], result="f7()")


def _variants(size: int) -> str:
    return (
        "enum E\n"
        + "\n".join(f"V{n}(a)" for n in range(size))
        + "\nend\n"
        + function([], result="E.V7(7).a")
    )


def _captured(size: int) -> str:
    lines = [f"v{n} = {n}" for n in range(size)]
    seen = ", ".join(f"v{n}" for n in range(size))
    return function([*lines, f"f = fn() {{ [{seen}] }}", "y = f()", "v7 = v7"], result="v7")


def _lines_in_loop(size: int) -> str:
    lines = "\n".join(f"x += {n}\nnext if x == -{n + 1}" for n in range(size))
    return function([f"for i in 0..2\n{lines}\nend"])


CHAIN = 500
"""Links of one expression: twelve more, and the parser refuses it."""

SIZES: dict[str, tuple[Text, int]] = {
    "lines": (repeated("x += $"), 10_000),
    "lines that print": (repeated("str(x)"), 3_000),
    "lines of conditions": (repeated("x = 1 if x == $"), 3_000),
    "lines of returns": (repeated("return $ if x == $ + 1", result="7"), 3_000),
    "lines of members": (repeated("h.n += $", "h = {n: 1}\n"), 1_000),
    "lines in a loop": (_lines_in_loop, 1_500),
    "variables": (repeated("v$ = $"), 4_000),
    "captured variables": (_captured, 1_500),
    "loops": (repeated("for i in 0..1\nx += i\nend"), 1_500),
    "tries": (repeated("try\nx += 1\ncatch e\nx = 2\nend"), 1_000),
    "lambdas": (repeated("f = fn(k) { k + x }"), 1_500),
    "blocks": (repeated("[1].each |k|\nx += k\nend"), 1_000),
    "matches": (repeated("x = match x { 0 => 1, _ => 0 }"), 2_000),
    "comprehensions": (repeated("y = [k for k in [x]]"), 2_000),
    "numbers in an array": (listed("[", "$", "]"), 10_000),
    "texts in an array": (listed("[", '"t$"', "]"), 10_000),
    "names in an array": (listed("[", "x", "]"), 10_000),
    "decimals in an array": (listed("[", "$.5D", "]"), 5_000),
    "arrays in an array": (listed("[ ", "[x, $]", "]"), 5_000),
    "spreads": (listed("[", "...[$]", "]"), 3_000),
    "entries": (listed("{", "k$: $", "}"), 10_000),
    "entries with values for keys": (listed("{", "(x + $): $", "}"), 2_000),
    "interpolations": (lambda size: function(['y = "' + "#{x} " * size + '"']), 999),
    "parameters": (_parameters(lambda size: f"f({', '.join('1' * size)})"), 2_000),
    "named arguments": (
        _parameters(lambda size: f"f({', '.join(f'p{n}: 1' for n in reversed(range(size)))})"),
        2_000,
    ),
    "defaults": (
        lambda size: function(
            ["y = f()"],
            f"def f({', '.join(f'p{n} = {n}' for n in range(size))})\np7\nend\n",
            "y",
        ),
        2_000,
    ),
    "parameters of a lambda": (
        lambda size: function(
            [
                f"f = fn({', '.join(f'p{n}' for n in range(size))}) {{ p7 }}",
                f"y = f({', '.join('7' * size)})",
            ],
            result="y",
        ),
        2_000,
    ),
    "arms": (_arms("$ => $"), 3_000),
    "arms with guards": (_arms("n if n == $ => n"), 1_500),
    "arms of arrays": (_arms("[$, a] => a"), 2_000),
    "arms of hashes": (_arms("{k$: a} => a"), 2_000),
    "elsifs": (_elsifs, 160),
    "handlers": (_handlers, 2_000),
    "sum": (chain("1", " + 1"), CHAIN),
    "sum of names": (chain("x", " + x"), CHAIN),
    "sum of calls": (chain("x", " + f()", "def f\n1\nend\n"), CHAIN),
    "text": (chain('""', ' + "t"'), CHAIN),
    "and": (chain("true", " && true"), CHAIN),
    "or": (chain("false", " || x"), CHAIN),
    "null coalescing": (chain("null", " ?? null"), CHAIN),
    "comparisons": (chain("1", " == 1"), CHAIN),
    "conditionals": (chain("", "x ? 1 : ", last="2"), CHAIN),
    "rescues": (chain("1", " rescue 1"), CHAIN),
    "assignments": (chain("", "z = ", last="1"), CHAIN),
    "pipeline": (chain("1", " |> f()", "def f(p)\np\nend\n"), CHAIN),
    "members": (chain("1", ".abs"), CHAIN),
    "safe members": (chain("null", "&.abs"), CHAIN),
    "method calls": (chain("1", ".abs()"), CHAIN // 2),
    "indexes": (chain("a", "[0]", "a = [1]\na[0] = a\n"), CHAIN),
    "calls of results": (chain("f", "(1)", "f = null\nf = fn(p) { f }\n"), CHAIN),
    "chain of blocks": (chain("[1]", ".map { |k| k }"), CHAIN // 4),
    "pushes": (chain("[]", " << 1"), CHAIN),
    "nots": (chain("", "!", last="true"), 500),
    "methods": (_methods, 3_000),
    "fields": (_fields, 2_000),
    "functions": (_functions, 5_000),
    "variants": (_variants, 2_000),
}
"""Name -> (program, the size at which it is tried)."""


def nested(opening: str, closing: str, innermost: str = "x += 1", before: str = "") -> Text:
    """A function with so many levels; `$` in *opening* is the level."""
    return lambda levels: function(
        [*(opening.replace("$", str(n)) for n in range(levels)), innermost, *[closing] * levels],
        before,
    )


def _mixed(levels: int) -> str:
    """Everything that a block of Python's could stand for, inside each other."""
    pieces = [
        ("for i$ in [1]", "end"),
        ("try", "catch e\nx -= 1\nfinally\nx += 1\nend"),
        ("w$ = 0\nwhile w$ < 1\nw$ += 1", "end"),
        ("if x >= 0", "else\nx = 0\nend"),
        ("[1].each |k$|", "end"),
        ("try\nthrow 1\ncatch e", "end"),
    ]
    opened = [pieces[n % len(pieces)][0].replace("$", str(n)) for n in range(levels)]
    closed = [pieces[n % len(pieces)][1] for n in reversed(range(levels))]
    return function([*opened, "x += 1", *closed])


NESTED: dict[str, Text] = {
    "for": nested("for i$ in [1]", "end"),
    "for over ranges": nested("for i$ in 0..1", "end"),
    "for with captured variables": nested("for i$ in [1]\nf = fn() { i$ }", "end"),
    "while": nested("w$ = 0\nwhile w$ < 1\nw$ += 1", "end"),
    "if": nested("if x >= 0", "end"),
    "if with else": nested("if x < 0\nx = 1\nelse", "end"),
    "try": nested("try", "catch e\nx = 0\nend"),
    "catch": nested("try\nthrow $\ncatch e", "end"),
    "catch with a type": nested("try\nthrow $\ncatch Error e\n1\ncatch e", "end"),
    "finally": nested("try", "finally\nx += 1\nend"),
    "in finally": nested("try\nx += 1\nfinally", "end"),
    "return in finally": nested("try", "finally\nreturn 7 if x > 10\nend", "x = 11"),
    "blocks": nested("[1].each |k$|", "end"),
    "lambdas": nested("f$ = fn(k$) {", "}\nx += 1"),
    "lambdas called": nested("(fn(k$) {", "})(1)"),
    "captured through lambdas": nested("(fn(k$) {", "})(1)", "x = k0 + x"),
    "functions": nested("def g$(k)", "end"),
    "matches": nested("match x { n$ => {\nlet m$ = 1", "} }"),
    "comprehensions": lambda levels: function(
        ["y = " + "[ " * levels + "1" + " for k in [1] ]" * levels]
    ),
    "block expressions": nested("y = {\nlet l$ = 1", "}", "x"),
    "bare blocks": nested("{\nlet l$ = 1", "}"),
    "mixed": _mixed,
}
"""Name -> function with so many blocks inside each other, on one path or on each."""
