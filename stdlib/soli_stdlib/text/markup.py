"""Text for HTML pages and URLs (docs/spec §L19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from soli_lang.base.errors import SoliPlainTypeError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, function, static
from soli_lang.values.display import to_text
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from ..ground.costs import OBJECT_BYTES

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
_ESCAPE_TABLE = str.maketrans(_ESCAPES)
_UNESCAPES = (
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&#x27;", "'"),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&nbsp;", " "),
)
"""In the order in which Soli undoes them."""
_JAVASCRIPT = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "`": "\\`",
        "\n": "\\n",
        "\r": "\\r",
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
_PERCENT = tuple(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256))

_TEXT_TAGS = ("br", "b", "i", "u", "em", "strong", "a", "span", "code")
_BLOCK_TAGS = ("p", "ul", "ol", "li", "blockquote", "pre", "div")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
SAFE_TAGS = frozenset((*_TEXT_TAGS, *_BLOCK_TAGS, *_HEADINGS))
SAFE_ATTRIBUTES = frozenset(("href", "title", "alt", "class", "id", "style"))
SAFE_SCHEMES = frozenset(("http", "https", "mailto"))
BYTES_PER_CHARACTER = 8
"""What parsed HTML takes for each character of its text, roughly."""
LINK_REL = "noopener noreferrer"
MAX_MARKDOWN = 65_536
"""Characters."""
_INLINE_STEPS = 32
_BLOCK_STEPS = 64
"""What asking all rules at one place of a Markdown text is worth."""
_CELL_STEPS = 32
_TOKEN_BYTES = 1024
"""What the tokens of a tag or a cell take, roughly."""
_MAX_FILLED_CELLS = 65_536
"""Cells that the Markdown library adds to short rows."""
MAX_TAGS = 10_000
"""Opening tags in HTML to clean: the parser's work grows with the square of their nesting."""


def escape_html(text: str) -> str:
    """*text* with `& < > " '` as entities."""
    return text.translate(_ESCAPE_TABLE)


def _escaped(machine: Machine, text: str) -> str:
    grown = sum(text.count(mark) * (len(entity) - 1) for mark, entity in _ESCAPES.items())
    machine.check_length(len(text) + grown)
    machine.spend(len(text) >> 4)
    return escape_html(text)


@function(("html_escape", "h", "attr"), Any_)
def html_escape(machine: Machine, value: Value) -> str:
    """The display form with `& < > " '` as entities."""
    return _escaped(machine, machine.text(value))


@function("html_unescape", String, linear=True)
def html_unescape(text: str) -> str:
    """The reverse of `html_escape`; also `&#39;`, `&apos;` and `&nbsp;` (a space)."""
    for entity, character in _UNESCAPES:
        text = text.replace(entity, character)
    return text


@function("strip_html", String, linear=True)
def strip_html(text: str) -> str:
    """*text* without what stands between `<` and `>`; an unclosed `<` swallows the rest."""
    parts = []
    position = 0
    while (opening := text.find("<", position)) >= 0:
        parts.append(text[position:opening])
        closing = text.find(">", opening)
        if closing < 0:
            return "".join(parts)
        position = closing + 1
    parts.append(text[position:])
    return "".join(parts)


@function("sanitize_html", String)
def sanitize_html(machine: Machine, text: str) -> str:
    """*text* with harmless tags, attributes and link schemes only."""
    return clean_html(machine, text, SAFE_TAGS, SAFE_ATTRIBUTES)


def clean_html(
    machine: Machine, text: str, tags: frozenset[str], attributes: frozenset[str]
) -> str:
    """*text* parsed as HTML and written again with these tags and attributes only.

    Raises SoliValueError for more than MAX_TAGS tags, LimitError for more work than may be done.
    """
    count = text.count("<") - text.count("</")
    if count > MAX_TAGS:
        raise SoliValueError(f"HTML has too many tags to sanitize: {count} (limit {MAX_TAGS})")
    from . import html_cost

    html_cost.pay(text, machine.spend)
    machine.claim(BYTES_PER_CHARACTER * len(text))
    import nh3

    return nh3.clean(
        text,
        tags=set(tags),
        attributes={"*": set(attributes)},
        url_schemes=set(SAFE_SCHEMES),
        link_rel=LINK_REL,
    )


@function("j", Any_)
def j(machine: Machine, value: Value) -> str:
    """The display form for use inside a JavaScript string literal."""
    text = machine.text(value)
    machine.spend(len(text) >> 4)
    machine.check_length(6 * len(text))
    return text.translate(_JAVASCRIPT)


# --- URLs -----------------------------------------------------------------------------------------


def percent_encode(text: str) -> str:
    """Every byte but letters, digits and `- _ . ~` as `%XX`."""
    return "".join([_PERCENT[byte] for byte in text.encode()])


def _url_text(value: Value, name: str) -> str:
    if value is None:
        return ""
    if value.__class__ not in (str, int, float, bool):
        raise SoliPlainTypeError(f"{name}() expects string, got {type_name(value)}")
    return to_text(value)


@function("url_encode", Any_)
def url_encode(machine: Machine, value: Value) -> str:
    """*value* percent-encoded; a space becomes `%20`, null the empty string."""
    text = _url_text(value, "url_encode")
    machine.spend(len(text) >> 2)
    machine.check_length(3 * len(text))
    return percent_encode(text)


@function("url", Any_)
def url(machine: Machine, value: Value) -> str:
    """The display form as a component of a URL."""
    text = machine.text(value)
    machine.spend(len(text) >> 2)
    machine.check_length(3 * len(text))
    return percent_encode(text)


@function("url_decode", Any_, linear=True)
def url_decode(machine: Machine, value: Value) -> str:
    """`+` as a space and `%XX` as bytes of UTF-8; a `%` that is no code stays as it is."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise SoliPlainTypeError(f"url_decode() expects string, got {type_name(value)}")
    machine.claim(2 * OBJECT_BYTES * value.count("%"))
    try:
        return percent_decode(value.replace("+", " "))
    except UnicodeDecodeError as error:
        raise SoliValueError(f"url_decode() invalid percent-encoding: {error.reason}") from None


def percent_decode(text: str) -> str:
    """*text* with `%XX` decoded. Raises UnicodeDecodeError when that is not UTF-8."""
    first, *others = text.encode().split(b"%")
    if not others:
        return text
    parts = [first]
    for part in others:
        if len(part) >= 2 and part[0] in _HEX_DIGITS and part[1] in _HEX_DIGITS:
            parts += (bytes((int(part[:2], 16),)), part[2:])
        else:
            parts += (b"%", part)
    return b"".join(parts).decode()


_HEX_DIGITS = b"0123456789abcdefABCDEF"


# --- Markdown -------------------------------------------------------------------------------------


def _markdown(machine: Machine, text: str) -> str:
    if len(text) > MAX_MARKDOWN:
        raise SoliValueError(
            f"Markdown text too long: {len(text)} characters (limit {MAX_MARKDOWN})"
        )
    cells = _cells(text)
    machine.spend(2 * len(text) + _CELL_STEPS * cells)
    machine.claim(_TOKEN_BYTES * (len(text) // 4 + cells))
    import markdown_it

    renderer: Any = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # The first rules to be asked, wherever something may begin: so reading is paid as it goes on.
    renderer.inline.ruler.before("text", "payment", _payment(machine, _INLINE_STEPS))
    renderer.block.ruler.before("table", "payment", _payment(machine, _BLOCK_STEPS))
    tokens = renderer.parse(text)
    machine.spend(4 * len(tokens))
    html = str(renderer.renderer.render(tokens, renderer.options, {}))
    machine.check_length(len(html))
    return html


def _payment(machine: Machine, steps: int) -> Callable[..., bool]:
    """A rule that never applies, for which the machine is charged."""

    def rule(*_: Any) -> bool:
        machine.spend(steps)
        return False

    return rule


def _cells(text: str) -> int:
    """How many cells the tables in a Markdown text have at most: short rows are filled up."""
    bars = text.count("|")
    if not bars:
        return 0
    widest = max(line.count("|") for line in text.split("\n"))
    return bars + min(_MAX_FILLED_CELLS, (widest + 1) * text.count("\n"))


@static("Markdown", "to_html", String)
def to_html(machine: Machine, text: str) -> str:
    """CommonMark with tables and strikethrough as HTML; HTML in the text stays."""
    return _markdown(machine, text)


MARKDOWN_TAGS = SAFE_TAGS | {"hr", "img", "table", "thead", "tbody", "tr", "th", "td", "s", "del"}
MARKDOWN_ATTRIBUTES = (SAFE_ATTRIBUTES - {"style"}) | {"src", "start", "align"}


@static("Markdown", "to_safe_html", String)
def to_safe_html(machine: Machine, text: str) -> str:
    """HTML made from Markdown, without anything that could run or load a script."""
    return clean_html(machine, _markdown(machine, text), MARKDOWN_TAGS, MARKDOWN_ATTRIBUTES)
