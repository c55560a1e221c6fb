"""What `soli check` knows of the kinds of values, and where it says nothing."""

from __future__ import annotations

import pytest
from soli_stdlib import install

from soli_lang import Interpreter
from soli_lang.base.errors import SoliError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import Finding, check, known_of

KNOWN = known_of(Interpreter(install).machine)


def findings(text: str) -> list[Finding]:
    return check(parse(Source("x.soli", text)), KNOWN)


def only(text: str) -> Finding:
    (finding,) = findings(text)
    return finding


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('print("5" - 1)', "Type error: Cannot subtract int from string"),
        ("print(5 / 0)", "Division by zero"),
        ("print(9223372036854775807 + 1)", "Integer overflow"),
        ("x = [1]\nprint(x[4])", "Index out of bounds: 4 (length 1)"),
        ("for x in 5 { print(x) }", "Type error: cannot iterate over int 5"),
        ('print("a".split(5))', "Type error: split expects a string delimiter"),
        ("x = 5\nx()", "Cannot call non-function value"),
        ("x = null\nprint(x.name)", "Cannot access property 'name' on null"),
        ("print(5.upcase)", "Cannot access property 'upcase' on int"),
        ("print(a)\na = 1", "Undefined variable 'a'"),
        ("const K = 1\nK += 1", "Type error: cannot reassign constant 'K'"),
        ("K = 1\nconst K = 2", "Type error: cannot reassign constant 'K'"),
        ("def f\n  K++\nend\nf()\nconst K = 1", "Type error: cannot reassign constant 'K'"),
        ("let K = 1\nK = 2\nconst K = 3", "Type error: cannot reassign constant 'K'"),
        (
            "def f() -> Int\n  'a'\nend\nprint(f())",
            "function 'f' expected to return Int, got string",
        ),
        ("print(5.is_a?(Int))", "Type error: is_a? expects a string argument"),
        ("print(len(5))", "len() expects array, string, or hash, got int"),
    ],
)  # fmt: skip
def test_what_fails_for_certain_has_the_text_of_the_run(text: str, message: str) -> None:
    """One error, and running the program ends with the same words."""
    finding = only(text)

    assert (finding.severity, finding.message) == ("error", message)
    with pytest.raises(SoliError) as raised:
        Interpreter(install).run(text)
    assert raised.value.message == message


@pytest.mark.parametrize(
    "text",
    [
        'def f(x)\n  print(x - "a")\nend\nf([1])',
        "x = null\nx = 5 if len([1]) > 0\nprint(x + 1)",
        'x = 1\nfor n in [1, 2]\n  print(x)\n  x = "a"\nend\nprint(x.upcase)',
        "x = null\n[1].each |n| x = n end\nprint(x + 1)",
        "x = null\ndef set() x = 5 end\nset()\nprint(x + 1)",
        "a = []\nb = a\nb.push(1)\nprint(a[0] + 1)",
        'h = { "a": [] }\nh["a"].push(1)\nprint(h["a"][0])',
        "a = []\ndef fill(items) items.push(1) end\nfill(a)\nprint(a[0])",
        "a = []\nfor n in [1, 2]\n  print(a[0]) if n == 2\n  a.push(n)\nend",
        'x = 5\nx.is_a?("string") && x.upcase\nprint(x)',
        "def f(x)\n  return 0 if x == null\n  x.length\nend\nprint(f(null))",
        "try\n  print(5.upcase)\ncatch e\n  print(e)\nend",
        "print(5.upcase) rescue print(1)",
        'def f()\n  5 - "a"\nend\ntry\n  f()\ncatch e\n  print(e)\nend',
        "def g(n)\n  g(n - 1) if n > 0\n  5.upcase\nend\ndef f() g(1) end\nf() rescue print(1)",
        "def caught(f)\n  try\n    f()\n  catch e\n    e.message\n  end\nend\n"
        "print(caught(fn() { 1 / 0 }))",
        "class A\n  def me() this end\nend\nclass B < A\n  def b() 1 end\nend\n"
        "print(B.new().me().b())",
        "class A\n  def run() this.setup() end\nend\nclass B < A\n  def setup() 1 end\n"
        "end\nprint(B.new().run())",
        'class A\n  x: Int\nend\nprint(A.new({ "y": 1 }).y)',
        "class A\n  def method_missing(n, args) n end\nend\nprint(A.new().anything())",
        "def f(n) -> Int\n  while true\n    n += 1\n    return n if n > 3\n  end\nend\nprint(f(1))",
        "def f(n) -> String\n  if n > 0\n    return 'a'\n  elsif n <= 0\n    return 'b'\n"
        "  end\nend\nprint(f(1))",
        "def f(a: Float, b: Int = null)\n  a + (b ?? 0)\nend\nprint(f(1))",
        "def f(n: Number, o: Object)\n  [n, o]\nend\nprint(f(1, 2))",
        "x = 'a' * 9223372036854775807 rescue 1\nprint(x)",
        "users = [{ 'id': 1 }]\nu = users.find(|one| one['id'] == 1)\nprint(u['id']) if u",
        "users = [{ 'id': 1 }]\nprint((users.find(|one| one['id'] == 1) ?? {})['id'])",
        "def f(x: String?)\n  has = x != null\n  return x.upcase if has\n  1\nend\nprint(f('a'))",
        "def f(x: String?) match x { null => 1, _ => x.upcase } end\nprint(f('a'))",
        "def g(x) throw 1 if x == null end\ndef f(x: Int?)\n  g(x)\n  x + 1\nend\nprint(f(1))",
        "class A\n  n: A?\n  def m\n    return @n.m if @n != null\n    1\n  end\nend\nprint(A().m)",
        "x = [1].find(|n| n > 1) || 2\nprint(x.abs)",
        "xs = [1]\nwhile (x = xs.find(|n| n > 1)) != null\n  print(x.abs)\nend",
        "xs = [1]\nwhile (x = xs.pop)\n  print(x)\nend",
        "xs = []\nprint(xs[0]) if xs.length > 0",
        "n = 0\nok = n > 0\nprint(1 / n) if ok\nm = 5\nm /= n if ok",
        "h = { 'a': { 'b': null } }\nprint(h['a']['b'] + 1) if h['a']['b']",
        "h = { 'a': { 'b': null } }\nprint(h.a.b + 1) if h.a.b",
        "f = null\non = f != null\nprint(f.upcase) if on",
        "class A\n  b = null\n  def a\n    @b ||= 1\n  end\nend\nprint(A().a)",
        "class A\n  new\n    @a = 1\n  end\n  def a\n    @a += 1\n  end\nend\nprint(A().a)",
        "class A\n  def a\n    @a += 1\n  end\nend\nx = A()\nx.a = 1\nprint(x.a)",
        "h = { 'colour': 1 }\nprint(h['color'] ?? h['colour'])",
    ],
)  # fmt: skip
def test_nothing_is_said_where_it_may_be_right(text: str) -> None:
    """Assignments on some paths, others who change what is in it, guards, what fails on purpose."""
    assert findings(text) == []


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("print([1].find(|n| n > 1).abs)", "may-be-null", "ask before it with `if [1].find("),
        ("def f(x) x == 1 ? null : 'a' end\nprint(f(1).upcase)", "may-be-null", "`f(1)&.upcase`"),
        ("def f(n: Strng) n end\nprint(f(1))", "unknown-type", "did you mean 'String'?"),
        ("def f(n: list) n end\nprint(f([]))", "unknown-type", "did you mean 'Array'?"),
        ("class A\n  def a\n    @b ||= 1\n  end\nend\nprint(A().a)", "unknown-member", "b = null"),
        ("class A\n  def a\n    @a ||= 1\n  end\nend\nprint(A().a)", "calls-itself", "kept_a"),
        ("h = { 'name': 1 }\nprint(h.naem)", "unknown-key", "did you mean 'name'?"),
        ("h = { 'name': 1 }\nprint(h[:name])", "unknown-key", 'write `["name"]`'),
        ("enum C\n  A\n  B\nend\ndef f(c) match c { C.A => 1 } end", "not-exhaustive", "`_ =>"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_has_a_way_out(text: str, code: str, hint: str) -> None:
    """The hint says what to write."""
    finding = only(text)

    assert finding.code == code
    assert hint in (finding.hint or "")


def test_a_follower_of_an_error_is_not_told() -> None:
    """What fails has no kind any more."""
    finding = only('x = "a" - 1\nprint(x.upcase + x - 5)')

    assert finding.source.position(finding.span.start).line == 1


def test_programs_of_any_size_take_time_that_grows_with_them() -> None:
    """Chains, branches, functions that call each other: none of it is gone through twice."""
    import time

    seconds = []
    for count in (200, 1600):
        text = "\n".join(
            f"def f{i}(x)\n  y = x\n  if y == {i}\n    f{i + 1}(y)\n  end\n  y\nend"
            for i in range(count)
        )
        program = parse(Source("x.soli", f"{text}\nx = {' + '.join(['1'] * count)}\n"))
        start = time.process_time()
        check(program, KNOWN)
        seconds.append(time.process_time() - start)

    assert seconds[1] < 40 * max(seconds[0], 0.01)
