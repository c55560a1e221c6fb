"""Who may see the metrics, and histograms."""

from __future__ import annotations

from math import inf

import pytest
from soli_runtime.observing.health import health, may_watch
from soli_runtime.observing.tally import Histogram, kind_of

from soli_lang.base.errors import LimitError

HERE = {"host": "127.0.0.1:5011"}


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_watch(remote: str) -> None:
    """By any of its loopback addresses."""
    assert may_watch("", remote, HERE)


@pytest.mark.parametrize("host", ["localhost:5011", "127.0.0.1", "[::1]:5011", "LOCALHOST"])
def test_this_machine_has_several_names(host: str) -> None:
    """With a port and without."""
    assert may_watch("", "127.0.0.1", {"host": host})


@pytest.mark.parametrize("remote", ["203.0.113.7", "10.0.0.1", "::ffff:10.0.0.1", "", "unix:"])
def test_others_may_not_watch_without_a_token(remote: str) -> None:
    """Nor who has no address, as on a Unix socket."""
    assert not may_watch("", remote, HERE)


@pytest.mark.parametrize(
    "header", ["forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"]
)
def test_a_proxy_on_this_machine_is_not_this_machine(header: str) -> None:
    """Any sign of one is enough, whatever it says."""
    assert not may_watch("", "127.0.0.1", {**HERE, header: "127.0.0.1"})


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "a@b:c"])
def test_a_strangers_name_that_leads_here_is_refused(host: str) -> None:
    """A page in a browser could otherwise read the metrics of its own machine."""
    assert not may_watch("", "127.0.0.1", {"host": host})


@pytest.mark.parametrize("given", ["Bearer t0ken", "bearer t0ken", "BEARER  t0ken"])
def test_a_token_is_enough_from_anywhere(given: str) -> None:
    """The scheme's case does not matter (RFC 9110 section 11.1)."""
    assert may_watch("t0ken", "203.0.113.7", {"host": "x.example", "authorization": given})


@pytest.mark.parametrize(
    "given", ["", "t0ken", "Basic t0ken", "Bearer", "Bearer t0ke", "Bearer t0kenn", "Bearer \udcff"]
)
def test_anything_else_is_not_the_token(given: str) -> None:
    """From this machine neither; octets that are no text are no reason to fail."""
    assert not may_watch("t0ken", "127.0.0.1", {**HERE, "authorization": given})


def test_health_is_a_status_and_json() -> None:
    """For balancers that look at either."""
    assert health(stopping=False) == (200, b'{"status":"ok"}\n')
    assert health(stopping=True) == (503, b'{"status":"stopping"}\n')


def test_a_histogram_counts_up_to_each_bound() -> None:
    """A value on a bound belongs below it; the last bound is infinity."""
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)
    assert list(histogram.cumulative()) == [(1.0, 2), (2.0, 3), (inf, 4)]
    assert histogram.sum == 12.0


def test_a_kind_is_the_class_of_an_error_or_internal() -> None:
    """Never its text, which a client may have chosen."""
    assert kind_of(LimitError("x")) == "LimitError"
    assert kind_of(ValueError("x")) == "internal"
