"""What is certain in a finding, and what is not."""

from __future__ import annotations

import pytest

from soli_lang.base.source import Source, Span
from soli_lang.tools.checker import ERROR, Finding
from soli_lang.tools.fixes import Fix, applied, fix_of

BUILTINS = frozenset({"print", "ws_count", "int"})


def fixed(text: str, piece: str, code: str, message: str, hint: str | None) -> str | None:
    """*text*, in which a finding about *piece* is fixed; None: nothing is certain."""
    start = text.index(piece)
    span = Span(start, start + len(piece))
    fix = fix_of(Finding(ERROR, code, message, Source("t", text), span, hint), BUILTINS)
    return None if fix is None else applied(text, [fix])


CERTAIN = [
    ("prnt(1)", "prnt", "unknown-name", "Undefined variable 'prnt'", "did you mean 'print'?",
     "print(1)"),
    ("x = None", "None", "unknown-name", "Undefined variable 'None'", "nothing is `null`",
     "x = null"),
    ("dfe f", "dfe", "syntax", "`dfe` begins no body", "did you mean 'def'?", "def f"),
    ("'a'.uppcase", "'a'.uppcase", "unknown-member",
     "Cannot access property 'uppcase' on String", "did you mean 'upcase'?", "'a'.upcase"),
    ("a.append(1)", "a.append", "unknown-member", "Cannot access property 'append' on Array",
     "it is `push` here", "a.push(1)"),
    ('get("/", "home#idx")', '"home#idx"', "route", 'unknown action \'idx\' in "home#idx"',
     "did you mean 'index'?", 'get("/", "home#index")'),
    ("Light.Dimm(n)", "Light.Dimm", "unknown-variant", "'Light' has no 'Dimm'",
     "did you mean 'Dim'?", "Light.Dim(n)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "piece", "code", "message", "hint", "expected"), CERTAIN)
def test_what_is_certain(
    text: str, piece: str, code: str, message: str, hint: str, expected: str
) -> None:
    """Names of closed sets, and words that have one meaning elsewhere."""
    assert fixed(text, piece, code, message, hint) == expected


DOUBTFUL = [
    ("total = cuont", "cuont", "unknown-name", "Undefined variable 'cuont'",
     "did you mean 'count'?"),
    ("count + 1", "count", "unknown-name", "Undefined variable 'count'",
     "did you mean 'ws_count'?"),
    ("x.y", "x.y", "may-be-null", "'x' may be null", "did you mean 'x&.y'?"),
    ("x", "x", "unknown-name", "Undefined variable 'x'", None),
    ("m.a + a.m", "m.a + a.m", "unknown-member", "no 'a' there", "did you mean 'b'?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "piece", "code", "message", "hint"), DOUBTFUL)
def test_what_is_not(text: str, piece: str, code: str, message: str, hint: str | None) -> None:
    """Variables of the program, far names, and what stands there twice."""
    assert fixed(text, piece, code, message, hint) is None


def test_fixes_that_overlap_are_not_mixed() -> None:
    """The first counts."""
    fixes = [Fix(Span(4, 6), "xyz"), Fix(Span(0, 2), "A"), Fix(Span(5, 8), "no")]

    assert applied("abcdefgh", fixes) == "Acdxyzgh"
