"""Which trees statements become, and where they end (docs/spec §1.9, §2.1-2.4)."""

from __future__ import annotations

import pytest

from ..shapes import shape

LINES = [
    ("a\nb", "a; b"),
    ("a; b;", "a; b"),
    ("x = 5\n-3", "(= x 5); (- 3)"),
    ("x = 5\n- 3", "(= x (- 5 3))"),
    ("log\n(x)", "log; x"),
    ("log\n[1]", "log; [1]"),
    ("f()\n{ |v| v }", "(f); (BlockStmt fn{|v|v})"),
    ("x\n  .y\n  .z", "x.y.z"),
    ("x\n  &.y", "x&.y"),
    ("A\n  ::B", "A::B"),
    ("x\n  |> f", "(|> x f)"),
    ("a\n  && b\n  || c", "(|| (&& a b) c)"),
    ("a\nand b", "(&& a b)"),
    ("a\n?? b", "(?? a b)"),
    ("a\n+ b", "(+ a b)"),
    ("x = c\n  ? a\n  : b", "(= x (? c a b))"),
    ("x =\n 5", "(= x 5)"),
    ("f(\n 1,\n 2\n)", "(f 1 2)"),
    ("[\n 1,\n 2,\n]", "[1 2]"),
    ("(1\n+ 2)", "(+ 1 2)"),
    ("x = 1 + # comment\n 2", "(= x (+ 1 2))"),
    ("a /* b\n c */ d", "a; d"),
    ("x.y\n# comment\n.z", "x.y.z"),
    ("return\n5", "(Return None); 5"),
    ("if a end b", "(If a  None); b"),
    ("print 1\nprint 2", "!(print 1); !(print 2)"),
    ("a rescue b", "(rescue a b)"),
    ("def f\n(x)\nend", "def f{||x}"),
]


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_where_a_line_break_ends_a_statement(text: str, expected: str) -> None:
    """It does when what stands before can end one and what follows cannot go on (§1.9)."""
    assert shape(text) == expected


IFS = [
    ("if a\n b\nend", "(If a b None)"),
    ("if a then b end", "(If a b None)"),
    ("if a then b else c end", "(If a b c)"),
    ('if 1 print("t") end', "(If 1 (print 't') None)"),
    ("if a { b } else { c }", "(If a b c)"),
    ("if a\n b\nelsif c\n d\nelse\n e\nend", "(If a b (If c d e))"),
    ("if a\n b\nelse if c\n d\nend", "(If a b (If c d None))"),
    ("if a { b } else if c { d } else { e }", "(If a b (If c d e))"),
    ("if a { b }\nelse { c }", "(If a b c)"),
    ("if a {}", "(If a  None)"),
    ("if a\n {}\nend", "(If a {} None)"),
    ("if a { x: 1 } end", "(If a {'x': 1} None)"),
    ("unless a\n b\nelsif c\n d\nend", "(If (! a) b (If c d None))"),
    ("x if a", "(If a x None)"),
    ("x unless a", "(If (! a) x None)"),
    ("return if a", "(If a (Return None) None)"),
    ("return { a: 1 } if b", "(If b (Return {'a': 1}) None)"),
    ("break if a", "(If a (Break) None)"),
    ("next if a", "(If a next None)"),
    ('throw "x" unless a', "(If (! a) (Throw 'x') None)"),
    ("if a &&\n b\n c\nend", "(If (&& a b) c None)"),
    ("if a\n && b\n c\nend", "(If (&& a b) c None)"),
    ("if a\n -x\nend", "(If a (- x) None)"),
    ("if xs.any? { |x| x }\n 1\nend", "(If (xs.any? &fn{|x|x}) 1 None)"),
    ("if f(x) { y }", "(If (f x) y None)"),
    ("if (a) { b }", "(If a b None)"),
    ("if a { b } c", "(If a b None); c"),
]


@pytest.mark.parametrize(("text", "expected"), IFS)
def test_conditionals(text: str, expected: str) -> None:
    """All forms of `if` and `unless` (docs/spec §2.3, §2.3)."""
    assert shape(text) == expected


def test_a_brace_if_leaves_the_end_of_what_encloses_it() -> None:
    """The `end` after `if c { }` closes the function (docs/spec §2.3)."""
    assert shape("def f\n if c { x }\nend\ny") == "def f{||(If c x None)}; y"


def test_an_end_below_a_brace_if_belongs_to_it() -> None:
    """Programs written when `if c { } end` was needed still run."""
    text = "def f\n  if c { x }\n  end\n  y\nend"
    assert shape(text) == "def f{||(If c x None); y}"


def test_an_end_after_a_brace_if_at_the_top_is_its_own() -> None:
    """Nothing else could want it."""
    assert shape("if c { x } end\ny") == "(If c x None); y"


LOOPS = [
    ("while i < 3\n i += 1\nend", "(While (< i 3) (+= i 1))"),
    ("while (i < 2) { i += 1 }", "(While (< i 2) (+= i 1))"),
    ("while i < 3 i += 1 end", "(While (< i 3) (+= i 1))"),
    ("for x in xs\n y\nend", "(For 'x' None xs y)"),
    ("for x, i in xs { y }", "(For 'x' 'i' xs y)"),
    ("for (x in 0..2) { y }", "(For 'x' None (.. 0 2) y)"),
    ("for (x, i in xs)\n y\nend", "(For 'x' 'i' xs y)"),
    ("for x in f() { y }", "(For 'x' None (f) y)"),
    ("for i in 0..3 f(i) end", "(For 'i' None (.. 0 3) (f i))"),
]


@pytest.mark.parametrize(("text", "expected"), LOOPS)
def test_loops(text: str, expected: str) -> None:
    """`while` and `for`, with braces or `end` (docs/spec §2.3)."""
    assert shape(text) == expected


TRIES = [
    ("try\n a\ncatch e\n b\nend", "(Try a [(Handler None 'e' b)] None)"),
    ("try\n a\ncatch E e\n b\nend", "(Try a [(Handler 'E' 'e' b)] None)"),
    ("try\n a\ncatch (E e)\n b\nend", "(Try a [(Handler 'E' 'e' b)] None)"),
    ("try\n a\ncatch\n b\nend", "(Try a [(Handler None None b)] None)"),
    ("try { a } catch (e) { b } finally { c }", "(Try a [(Handler None 'e' b)] c)"),
    ("begin\n a\nrescue e\n b\nensure\n c\nend", "(Try a [(Handler None 'e' b)] c)"),
    ("try\n a rescue 1\nrescue e\n b\nend", "(Try (rescue a 1) [(Handler None 'e' b)] None)"),
    (
        "try\n a\nrescue A e\n b\nrescue e\n c\nend",
        "(Try a [(Handler 'A' 'e' b) (Handler None 'e' c)] None)",
    ),
    ("try f() catch e print(e) end", "(Try (f) [(Handler None 'e' (print e))] None)"),
]


@pytest.mark.parametrize(("text", "expected"), TRIES)
def test_tries(text: str, expected: str) -> None:
    """Handlers in all spellings; a `rescue` that begins a line of a `try` is one (§1.9)."""
    assert shape(text) == expected


FUNCTIONS = [
    ("def f(a, b)\n a\nend", "def f{|a b|a}"),
    ("def f x end", "def f{||x}"),
    ("def f() end", "def f{||}"),
    ("def f() {}", "def f{||}"),
    ("def f()\n {}\nend", "def f{||{}}"),
    ("def f(x) x + 1 end", "def f{|x|(+ x 1)}"),
    ("def f(x) { x }", "def f{|x|x}"),
    ("def f(x) do\n x\nend", "def f{|x|x}"),
    ("def f()\n{\n x\n}", "def f{||x}"),
    ("def f(a: Int, b: Int[]? = 2, &c) -> Int? a end", "def f{|a:Int b:Int[]?=2 &c|->Int? a}"),
    ("def f(a: fn(Int, A[]) -> B) a end", "def f{|a:fn(Int, A[]) -> B|a}"),
    ("fn go!() 5 end", "def go!{||5}"),
]


@pytest.mark.parametrize(("text", "expected"), FUNCTIONS)
def test_functions(text: str, expected: str) -> None:
    """Headers and bodies of functions (docs/spec §2.4, §2.6)."""
    assert shape(text) == expected


BINDINGS = [
    ("let x", "(Let 'x' None None)"),
    ("let x: Int = 5", "(Let 'x' Int 5)"),
    ("let x: String?", "(Let 'x' String? None)"),
    ("const K: Int = 1", "(Const 'K' Int 1)"),
    ("{\n let x = 1\n}", "(BlockStmt (Let 'x' None 1))"),
    ('{ "send": 1 }', "{'send': 1}"),
    ("{ end: 1 }", "{'end': 1}"),
    ("{ :a => 1 }", "{:a: 1}"),
    ('{ "a#{b}": 1 }', "{(Interpolation ['a' b]): 1}"),
    ("{}", "{}"),
]


@pytest.mark.parametrize(("text", "expected"), BINDINGS)
def test_bindings_and_braces(text: str, expected: str) -> None:
    """`let`, `const`, and what a `{` at the beginning of a statement is (docs/spec §2.6)."""
    assert shape(text) == expected


FILES = [
    ('import "./a"', "(Import './a' None None)"),
    ('import {a, b as c} from "p"', "(Import 'p' [['a' 'a'] ['b' 'c']] None)"),
    ('import * as m from "p"', "(Import 'p' None 'm')"),
    ("export def f() 1 end", "(Export def f{||1})"),
    ("export let x = 1", "(Export (Let 'x' None 1))"),
    ("interface S { def a() -> Int; fn b(x) }", "(InterfaceDecl 'S' ['a' 'b'])"),
    (
        "enum S\n A,\n B(x: Int, y,)\n def q\n  1\n end\nend",
        "(EnumDecl 'S' [(Variant 'A' []) (Variant 'B' [x:Int y])] "
        "[(MethodDecl {||1} False False 'public')])",
    ),
    (
        "enum S { A, B; C }",
        "(EnumDecl 'S' [(Variant 'A' []) (Variant 'B' []) (Variant 'C' [])] [])",
    ),
]


@pytest.mark.parametrize(("text", "expected"), FILES)
def test_declarations_of_files(text: str, expected: str) -> None:
    """Imports, exports, interfaces and enums (docs/spec §2.1)."""
    assert shape(text) == expected


def members(text: str) -> str:
    """Shape of a class whose body is *text*."""
    whole = shape(f"class A\n{text}\nend")
    return whole.removeprefix("(ClassDecl 'A' None [] [").removesuffix("] False)")


MEMBERS = [
    ("x: Int", "(FieldDecl 'x' Int None False False)"),
    ("x: Int = 4", "(FieldDecl 'x' Int 4 False False)"),
    ("class: Int", "(FieldDecl 'class' Int None False False)"),
    ("static x: Int = 1", "(FieldDecl 'x' Int 1 True False)"),
    ("const X = 1", "(FieldDecl 'X' None 1 False True)"),
    ("static const X: Int = 1", "(FieldDecl 'X' Int 1 True True)"),
    ("new(a)\n b\nend", "(MethodDecl {|a|b} False True 'public')"),
    ("def m b end", "(MethodDecl {||b} False False 'public')"),
    ("private def m b end", "(MethodDecl {||b} False False 'private')"),
    ("static def m b end", "(MethodDecl {||b} True False 'public')"),
    ("def self.m b end", "(MethodDecl {||b} True False 'public')"),
    ("class << self\n def m b end\nend", "(MethodDecl {||b} True False 'public')"),
    ("static { this.v = 5 }", "(StaticBlock (= this.v 5))"),
    ("include A, B", "(Mixin 'include' ['A' 'B'])"),
    ("extend(A)", "(Mixin 'extend' ['A'])"),
    ("included do\n f(1)\nend", "(HookBlock 'included' (f 1))"),
    (
        "class_methods do\n def m b end\nend",
        "(ClassMethods [(MethodDecl {||b} False False 'public')])",
    ),
    ('validates "name", presence: true', "(MacroCall !(validates 'name' presence:True))"),
    ("has_many :posts", "(MacroCall !(has_many :posts))"),
    ("soft_delete", "(MacroCall soft_delete)"),
    ("class B\nend", "(ClassDecl 'B' None [] [] False)"),
]


@pytest.mark.parametrize(("text", "expected"), MEMBERS)
def test_members_of_classes(text: str, expected: str) -> None:
    """Everything that may stand in a class body (docs/spec §2.4)."""
    assert members(text) == expected


HEADERS = [
    ("class A end", "(ClassDecl 'A' None [] [] False)"),
    ("class A {}", "(ClassDecl 'A' None [] [] False)"),
    ("class A < B end", "(ClassDecl 'A' 'B' [] [] False)"),
    ("class A extends B implements C, D end", "(ClassDecl 'A' 'B' ['C' 'D'] [] False)"),
    ("class A ~ C end", "(ClassDecl 'A' None ['C'] [] False)"),
    ("module M end", "(ClassDecl 'M' None [] [] True)"),
]


@pytest.mark.parametrize(("text", "expected"), HEADERS)
def test_headers_of_classes(text: str, expected: str) -> None:
    """Superclass and interfaces (docs/spec §2.4)."""
    assert shape(text) == expected
