"""Programs made at random: under limits, whatever they do, the host lives."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter, Limits, SoliError

from ..support.examples import examples

LIMITS = Limits(
    max_steps=3_000,
    max_seconds=1,
    max_depth=50,
    max_value_bytes=100_000,
    max_call_bytes=1_000_000,
)

names = st.sampled_from(["a", "b", "f", "g"])
literals = st.sampled_from(
    ["0", "1", "-1", "9223372036854775807", "1.5", "0.1D", "null", "true", '"text"', '""', ":s",
     "[]", "{}", "[1, 2, 3]", '{"k": 1}', "0..50", '"x" * 1000', "float('nan')", "%w[a b]"]
)  # fmt: skip
operators = st.sampled_from(
    ["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "??", "<<", ".."]
)
methods = st.sampled_from(
    ["length", "to_s", "inspect", "reverse", "sort", "uniq", "flatten", "keys", "upcase", "chars",
     "to_json", "to_i", "first", "push(a)", "concat(b)", "map(f)", "each(g)", "reduce(f)",
     "join(a)", "zip(b)", "merge(a)", "split(b)", "replace(a, b)", "times(f)", "class",
     "send(a)", "pow(b)", "sort_by(f)", "group_by(a)", "to_h", "insert(0, a)", "nothing"]
)  # fmt: skip


def _expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("{}.{}".format, inner, methods),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds('{{"k": {}, "l": {}}}'.format, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds('"#{{{}}} {{}}"'.format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("f({})".format, inner),
        st.builds("(fn(x) {{ {} }})({})".format, inner, inner),
        st.builds("[{} for b in {}]".format, inner, inner),
        st.builds("({} rescue {})".format, inner, inner),
        st.builds("JSON.parse(JSON.stringify({}))".format, inner),
    )


expressions = st.recursive(st.one_of(names, literals), _expressions, max_leaves=8)


def _statements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}\n{}".format, inner, inner),
        st.builds("while {}\n{}\nend".format, expressions, inner),
        st.builds("for a in {}\n{}\nend".format, expressions, inner),
        st.builds("if {}\n{}\nelse\n{}\nend".format, expressions, inner, inner),
        st.builds("def f(a)\n{}\nend".format, inner),
        st.builds("def g(a, b = 1)\n{}\nend".format, inner),
        st.builds("try\n{}\ncatch e\n{}\nfinally\n{}\nend".format, inner, inner, inner),
        st.builds("match {}\n a => {}\nend".format, expressions, expressions),
    )


statements = st.recursive(
    st.one_of(
        expressions,
        st.builds("{} = {}".format, names, expressions),
        st.builds("{} += {}".format, names, expressions),
        st.builds("a.push({})".format, expressions),
        st.builds("return {}".format, expressions),
        st.builds("throw {}".format, expressions),
        st.sampled_from(["next", "break", "a.push(a)", "a = [a, a]", "f(a)", "g(b)"]),
    ),
    _statements,
    max_leaves=6,
)
PRELUDE = "a = []\nb = 1\ndef f(x = 1)\n x\nend\ndef g(x = 1, y = 2)\n y\nend\n"


@pytest.fixture(scope="module")
def host() -> Interpreter:
    """One interpreter for all of them, as a host has."""
    capabilities = Capabilities(
        output=lambda text: None, clock=lambda: 0.0, random=Random(1), sleep=lambda seconds: None
    )
    return Interpreter(install, capabilities=capabilities, limits=LIMITS)


@settings(max_examples=examples(200))
@given(statements)
def test_any_program_ends_in_a_value_or_an_error_of_ours(host: Interpreter, text: str) -> None:
    """And the next one finds the interpreter as it was."""
    with suppress(SoliError):
        host.run(PRELUDE + text, "random")
    assert host.run("[1, 2].map(|x| x * 2)") == [2, 4]
    assert host.machine.depth == 0
