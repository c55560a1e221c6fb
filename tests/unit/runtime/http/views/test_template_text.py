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
        ('<%= partial("row", {"x": 1}) %>', ['__out.text(partial("row", {"x": 1}))']),
        ("<%= script_json(x) %>", ["__out.text(script_json(x))"]),
        ("<%= yield %>", ["__out.body()"]),
        ("<%= yield() %>", ["__out.body()"]),
        ('<%= "I yield" %>', ['__out.escaped("I yield")']),
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


@pytest.mark.parametrize(
    "expression",
    [
        "content",
        'content["x"]',
        "content_type",
        "raw",
        "partial",
        "render_partial",
        "raw(a) + b",
        "raw(a).trim + b",
        'partial("row") + b',
        "raw(a) || b",
        "raw(a) if b",
        "b if raw(a)",
        "b ?? raw(a)",
        "[raw(a), b]",
        "raw ? b : a",
        "rawest(b)",
        "raw.call(b)",
        'raw["x"]',
        "raw(",
    ],
)
def test_no_name_gets_around_escaping(expression: str) -> None:
    """Only a call that is the whole tag says that its value is HTML."""
    assert program(f"<%= {expression} %>", "a", "b") == [f"__out.escaped({expression})"]


@pytest.mark.parametrize("name", ["raw", "partial", "render_partial"])
def test_what_a_page_is_given_makes_nothing_raw(name: str) -> None:
    """A value of that name is not the builtin."""
    assert program(f"<%= {name}(a) %>", "a", name) == [f"__out.escaped({name}(a))"]


@pytest.mark.parametrize("tag", ["<%= content %>", "<%= yield %>", "<%== content %>", "<%-yield%>"])
def test_content_is_the_body_of_a_layout_and_nowhere_else(tag: str) -> None:
    """And there it is what the layout stands around, whatever the variable holds."""
    source = translate("t.slv", f"<% content = a %>{tag}", ["a"], is_layout=True)
    assert source.text.splitlines()[2] == "__out.body()"


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
