"""Any text parses or is refused with places inside it: no other exception, no hanging."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from soli_lang.base.errors import SoliSyntaxError, render
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse

from ..support.corpus import vector_programs

WORDS = (
    "if unless else elsif end while for in do then def fn class module enum interface new match "
    "return break throw try catch rescue finally let const import export from as static private "
    "self super this true null not and or x y print Foo Int"
).split()
SIGNS = (
    "( ) [ ] { } | || , ; : :: . &. ... ? = => -> ++ -- - + * / % == != < <= << && ?? |> .. += "
    '! & ~ @x :a 1 2.5 1.5D "s" \'q\' "a#{ } #{ [[ ]] %w[ ` """ r" # // /* \\ \n \n \n'
).split(" ")
PIECES = st.sampled_from([*WORDS, *SIGNS, "\n", "\n  ", "|x| ", "fn(", "&:a", "@", '"'])
PROGRAMS = [text for _, text in vector_programs()]
PIECE = re.compile(r"\s+|\w+|[^\w\s]")


def judge(text: str) -> None:
    """Parse *text* and check what is promised about it."""
    refused = None
    try:
        parse(Source("any.soli", text))
    except SoliSyntaxError as error:
        refused = error
    if refused is None:
        return
    assert render(refused)
    for one in refused.all:
        assert one.span is not None
        assert 0 <= one.span.start <= one.span.end <= len(text)


@given(st.text())
def test_any_text_parses_or_is_refused(text: str) -> None:
    """Whatever characters it has."""
    judge(text)


@given(st.binary())
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """Once they have been decoded somehow."""
    judge(data.decode("utf-8", errors="replace"))
    judge(data.decode("latin-1"))


@given(st.lists(PIECES, max_size=30))
def test_any_pieces_of_programs_parse_or_are_refused(pieces: list[str]) -> None:
    """With and without white space between them."""
    judge(" ".join(pieces))
    judge("".join(pieces))


@given(st.data())
def test_damaged_programs_parse_or_are_refused(data: st.DataObject) -> None:
    """One piece is taken out, put in, or exchanged."""
    pieces = PIECE.findall(data.draw(st.sampled_from(PROGRAMS)))
    at = data.draw(st.integers(0, len(pieces)))
    taken = data.draw(st.integers(0, 2))
    pieces[at : at + taken] = data.draw(st.lists(PIECES, max_size=2))
    judge("".join(pieces))


@given(st.data())
def test_a_program_cut_short_is_refused_or_still_one(data: st.DataObject) -> None:
    """At any character."""
    text = data.draw(st.sampled_from(PROGRAMS))
    judge(text[: data.draw(st.integers(0, len(text)))])


@given(st.sampled_from([*SIGNS, *WORDS]), st.sampled_from([*SIGNS, *WORDS]))
def test_endless_repetition_is_no_trouble(first: str, second: str) -> None:
    """Time grows with the length of the text only, and nothing recurses."""
    judge(f"{first} {second} " * 1_500)
    judge(f"{first}{second}" * 1_500)
