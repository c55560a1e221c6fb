"""Templates as programs."""

from __future__ import annotations

import pytest
from soli_runtime.http.views.template_text import translate

from soli_lang.base.errors import SoliSyntaxError


def program(template: str, *names: str) -> list[str]:
    """The lines between the header and the end."""
    return translate("t.slv", template, names).text.splitlines()[1:-2]


@pytest.mark.parametrize(
    ("template", "lines"),
    [
        ("", []),
        ("text", ['__out.text("text")']),
        ('a "q" \\ #{x}', ['__out.text("a \\"q\\" \\\\ \\#{x}")']),
        ("a\nb", ['__out.text("a\\nb")']),
        ("<%= x %>", ["__out.escaped(x)"]),
        ("<%- x %>", ["__out.text(x)"]),
        ("<%== x %>", ["__out.text(x)"]),
        ("<%= raw(x) %>", ["__out.text(raw(x))"]),
        ("<%= yield %>", ["__out.text(content)"]),
        ("<% x = 1 %>", ["x = 1"]),
        ("<%# note %>a", ['__out.text("a")']),
        ("<%% a", ['__out.text("<%")', '__out.text(" a")']),
        ("<% if a %>\nb\n<% end %>\n", ["if a", '__out.text("b\\n")', "end"]),
        ("<%= a -%>\nb", ["__out.escaped(a)", '__out.text("b")']),
    ],
)
def test_tags_become_statements(template: str, lines: list[str]) -> None:
    """Text is written, expressions are escaped, code runs."""
    assert program(template) == lines


def test_parameters_are_those_of_the_function() -> None:
    """After the page that is written to."""
    assert translate("t", "", ["a", "b"]).text.splitlines()[0] == "def __template(__out, a, b)"


def test_places_are_places_in_the_template() -> None:
    """Of what is in tags, to the character."""
    source = translate("t.slv", "one\n  <%= name %>", [])
    assert source.position(source.text.index("name")) == (2, 7)
    assert source.line(2) == "  <%= name %>"


def test_an_open_tag_is_an_error_with_its_place() -> None:
    """And not text."""
    with pytest.raises(SoliSyntaxError) as caught:
        translate("t.slv", "a\n<%= x", [])
    assert caught.value.place == (2, 1)
