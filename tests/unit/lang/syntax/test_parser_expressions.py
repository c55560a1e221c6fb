"""Which trees expressions become (docs/spec §2.5-2.7, §4.4, §4.10-4.14)."""

from __future__ import annotations

import pytest

from ..shapes import shape

OPERATORS = [
    ("a + b * c", "(+ a (* b c))"),
    ("a - b - c", "(- (- a b) c)"),
    ("a + b << c", "(<< (+ a b) c)"),
    ("x |> f + 1", "(|> x (+ f 1))"),
    ("x |> f |> g", "(|> (|> x f) g)"),
    ("a < b |> f", "(< a (|> b f))"),
    ("a < b < c", "(< (< a b) c)"),
    ("1..n + 1", "(.. 1 (+ n 1))"),
    ("a == b < c", "(== a (< b c))"),
    ("a && b == c", "(&& a (== b c))"),
    ("a || b && c", "(|| a (&& b c))"),
    ("a or b and c", "(|| a (&& b c))"),
    ("a ?? b || c", "(?? a (|| b c))"),
    ("a ? b : c ? d : e", "(? a b (? c d e))"),
    ("a ?? b ? c : d", "(? (?? a b) c d)"),
    ("x = y = 3", "(= x (= y 3))"),
    ("x = a ? b : c", "(= x (? a b c))"),
    ("x = a rescue b", "(= x (rescue a b))"),
    ("a rescue b rescue c", "(rescue a (rescue b c))"),
    ("c ? x : y rescue z", "(rescue (? c x y) z)"),
    ("not x == y", "(== (! x) y)"),
    ("-2.abs", "(- 2.abs)"),
    ("!a.b", "(! a.b)"),
    ("- -a", "(- (- a))"),
    ("a - -b", "(- a (- b))"),
    ("x ||= a || b", "(||= x (|| a b))"),
    ("x ??= 1", "(??= x 1)"),
    ("h[k] += 1", "(+= h[k] 1)"),
    ("a.b -= 1", "(-= a.b 1)"),
    ("(a + b) * c", "(* (+ a b) c)"),
    ("f(a) = v", "(f a v)"),
    ("x++", "(Increment x 1)"),
    ("x.y--", "(Increment x.y -1)"),
    ("x!=y", "(!= x y)"),
    ("a??b", "(?? a b)"),
    ("ok? ? 1 : 2", "(? ok? 1 2)"),
]


@pytest.mark.parametrize(("text", "expected"), OPERATORS)
def test_operators_bind_as_the_table_of_precedence_says(text: str, expected: str) -> None:
    """Higher levels bind tighter; assignment, ternary and rescue group to the right."""
    assert shape(text) == expected


CALLS = [
    ("f(1, a: 2)", "(f 1 a:2)"),
    ("f()", "(f)"),
    ("f(class: 1, in: 2, end: 3)", "(f class:1 in:2 end:3)"),
    ("f(a:1)", "(f a:1)"),
    ("f(a :b)", "(f !(a :b))"),
    ("f(x ? a : b)", "(f (? x a b))"),
    ("x.m(1).n", "(x.m 1).n"),
    ("x.end.class.if", "x.end.class.if"),
    ("x&.m(1)", "(x&.m 1)"),
    ("A::B.c", "A::B.c"),
    ("f(1)(2)", "((f 1) 2)"),
    ("a[0][1]", "a[0][1]"),
    ("[f][0](4)", "([f][0] 4)"),
    ("f(&b)", "(f &b)"),
    ("xs.map(&:up)", "(xs.map &fn{|it|it.up})"),
    ("f(&{ |x| x })", "(f &fn{|x|x})"),
    ("f(&(x) x + 1)", "(f &fn{|x|(+ x 1)})"),
    ("new A(1, b: 2)", "(New A [1 b:2])"),
    ("new A::B()", "(New A::B [])"),
    ("super(1)", "(SuperCall [1])"),
    ("super.m(1)", "((SuperMember 'm') 1)"),
    ("@x.y", "this.x.y"),
    ("@x = 1", "(= this.x 1)"),
    ("self.x", "this.x"),
    ("next()", "next"),
    ("4 |> |v| { v * 2 }()", "(|> 4 (fn{|v|(* v 2)}))"),
]


@pytest.mark.parametrize(("text", "expected"), CALLS)
def test_calls_and_members(text: str, expected: str) -> None:
    """Postfix operators chain to the left; any word is a name after a dot and as a label."""
    assert shape(text) == expected


COMMANDS = [
    ("puts x + 1", "!(puts (+ x 1))"),
    ("a b c", "!(a !(b c))"),
    ('print "a", 1', "!(print 'a' 1)"),
    ('g name: "Bo"', "!(g name:'Bo')"),
    ("g if: 1", "!(g if:1)"),
    ("run :fast", "!(run :fast)"),
    ("print @x", "!(print this.x)"),
    ("print self", "!(print this)"),
    ("print not x", "!(print (! x))"),
    ("print new A()", "!(print (New A []))"),
    ("print -1", "(- print 1)"),
    ("print [1]", "print[1]"),
    ("print (1 + 2) * 3", "(* (print (+ 1 2)) 3)"),
    ("x = f a, b", "(= x !(f a b))"),
    ("f fn(x) x", "!(f fn{|x|x})"),
    ("f(add x, 3)", "(f !(add x 3))"),
    ("[f x, [1]]", "[!(f x [1])]"),
    ("obj.m a: 1, b: 2", "!(obj.m a:1 b:2)"),
    ('x = {"a": f x, "b": 2}', "(= x {'a': !(f x), 'b': 2})"),
    ("x = {a: f x,\n b: 2}", "(= x {'a': !(f x), 'b': 2})"),
    ("x = {a: f x, b: 2}", "(= x {'a': !(f x b:2)})"),
    (
        'match x { 1 => print "a", _ => print "b" }',
        "(Match x [(Arm (LiteralPattern 1) None !(print 'a')) "
        "(Arm (WildcardPattern) None !(print 'b'))])",
    ),
    ("c ? print a : b", "(? c !(print a) b)"),
    ("print x if y", "(If y !(print x) None)"),
    ("run x do\n y\nend", "!(run x &fn{y})"),
    ("run x.y do |a| a end", "!(run x.y &fn{|a|a})"),
    ("run 3 { |v| v }", "!(run 3 &fn{|v|v})"),
    ('it "works" { 1 }', "!(it 'works' &fn{1})"),
    ('describe "x" do\n it("y") do\n  1\n end\nend', "!(describe 'x' &fn{(it 'y' &fn{1})})"),
]


@pytest.mark.parametrize(("text", "expected"), COMMANDS)
def test_command_calls_take_what_follows_on_their_line(text: str, expected: str) -> None:
    """A bare name before an argument is a call without parentheses (docs/spec §6.4)."""
    assert shape(text) == expected


BLOCKS = [
    ("xs.map { |x| x * x }", "(xs.map &fn{|x|(* x x)})"),
    ("xs.map { it + 1 }", "(xs.map &fn{(+ it 1)})"),
    ("xs.map |x| x + 1 end", "(xs.map &fn{|x|(+ x 1)})"),
    ("xs.map do |x, y| x end", "(xs.map &fn{|x y|x})"),
    ("xs.each |x| s = s + x end", "(xs.each &fn{|x|(= s (+ s x))})"),
    ("f(1) { 2 }", "(f 1 &fn{2})"),
    ("f() {}", "(f &fn{})"),
    ("xs.map { |x| x }.sort", "(xs.map &fn{|x|x}).sort"),
    ("xs.a { 1 }.b { 2 }", "((xs.a &fn{1}).b &fn{2})"),
    ("2.times { print(1) }", "(2.times &fn{(print 1)})"),
    ("xs.map(|x| x + 1)", "(xs.map fn{|x|(+ x 1)})"),
    ("f(fn(a) a, 3)", "(f fn{|a|a} 3)"),
    ("f(fn(a)\n a\n b\nend)", "(f fn{|a|a; b})"),
    ("f = |x| x + 1 end", "(= f fn{|x|(+ x 1)})"),
    ("f = || { 9 }", "(= f fn{||9})"),
    ("f = -> (a) { a }", "(= f fn{|a|a})"),
    ("f = -> a, b { a }", "(= f fn{|a b|a})"),
    ("f = -> { 1 }", "(= f fn{||1})"),
    ("f = -> |a| a end", "(= f fn{|a|a})"),
    ("f = fn(n: Int) -> Int { n }", "(= f fn{|n:Int|->Int n})"),
    ("f = fn() {}", "(= f fn{||{}})"),
    ("f = fn() { a: 1 } end", "(= f fn{||{'a': 1}})"),
    ("f = fn() end", "(= f fn{||})"),
    ('{"f": fn(x) x + 1, "g": 2}', "{'f': fn{|x|(+ x 1)}, 'g': 2}"),
    ("c ? fn(x) x : y", "(? c fn{|x|x} y)"),
    ("fn(y) { y }", "fn{|y|y}"),
    ("f = |a| |b| a + b", "(= f fn{|a|fn{|b|(+ a b)}})"),
    ("x = { let y = 1; y }", "(= x (BlockExpr (Let 'y' None 1); y))"),
    ("x = { let y = 1 y }", "(= x (BlockExpr (Let 'y' None 1); y))"),
]


@pytest.mark.parametrize(("text", "expected"), BLOCKS)
def test_blocks_and_lambdas(text: str, expected: str) -> None:
    """All spellings of blocks and lambdas make the same nodes (docs/spec §6.2, §6.5)."""
    assert shape(text) == expected


LITERALS = [
    ("1_000", "1000"),
    ("2.50", "2.5"),
    ("1.50D", "1.5D"),
    ("3.0D", "3.00D"),
    ("7.000D", "7.00D"),
    ("1.abs", "1.abs"),
    ("1..4", "(.. 1 4)"),
    ("'it\\'s'", '"it\'s"'),
    (r'r"a\n"', r"'a\\n'"),
    ('"""a "b" c"""', "'a \"b\" c'"),
    ("[[a, 1], [b]]", "[[a 1] [b]]"),
    ("[[[a]]]", "[[[a]]]"),
    ("[[x for x in b]]", "[(ArrayComprehension x 'x' b None)]"),
    ("[[]]", "[[]]"),
    ("[[1, 2], [3]]", "[[1 2] [3]]"),
    ('[["x"]]', "[['x']]"),
    ("[[(a)]]", "[[a]]"),
    ("[[@a]]", "[[this.a]]"),
    ("[[{a: 1}]]", "[[{'a': 1}]]"),
    ("[[:a]]", "[[:a]]"),
    ("[[a]]", "[[a]]"),
    ("a as Float", "(a.to_f)"),
    ("a.b as Int + 1", "(+ (a.b.to_i) 1)"),
    ("f(1)?.b", "(f 1)&.b"),
    ("a[1]?.b?.c()", "(a[1]&.b?.c)"),
    ("%w[a b]", "['a' 'b']"),
    ("%i[a b]", "[:a :b]"),
    ("%n[1 2.5 3.5D 4D x]", "[1 2.5 3.5D 4D 0]"),
    ("true", "True"),
    ("nil", "None"),
    (":a?", ":a?"),
    ("`ls`", "(ShellCommand ['ls'])"),
    ('"a#{b}c"', "(Interpolation ['a' b 'c'])"),
    ("'#{x}'", "(Interpolation [x])"),
    ('"#{h["k"]}"', "(Interpolation [h['k']])"),
    (r'"#{h[\"k\"]}"', "(Interpolation [h['k']])"),
    ('"#{ {a: 1} }"', "(Interpolation [{'a': 1}])"),
    ('"#{"in #{x}"}"', "(Interpolation [(Interpolation ['in ' x])])"),
    ('"#{null} #{self}"', "(Interpolation [None ' ' this])"),
    (r'"a\t#{x}\n"', r"(Interpolation ['a\t' x '\n'])"),
    ("@sdbql{ FOR x { } }", "(Unsupported 'query literals need a database')"),
]


@pytest.mark.parametrize(("text", "expected"), LITERALS)
def test_literals(text: str, expected: str) -> None:
    """Literals have the values of docs/spec §1.5-1.8."""
    assert shape(text) == expected


COLLECTIONS = [
    ("x = {}", "(= x {})"),
    ("x = {a: 1, b => 2}", "(= x {'a': 1, 'b': 2})"),
    ("x = {a:b}", "(= x {'a': b})"),
    ("x = {a: :b}", "(= x {'a': :b})"),
    ("x = {:a => 1}", "(= x {:a: 1})"),
    ("x = {class: 1, if: 2, end: 3}", "(= x {'class': 1, 'if': 2, 'end': 3})"),
    ("x = {class:c}", "(= x {'class': c})"),
    ("x = {String: 1}", "(= x {'String': 1})"),
    ("x = {true: 1, null: 2}", "(= x {True: 1, None: 2})"),
    ('x = {name:, "age":}', "(= x {'name': name, 'age': age})"),
    ('x = {(k): 1, u["id"]: 2}', "(= x {k: 1, u['id']: 2})"),
    ('x = {"a#{b}": 1}', "(= x {(Interpolation ['a' b]): 1})"),
    ("x = {1 + 1: 2,}", "(= x {(+ 1 1): 2})"),
    ("x = {a: c ? 1 : 2}", "(= x {'a': (? c 1 2)})"),
    ("[1, 2, 3,]", "[1 2 3]"),
    ("[...a, 1]", "[(Spread a) 1]"),
    ("[x * 2 for x in xs if x > 1]", "(ArrayComprehension (* x 2) 'x' xs (> x 1))"),
    ("[x for x in xs]", "(ArrayComprehension x 'x' xs None)"),
    ("[f x for x in xs]", "(ArrayComprehension !(f x) 'x' xs None)"),
    ("{k: v for x in xs}", "(HashComprehension 'k' v 'x' xs None)"),
    ("{(x): 1 for x in xs if x}", "(HashComprehension x 1 'x' xs x)"),
]


@pytest.mark.parametrize(("text", "expected"), COLLECTIONS)
def test_arrays_and_hashes(text: str, expected: str) -> None:
    """Bare words are string keys, keywords too; any other key is an expression (§4.4)."""
    assert shape(text) == expected


PATTERNS = [
    ("_", "(WildcardPattern)"),
    ("n", "(NamePattern 'n')"),
    ("1.5", "(LiteralPattern 1.5)"),
    ("null", "(LiteralPattern None)"),
    ("Int: n", "(TypePattern 'Int' 'n')"),
    ("Void: n", "(TypePattern 'Void' 'n')"),
    ("E.V", "(EnumPattern 'E' 'V' None)"),
    ("E.V()", "(EnumPattern 'E' 'V' [])"),
    ("E.V(a, _,)", "(EnumPattern 'E' 'V' [(NamePattern 'a') (WildcardPattern)])"),
    ("[]", "(ArrayPattern [] None)"),
    ("[a, ...r]", "(ArrayPattern [(NamePattern 'a')] 'r')"),
    ("{}", "(HashPattern [] None)"),
    ("{a: x, ...o}", "(HashPattern [['a' (NamePattern 'x')]] 'o')"),
    (
        "{class: {n: 1}}",
        "(HashPattern [['class' (HashPattern [['n' (LiteralPattern 1)]] None)]] None)",
    ),
]


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
def test_patterns(pattern: str, expected: str) -> None:
    """Patterns of match arms (docs/spec §4.10)."""
    text = f"match x {{ {pattern} if g => e, _ => 0 }}"
    rest = "(Arm (WildcardPattern) None 0)"
    assert shape(text) == f"(Match x [(Arm {expected} g e) {rest}])"


def test_a_match_may_end_in_end() -> None:
    """Its subject then ends with the line."""
    assert shape("match x\n 1 => a,\n _ => b,\nend") == (
        "(Match x [(Arm (LiteralPattern 1) None a) (Arm (WildcardPattern) None b)])"
    )


def test_a_match_may_have_no_arms() -> None:
    """`match x {}` is read as one, not as a call with a hash."""
    assert shape("match x {}") == "(Match x [])"
