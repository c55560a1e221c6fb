"""Unix time and frozen time (docs/spec §L15)."""

from __future__ import annotations

import pytest

from ..installed import Library


@pytest.fixture
def soli() -> Library:
    return Library()


def test_freezing_holds_for_every_clock(soli: Library) -> None:
    """Whatever reads a clock sees the frozen instant."""
    assert soli.call("freeze_time", "2001-02-03T04:05:06") == 981173106
    soli.time += 1000
    assert soli.call("datetime_now") == 981173106
    assert soli.call("clock") == 981173106.0
    assert soli.send(soli.call("DateTime.now"), "to_unix") == 981173106
    assert soli.send(soli.call("DateTime.utc"), "to_unix") == 981173106
    assert soli.call("DateTime.microtime") == 981173106e6
    assert soli.call("time_ago", 981173106 - 120) == "2 minutes ago"


def test_frozen_time_reaches_stores_and_tokens(soli: Library) -> None:
    """Travelling lets cached values and tokens expire."""
    secret = "s" * 32
    soli.call("Cache.set", "a", 1, 60)
    token = soli.call("jwt_sign", {}, secret, {"expires_in": 60})
    soli.call("travel_to", int(soli.time) + 3600)
    assert soli.call("Cache.get", "a") is None
    assert soli.call("jwt_verify", token, secret)["message"] == "ExpiredSignature"


def test_unfreezing_lets_time_run(soli: Library) -> None:
    """unfreeze_time returns to the host's clock."""
    soli.call("travel_to", 5)
    assert soli.call("unfreeze_time") is None
    assert soli.call("datetime_now") == 1_700_000_000


def test_two_interpreters_have_two_clocks(soli: Library) -> None:
    """Freezing one interpreter does not freeze another."""
    other = Library()
    soli.call("freeze_time", 5)
    assert other.call("datetime_now") == 1_700_000_000


def test_what_cannot_be_frozen(soli: Library) -> None:
    """Only Unix seconds and dates name an instant."""
    bad = "freeze_time(): invalid date string 'soon'"
    assert soli.failure("freeze_time", "soon") == bad
    wrong = "freeze_time() expects timestamp (int) or date string, got float"
    assert soli.failure("freeze_time", 1.5) == wrong


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (-1, "in the future"),
        (0, "0 seconds ago"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (86400, "1 day ago"),
        (6 * 86400, "6 days ago"),
        (7 * 86400, "1 week ago"),
        (29 * 86400, "4 weeks ago"),
        (30 * 86400, "1 month ago"),
        (364 * 86400, "12 months ago"),
        (365 * 86400, "1 year ago"),
        (800 * 86400, "2 years ago"),
    ],
)
def test_time_ago(soli: Library, elapsed: int, text: str) -> None:
    """Each unit begins where the one before it ends."""
    assert soli.call("time_ago", 1_700_000_000 - elapsed) == text


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("fr", "il y a 3 jours"),
        ("de", "vor 3 Tagen"),
        ("es", "hace 3 días"),
        ("it", "3 giorni fa"),
        ("pt", "há 3 dias"),
        ("ja", "3日前"),
        ("zh", "3天前"),
    ],
)
def test_time_ago_in_other_languages(soli: Library, locale: str, text: str) -> None:
    """time_ago follows the current locale."""
    assert soli.call("set_locale", locale) == locale == soli.call("locale")
    assert soli.call("time_ago", 1_700_000_000 - 3 * 86400) == text


def test_time_ago_takes_text_and_instants(soli: Library) -> None:
    """A date text counts, what cannot be parsed counts as the epoch."""
    assert soli.call("time_ago", "2023-11-14T22:13:00") == "20 seconds ago"
    assert soli.call("time_ago", soli.call("DateTime.now")) == "0 seconds ago"
    assert soli.call("time_ago", "long ago") == "53 years ago"
