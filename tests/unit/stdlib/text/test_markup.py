"""HTML and URL text (docs/spec §L19)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soli_lang.base.limits import Limits

from ..installed import Library


@pytest.fixture
def soli() -> Library:
    return Library()


@pytest.mark.parametrize("name", ["html_escape", "h", "attr"])
def test_escaping(soli: Library, name: str) -> None:
    """The display form with five characters as entities."""
    assert soli.call(name, "<a & \"b\" 'c'>") == "&lt;a &amp; &quot;b&quot; &#x27;c&#x27;&gt;"
    assert soli.call(name, ["<", 1]) == "[&lt;, 1]"
    assert soli.call(name, None) == "null"


def test_unescaping(soli: Library) -> None:
    """Entities are undone in Soli's order, &amp; first."""
    assert soli.call("html_unescape", "&lt;&#x27;&#39;&apos;&nbsp;&quot;&gt;") == "<''' \">"
    assert soli.call("html_unescape", "&amp;lt;") == "<"


@pytest.mark.parametrize(
    ("text", "bare"),
    [("<p>Hi <b>you</b></p>", "Hi you"), ("a < b", "a "), ("a > b", "a > b"), ("", ""), ("<>", "")],
)
def test_stripping_tags(soli: Library, text: str, bare: str) -> None:
    """From each < to the next >; an unclosed one swallows the rest."""
    assert soli.call("strip_html", text) == bare


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ("a<script>alert(1)</script>b", "ab"),
        ("<style>p{}</style><h1>t</h1>", "<h1>t</h1>"),
        ('<a href="javascript:x">y</a>', '<a rel="noopener noreferrer">y</a>'),
        ("<img src=x onerror=y>", ""),
        ("<b>unclosed", "<b>unclosed</b>"),
        ("<table><tr><td>x</td></tr></table>", "x"),
    ],
)
def test_sanitizing(soli: Library, text: str, clean: str) -> None:
    """Harmless tags stay, everything that could act goes."""
    assert soli.call("sanitize_html", text) == clean


def test_sanitized_links_keep_safe_addresses(soli: Library) -> None:
    """http, https and mailto stay, and links get rel."""
    for address in ("http://x.test/", "https://x.test/", "mailto:a@x.test"):
        clean = soli.call("sanitize_html", f'<a href="{address}" target="_top">l</a>')
        assert clean == f'<a href="{address}" rel="noopener noreferrer">l</a>'


@given(text=st.text())
def test_url_text_round_trips(text: str) -> None:
    """url_decode undoes url_encode."""
    soli = Library()
    encoded = soli.call("url_encode", text)
    assert encoded.isascii()
    assert soli.call("url_decode", encoded) == text


def test_url_encoding(soli: Library) -> None:
    """Everything but letters, digits and - _ . ~ is a code."""
    assert soli.call("url_encode", "a b&café/-_.~") == "a%20b%26caf%C3%A9%2F-_.~"
    assert soli.call("url_encode", 1.0) == "1"
    assert soli.call("url_encode", True) == "true"
    assert soli.call("url_encode", None) == ""
    assert soli.failure("url_encode", []) == "url_encode() expects string, got array"


def test_url_decoding(soli: Library) -> None:
    """A plus is a space, a malformed code stays."""
    assert soli.call("url_decode", "a+b%20c") == "a b c"
    assert soli.call("url_decode", "bad%ZZ%4") == "bad%ZZ%4"
    assert soli.call("url_decode", None) == ""
    assert soli.failure("url_decode", "%ff").startswith("url_decode() invalid percent-encoding: ")
    assert soli.failure("url_decode", 5) == "url_decode() expects string, got int"


def test_javascript_text_cannot_leave_its_string(soli: Library) -> None:
    """Quotes, line ends and tags are escaped."""
    assert soli.call("j", "</script>'\"\n\\") == "\\u003c/script\\u003e\\'\\\"\\n\\\\"


def test_markdown(soli: Library) -> None:
    """CommonMark with tables; the safe form drops HTML that acts."""
    assert soli.call("Markdown.to_html", "# A *b*") == "<h1>A <em>b</em></h1>\n"
    assert "<td>1</td>" in soli.call("Markdown.to_html", "|a|\n|-|\n|1|")
    assert "<script>" in soli.call("Markdown.to_html", "<script>x</script>")
    assert "script" not in soli.call("Markdown.to_safe_html", "<script>x</script>")
    assert "<td>1</td>" in soli.call("Markdown.to_safe_html", "|a|\n|-|\n|1|")


def test_escaped_text_is_bounded() -> None:
    """The size is checked before the text grows."""
    soli = Library(limits=Limits(max_value_bytes=50))
    assert soli.call("h", "&" * 10) == "&amp;" * 10
    assert "value too large" in soli.failure("h", "&" * 11)


def test_tags_to_sanitize_are_bounded(soli: Library) -> None:
    """Nested tags cost the square of their number."""
    assert soli.call("sanitize_html", "<i>x</i>" * 10_000) == "<i>x</i>" * 10_000
    assert "too many tags" in soli.failure("sanitize_html", "<i>" * 10_001)


def test_markdown_is_bounded(soli: Library) -> None:
    """A text of the limit is rendered, a longer one refused."""
    assert soli.call("Markdown.to_html", "x" * 65_536).startswith("<p>x")
    assert "too long" in soli.failure("Markdown.to_html", "x" * 65_537)
