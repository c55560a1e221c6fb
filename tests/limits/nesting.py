"""Everything that can stand inside itself, as a source text of any depth."""

from __future__ import annotations

from collections.abc import Callable

Text = Callable[[int], str]
"""Levels -> a program with so many of the construct inside each other."""

DEFINITIONS = "xs = [ 0 ]\ndef f(x = 0)\n  x\nend\n"


def around(opening: str, closing: str = "", innermost: str = "1", before: str = "") -> Text:
    return lambda levels: before + opening * levels + innermost + closing * levels


def given(opening: str, closing: str = "", innermost: str = "1") -> Text:
    """The same in a program that defines `xs` and `f`."""
    return around(opening, closing, innermost, DEFINITIONS)


def patterns(opening: str, closing: str) -> Text:
    def text(levels: int) -> str:
        return f"match 1 {{ {opening * levels}a{closing * levels} => a, _ => 2 }}"

    return text


def numbered(opening: str, closing: str) -> Text:
    """Each level under a name of its own."""
    return lambda levels: "".join(opening.format(n) for n in range(levels)) + closing * levels


CONSTRUCTS: dict[str, Text] = {
    # values
    "parentheses": around("(", ")"),
    "arrays": around("[ ", " ]"),
    "hashes": around('{ "a": ', " }"),
    "spreads": around("[ ...", " ]", "[ ]"),
    "array comprehensions": around("[ ", " for x in [ 1 ] ]"),
    "iterables of comprehensions": around("[ x for x in ", " ]", "[ 1 ]"),
    "conditions of comprehensions": around("[ x for x in [ 1 ] if ", " ]", "true"),
    "hash comprehensions": around('{ "k": ', " for x in [ 1 ] }"),
    "interpolations": around('"#{', '}"'),
    "sums in interpolations": around('"a#{"b" + ', '}"', '"c"'),
    "blocks for values": around("x = { y = ", " }"),
    # operators
    "not": around("!", innermost="true"),
    "negation": around("- "),
    "sums in parentheses": around("(1 + ", ")"),
    "operators of two levels": around("(1 + 0 * ", ")"),
    "null coalescing": around("(null ?? ", ")"),
    "rescue": around("1 rescue "),
    "pipelines": given("(", " |> f())"),
    "conditionals": around("true ? ", " : 2"),
    "conditionals after the colon": around("false ? 2 : "),
    "assignments": around("x = "),
    "assignments in parentheses": around("(x = ", ")"),
    "compound assignments": around("(x += ", ")", before="x = 1\n"),
    # calls
    "indexes": given("xs[", "]", "0"),
    "calls": given("f(", ")"),
    "calls without parentheses": given("f "),
    "named arguments": given("f(x: ", ")"),
    "calls of builtins": around("str(", ")"),
    "method calls": given("xs.index_of(", ")"),
    "new": around("new A(", ")", before="class A\nnew(x)\n@x = x\nend\nend\n"),
    "chains of members": around("", "&.a", "x", before="x = null\n"),
    # functions
    "lambdas": around("|a| ", before="x = "),
    "lambdas in braces": around("|a| { ", " }", before="x = "),
    "lambdas with end": around("|a|\n", "\nend", before="x = "),
    "fn": around("fn(a) { ", " }", before="x = "),
    "lambdas that return lambdas": around("fn(a) { return ", " }", before="x = "),
    "lambdas assigned in lambdas": around("fn(a) { y = ", " }", before="x = "),
    "lambdas in arguments": given("f(fn(a) { ", " })"),
    "lambdas in arguments of methods": given("xs.map(|a| ", ")"),
    "lambdas in hashes": around('{ "a": |b| ', " }", before="x = "),
    "lambdas in conditions": around("fn(a) { if true\n", "\nend }", before="x = "),
    "defaults of parameters": around("fn(a = ", ") { 1 }", before="x = "),
    "blocks": given("xs.each do |a|\n", "\nend"),
    "blocks in braces": given("xs.each { |a| ", " }"),
    "blocks without do": given("xs.each |a|\n", "\nend"),
    "blocks in arguments": given("f(xs.map do |a|\n", "\nend)"),
    "def": around("def g(a, b = 1)\n", "\nend"),
    # declarations
    "classes": numbered("class A{}\n", "end\n"),
    "classes in braces": numbered("class A{} {{\n", "}\n"),
    "modules": numbered("module A{}\n", "end\n"),
    "classes in methods": around("class A\ndef m\n", "\nend\nend"),
    "static blocks": around("class A\nstatic {\n", "\n}\nend"),
    # statements
    "if": around("if true\n", "\nend"),
    "if in braces": around("if (true) {\n", "\n}"),
    "else": around("if false\n2\nelse\n", "\nend"),
    "elsif": around("elsif false\n2\n", "", "end", before="if false\n2\n"),
    "unless": around("unless false\n", "\nend"),
    "while": around("while true\n", "\nbreak\nend"),
    "for": around("for x in [ 1 ]\n", "\nend"),
    "for in braces": around("for (x in [ 1 ]) {\n", "\n}"),
    "try": around("try\n", "\ncatch e\n2\nend"),
    "catch": around("try\nthrow 1\ncatch e\n", "\nend"),
    "finally": around("try\n2\nfinally\n", "\nend"),
    "begin": around("begin\n", "\nrescue e\n2\nend"),
    # match
    "arms of match": around("match 1 { 1 => ", " }"),
    "match with end": around("match 1\n1 => ", "\nend"),
    "subjects of match": around("match (", ") { a => a }"),
    "guards of match": around("match 1 { a if ", " => true }", "true"),
    "blocks in arms": around("match 1 { 1 => { x = 1\n", " } }"),
    "array patterns": patterns("[ ", " ]"),
    "hash patterns": patterns("{ k: ", " }"),
}


def joined(operator: str, term: str = "x", before: str = "x = 1\n") -> Text:
    return lambda terms: before + f" {operator} ".join([term] * terms)


FLAT: dict[str, Text] = {
    "sums": joined("+"),
    "sums of products": joined("+", "x * 2"),
    "sums of calls": joined("+", "f(1)", DEFINITIONS),
    "differences": joined("-", "1.5"),
    "texts": joined("+", '"a"'),
    "and": joined("&&", "x == 1"),
    "and, as a condition": lambda terms: f"x = 1\nif {joined('&&', 'x > 0', '')(terms)}\n2\nend",
    "or": joined("||", "x == 2"),
    "or of and": joined("||", "x > 2 && x < 1"),
    "null coalescing": joined("??", "null"),
    "comparisons": joined("=="),
    "items": joined("<<", before="x = []\nx << "),
    "sums in functions": lambda terms: f"def g(x)\n{joined('+', before='')(terms)}\nend\ng(1)",
}
"""What goes on to the right: of any length it is a program, and nothing is nested in it."""
