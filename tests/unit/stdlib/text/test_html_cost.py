"""What parsing an HTML text costs, against what it pays."""

from __future__ import annotations

import time
from random import Random

import nh3
import pytest
from soli_stdlib.text import html_cost

from soli_lang.base.errors import LimitError

from ..installed import Library

MOST_STEPS = 10_000_000
MOST_MICROSECONDS_PER_STEP = 20
"""A step is worth a tenth of one; this is for busy machines."""


def price(text: str) -> int:
    """The steps that *text* costs."""
    spent = 0

    def spend(steps: int) -> None:
        nonlocal spent
        spent += steps

    html_cost.pay(text, spend)
    return spent


@pytest.mark.parametrize(
    "text",
    [
        "<span>" * 9999 + "</x>" * 20_000,
        "".join(f"<b id={i}>" for i in range(3000)) + "<p>x</p>" * 3000,
        "".join(f"<font a{i}>" for i in range(5000)),
        "<b " + " ".join(f"a{i}" for i in range(20_000)) + ">",
        "&" * 131_072,
        "&x " * 50_000,
        "\0" * 200_000,
        "<ul><li>" * 5000,
        '<b t="</b>">' * 5000 + "</x>" * 20_000,
        "<b><!--</b>-->" * 5000 + "</x>" * 20_000,
        "<svg><![CDATA[></svg>]]>" * 3000 + "</x>" * 20_000,
        "<div><table></div>" * 3000 + "</x>" * 20_000,
        "<textarea>" + "</" * 100_000,
    ],
    ids=lambda text: text[:12].replace("\0", "NUL"),
)
def test_what_is_slow_to_parse_is_dear(text: str) -> None:
    """Whatever the slowness comes from."""
    before = time.process_time()
    nh3.clean(text, tags={"b", "span"})
    seconds = time.process_time() - before
    assert seconds * 1e6 <= MOST_MICROSECONDS_PER_STEP * (price(text) + 1000)


NAMES = (
    "a b i u em font nobr div p span li ul table tr td th tbody caption select option svg math "
    "title textarea style template form button h1 pre foo br img html body dd dt ruby rt"
).split()
ODDS = ("x", " ", "&", "&amp", "<!--", "-->", "<![CDATA[", "]]>", "<?", ">", "</", '"', "'", "\0")
ATTRIBUTES = ("id=1", 'a="</b>"', 't=">"', "x", "/", "=", '"', "'<b>'")


def piece(random: Random) -> str:
    name, kind = random.choice(NAMES), random.random()
    if kind < 0.4:
        return f"<{name}>"
    if kind < 0.65:
        return f"</{name}>"
    return f"<{name} {random.choice(ATTRIBUTES)}>" if kind < 0.8 else random.choice(ODDS)


def test_nothing_is_dear_to_parse_and_cheap() -> None:
    """Repeated pieces of all that means something to an HTML parser."""
    seed = 8
    random = Random(seed)
    for _ in range(150):
        pieces = "".join(piece(random) for _ in range(random.randint(1, 5)))
        text = piece(random) + pieces * 1000 + piece(random) * random.choice((1, 2000))
        cost = price(text)
        if cost > MOST_STEPS:
            continue
        before = time.process_time()
        nh3.clean(text, tags={"b", "p"})
        seconds = time.process_time() - before
        assert seconds * 1e6 <= MOST_MICROSECONDS_PER_STEP * (cost + 1000), (seed, text[:200])


def test_an_article_is_cheap() -> None:
    """A hundred paragraphs with links, bold words and entities: a small part of a budget."""
    paragraph = "<p>One &amp; two <b>three</b> <a href='http://x.example'>four</a>.</p>\n"
    assert price(paragraph * 100) < 20_000
    assert price("<ul>" + "<li>One<li>two" * 200 + "</ul>") < 20_000


def test_sanitizing_stops_before_it_begins() -> None:
    """What would take seconds is refused in hundredths."""
    soli = Library()
    soli.machine.fuel = 1_000_000
    soli.machine.steps_left = 0
    before = time.process_time()
    with pytest.raises(LimitError):
        soli.call("sanitize_html", "<span>" * 9999 + "</x>" * 190_000)
    assert time.process_time() - before < 1
