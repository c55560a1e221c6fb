"""`soli check`: what is found in a program without running it, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.tools.checks import ProgramCheck
from soli_stdlib import install

from soli_lang import Interpreter
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tools.checker import ERROR, WARNING, Finding, Known, check, known_of

from ....support.corpus import ROOT, program_files, vector_programs

KNOWN = known_of(Interpreter(install).machine)


def findings(text: str, known: Known = KNOWN) -> list[Finding]:
    return check(parse(Source("p.soli", text)), known)


def codes(text: str) -> list[str]:
    return [finding.code for finding in findings(text)]


def only(text: str) -> Finding:
    found = findings(text)
    assert len(found) == 1, found
    return found[0]


# --- names ---


def test_an_unknown_name_is_an_error_at_its_place() -> None:
    finding = only("x = 1\nprint(x + valeu)\nvalue = 2\nprint(value)")

    assert finding.severity == ERROR
    assert finding.message == "Undefined variable 'valeu'"
    assert finding.source.position(finding.span.start) == (2, 11)
    assert finding.hint == "did you mean 'value'?"


def test_several_errors_are_found_at_once() -> None:
    assert codes("aaa()\nbbb\nccc(ddd)") == ["unknown-name"] * 4


@pytest.mark.parametrize(
    "text",
    [
        "print(len([1]))",
        "def f() g() end\ndef g() 1 end\nf()",
        "def f(a, &b) b(a) end\nf(1) { |x| x }",
        "[1].each { it + 1 }",
        "[1].map(&:abs)",
        "for x, i in [1] { print(x, i) }",
        "[x for x in [1] if x > 0]",
        "try\n 1 / 0\ncatch e\n print(e)\nend",
        "match [1] { [a, ...rest] => print(a, rest), { k: v } => v, Int: n => n, _ => 0 }",
        "class A\n x: Int = 1\n def m\n  @x + this.x\n end\nend\nprint(new A().m)",
        "class A\n class B end\n def m\n  new A::B()\n end\nend\nA()",
        "enum E\n On, Dim(l)\n def m\n  match self { E.Dim(l) => l }\n end\nend\nprint(E.On)",
        "module M\n included do\n  validates(:x)\n end\nend\nM",
        "class A\n validates :x, presence: true\nend\nA()",
        "def f(c)\n if c\n  found = 1\n end\n found\nend\nf(1)",
        "type = 1\nprint(type)",
        'import "./anything"\nuses_it()',
        'if defined("x")\n x = const_get("y")\n print(x)\nend',
        "String.class_eval do\n define_method(:a, fn() 1)\nend",
        'x = 5\nprint("#{x} #{[y for y in [x]]}")',
        "def f(a, b = a) a + b end\nf(1)",
    ],
)
def test_known_names_are_no_findings(text: str) -> None:
    assert [one for one in findings(text) if one.code == "unknown-name"] == []


def test_siblings_are_not_known_in_methods() -> None:
    """Methods are called through `this` (docs/spec §8.4)."""
    text = "class A\n def one\n  1\n end\n def two\n  one\n end\nend\nA()"

    assert only(text).message == "Undefined variable 'one'"


def test_what_is_rescued_may_be_meant() -> None:
    found = findings("try\n nowhere\ncatch e\n print(e)\nend\nx = nowhere rescue 1\nprint(x)")

    assert [one.severity for one in found] == [WARNING, WARNING]


def test_names_of_other_files_are_known() -> None:
    known = Known(KNOWN.builtins, KNOWN.methods, frozenset({"helper"}))

    assert findings("helper(1, 2)", known) == []


def test_imports_are_checked_against_exports() -> None:
    known = Known(
        KNOWN.builtins,
        exports_of=lambda path, importer: {"one", "two"},
    )

    found = findings('import { one, twoo } from "./m"\none()\ntwoo()', known)
    assert [one.message for one in found] == ["'twoo' is not exported from './m'"]
    assert findings('import "./m"\none()\ntwo()', known) == []
    assert [one.code for one in findings('import "./m"\nthree()', known)] == ["unknown-name"]


def test_a_missing_module_is_an_error() -> None:
    def missing(path: str, importer: str) -> set[str] | None:
        raise LookupError(path)

    found = findings('import "./gone"', Known(KNOWN.builtins, exports_of=missing))

    assert [one.message for one in found] == ["Module not found: ./gone"]


# --- arguments ---


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("f()", "Wrong number of arguments: f() takes 1 to 2, got 0"),
        ("f(1, 2, 3)", "Wrong number of arguments: f() takes 1 to 2, got 3"),
        ("f(1, c: 2)", "f() has no parameter 'c'"),
        ("1 |> f(2, 3)", "Wrong number of arguments: f() takes 1 to 2, got 3"),
        ("new P()", "Wrong number of arguments: P() takes 1, got 0"),
        ("P(1, 2)", "Wrong number of arguments: P() takes 1, got 2"),
        ("len(1, 2)", "Wrong number of arguments: len() takes 1, got 2"),
        ("new M()", "cannot instantiate module M"),
    ],
)
def test_wrong_arguments_are_errors(call: str, message: str) -> None:
    text = f"def f(a, b = 1) a + b end\nclass P\n new(x) @x = x end\nend\nmodule M end\n{call}"
    finding = only(text)

    assert (finding.severity, finding.message) == (ERROR, message)


@pytest.mark.parametrize(
    "text",
    [
        "def f(a) a end\nf(1)\nf(a: 1)\nf 1\n1 |> f",
        "def f(a, &b) b(a) end\nf(1) { |x| x }\nf(1, fn(x) x)\nf(1)",
        "def f(a) a end\nf = fn() { 1 }\nf()",
        "def f(a) a end\nf(1) { |x| x }",
        "print()\nprint(1, 2, 3)",
        "class A end\nA(1, 2)",
        "class A\n new(x) @x = x end\nend\nclass B < A end\nB(1)",
        "[1] |> map(fn(x) x)",
    ],
)
def test_right_arguments_are_not(text: str) -> None:
    assert [one for one in findings(text) if one.code == "wrong-arguments"] == []


# --- flow ---


@pytest.mark.parametrize(
    "text",
    [
        "def f()\n return 1\n print(2)\nend\nf()",
        "def f()\n throw 1\n print(2)\nend\nf()",
        "for x in [1]\n break\n print(x)\nend",
        "def f(c)\n if c\n  return 1\n else\n  return 2\n end\n print(3)\nend\nf(1)",
        "def f()\n while true\n  1\n end\n print(2)\nend\nf()",
        "match 1 { n => n, 2 => 3 }",
    ],
)
def test_what_nothing_reaches_is_a_warning(text: str) -> None:
    assert [one.severity for one in findings(text) if one.code == "unreachable"] == [WARNING]


@pytest.mark.parametrize(
    "text",
    [
        "def f(c)\n return 1 if c\n 2\nend\nf(1)",
        "return\nprint(1)",
        "while true\n break if 1\nend\nprint(2)",
        "def f(c)\n if c\n  return 1\n end\n 2\nend\nf(1)",
        "match 1 { n if n > 1 => n, _ => 3 }",
    ],
)
def test_what_can_be_reached_is_not(text: str) -> None:
    assert "unreachable" not in codes(text)


def test_a_replaced_function_is_a_warning() -> None:
    finding = only("def f() 1 end\ndef f() 2 end\nf()")

    assert finding.message == "'f' replaces the one defined on line 1"


# --- variables ---


def test_an_unused_variable_is_a_warning() -> None:
    finding = only("def f()\n x = 1\n 2\nend\nf()")

    assert (finding.severity, finding.message) == (WARNING, "'x' is assigned but never used")


@pytest.mark.parametrize(
    "text",
    [
        "def f()\n _x = 1\n 2\nend\nf()",
        "def f(unused)\n 2\nend\nf(1)",
        "def f()\n x = 1\nend\nf()",
        "x = 1",
        "def f()\n x = 0\n [1].each(fn(y) { x = x + y })\n 2\nend\nf()",
        'def f()\n x = 1\n defined("x")\nend\nf()',
        'def f()\n x = 1\n "#{x}"\nend\nf()',
        "def f()\n x = 1\n { x: }\nend\nf()",
    ],
)
def test_used_variables_are_not(text: str) -> None:
    assert "unused-variable" not in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "class A\n n: Any = [x for x in [1]]\nend\nprint(A)",
        "class A\n static m: Any = {x: x for x in [1] if x > 0}\nend\nprint(A)",
        "class A\n static {\n  for x in [1] { print(x) }\n }\nend",
        "class A\n static {\n  try { print(1) } catch e { print(e) }\n }\nend",
        "class A\n static {\n  y = [x for x in [1]]\n  print(y)\n }\nend",
        "class A\n validates [x for x in [1]]\nend",
        "module M\n included do\n  audited([x for x in [1]])\n end\nend",
    ],
)
def test_class_bodies_may_open_blocks(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "class A\n n: Any = [y for x in [1]]\nend",
        "class A\n static {\n  for x in [1] { y }\n }\nend",
        "class A\n static {\n  if true { x = 1 }\n }\n static {\n  x\n }\nend",
    ],
)
def test_names_in_class_bodies_are_looked_up(text: str) -> None:
    assert "unknown-name" in codes(text)


# --- shapes ---


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = 1\nif x = 2\n print(x)\nend", "assignment-in-condition"),
        ("print -1", "subtracts-from-function"),
        ("print [1]", "indexes-function"),
        ("h = { a: 1, a: 2 }\nprint(h)", "duplicate-key"),
        ("list = []\ndef list\n 1\nend\nprint(list)", "taken-name"),
        ("const LIST = []\ndef LIST\n 1\nend\nprint(LIST)", "taken-name"),
        ("x = 1\nx == 2\nprint(x)", "no-effect"),
        ("{}\nprint(1)", "no-effect"),
        ('if "a".includes?\n print(1)\nend', "bare-method"),
        ('h = {}\n[1].each { h.foo "x" }', "member-command"),
        ("[1].each { |x| break if x == 1 }", "break-in-block"),
        ("[1].map { |x| if x == 1 { break }; x }", "break-in-block"),
        ("def f(xs)\n xs.each { |x| return x if x == 1 }\nend\nf([1])", "return-in-block"),
        ("3.times { |x| return x if x == 1 }", "return-in-block"),
    ],
)
def test_what_is_hardly_meant_is_a_warning(text: str, code: str) -> None:
    finding = only(text)

    assert (finding.severity, finding.code) == (WARNING, code)


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\nif x == 2\n print(x)\nend",
        "print 1 - 2",
        'h = { 1: 1, "1": 2, :a => 3, a: 4 }\nprint(h)',
        "def f() {}\nf()",
        "f = fn() {}\nf()",
        'if "a".empty?\n print(1)\nend',
        "class A\n def includes?\n  1\n end\nend\nprint(2) if A().includes?",
        'h = {}\n[1].each { h.foo; "x" }',
        "[[1]].each { |x| for y in x { break if y == 1 } }",
        "[1].each { |x| return if x == 1 }",
        "[1].map { |x| return 2 if x == 1; x }",
        "def f(&b)\n b\nend\nf() { break }",
    ],
)
def test_what_may_well_be_meant_is_not(text: str) -> None:
    assert findings(text) == []


# --- whole programs ---


FAILING = {
    # Clients join a room whose handler raises: they must hear of it as of a refusal.
    "tests/clients/phoenix.soli": ["Division by zero"],
    # The transcript of a prompt that shows the error of a handler.
    "tests/e2e/transcripts/bench/app/controllers/desk_controller.soli": [
        "Index out of bounds: 5 (length 1)"
    ],
    # The page says what becomes of an action without its keys, and of results that are no Hash.
    "tests/page/samples/actions.soli": [
        "track: 'user_id' is missing, expected a non-empty String or an Int"
    ],
    "tests/page/samples/events.soli": [
        "a handler returns a Hash, got String",
        "a handler returns a Hash, got null",
    ],
}
"""Programs of which a test wants what they do wrong when they run, and all that is wrong there."""


@pytest.mark.parametrize("name", ["examples", "tests", "benchmarks"])
def test_programs_of_this_repository_have_no_errors(name: str) -> None:
    """But for `tests/errors`, whose programs have the errors that their golden files show."""
    files = [
        path for path in program_files() if path.parts[0] == name and path.parts[1] != "errors"
    ]

    errors: dict[str, list[str]] = {}
    for one in ProgramCheck().check_files([ROOT / path for path in files]):
        if one.severity == ERROR:
            path = str(Path(one.source.name).relative_to(ROOT))
            errors.setdefault(path, []).append(one.message)
    assert errors == {path: FAILING[path] for path in FAILING if path.startswith(f"{name}/")}


def test_vectors_have_no_errors() -> None:
    wrong = [
        (name, one.message)
        for name, text in vector_programs()
        for one in findings(text)
        if one.severity == ERROR
    ]
    # The vector shows that a run does not check annotations of parameters (docs/spec §7.3). `check`
    # does, for who writes one means it (docs/decisions/0073): this error is right, and so is the
    # vector, since programs may run unchecked.
    assert wrong == [("U63", "'f' takes Int as 'x', this is String (\"not checked\")")]


def test_routes_without_a_controller_are_found(tmp_path: Path) -> None:
    from soli_runtime.loading.project import find_project

    routes = tmp_path / "config" / "routes.soli"
    routes.parent.mkdir()
    routes.write_text('get("/", "home#index")\n')

    found = ProgramCheck().check_project(find_project(tmp_path))

    assert [one.code for one in found] == ["route"]
    assert found[0].source.position(found[0].span.start).line == 1


def test_helpers_of_an_app_are_known_everywhere(tmp_path: Path) -> None:
    files = {
        "config/routes.soli": 'get("/", "home#index", "root")\n',
        "app/helpers/words.soli": "def greeting() 1 end\n",
        "app/controllers/home_controller.soli": "def index()\n greeting() + root_path()\nend\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert ProgramCheck().check_files([tmp_path / name for name in files]) == []


# --- members and results ---


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('"abc".upcsae()', "did you mean 'upcase'?"),
        ("names = [1, 2]\nnames.pussh(3)", "did you mean 'push'?"),
        ("names = [1, 2]\nnames.append(3)", "it is `push` here"),
        (
            'print(["a"].frobnicate("b"))',
            "an Array has items, each with its own: `.map(|one| one.frobnicate)`, `[0]`",
        ),
        ("print([1].all)", "did you mean 'all?'?"),
        ("print(5.foo())", None),
    ],
)
def test_an_unknown_member_of_a_known_type_is_an_error(text: str, hint: str | None) -> None:
    finding = only(text)

    assert (finding.severity, finding.code, finding.hint) == (ERROR, "unknown-member", hint)


@pytest.mark.parametrize(
    "text",
    [
        "h = {}\nprint(h.kyes)",
        "Int.define_method(:foo, fn() { 1 })\nprint(5.foo())",
        'import "./more"\nprint(5.foo())',
        'class String\n  def upcsae\n    1\n  end\nend\nprint("a".upcsae)',
        "x = [1]\nx = other() rescue null\nprint(x.pussh)",
        "def f(x)\n  print(x.pussh)\nend\nx = [1]\nf(x)",
        "x = [1]\nfor x in []\n  print(x.pussh)\nend",
        'try\n  "a".upcsae\ncatch e\n  print(e)\nend',
    ],
)
def test_what_may_be_there_is_no_unknown_member(text: str) -> None:
    assert "unknown-member" not in codes(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("queue = [2, 1]\nqueue.shift\nprint(queue)", "keep it: `queue = queue.shift`"),
        ("queue = [2, 1]\nqueue.sort()\nprint(queue)", "keep it: `queue = queue.sort()`"),
        (
            "def f(names)\n  names.sort\n  names\nend\nprint(f([1]))",
            "keep it: `names = names.sort`",
        ),
    ],
)
def test_a_result_thrown_away_is_a_warning(text: str, hint: str) -> None:
    finding = only(text)

    assert (finding.severity, finding.code, finding.hint) == (WARNING, "unused-result", hint)
    assert finding.message.endswith("gives a new value and changes nothing")


@pytest.mark.parametrize(
    "text",
    [
        "queue = [1]\nqueue.push(2)\nqueue.pop\nqueue.clear\nprint(queue)",
        "queue = {}\nqueue.shift\nprint(queue)",
        "[1].map { |x| print(x) }\nprint(1)",
        "def show(x)\n  print(x)\nend\n[1].each(show)\nprint(1)",
        "class Line\n  def sort\n    print(1)\n  end\nend\nl = Line.new()\nl.sort\nprint(l)",
        "def f(names)\n  names.sort\nend\nprint(f([1]))",
        'def f(store)\n  store.get("x")\n  store\nend\nf(1)',
    ],
)
def test_what_may_do_something_is_no_unused_result(text: str) -> None:
    assert "unused-result" not in codes(text)
