"""How closes are spread over a stop."""

from __future__ import annotations

import pytest
from soli_runtime.serving.life.departures import TICK_SECONDS, batches


@pytest.mark.parametrize(
    ("count", "seconds", "lasts"),
    [(0, 5, 0.0), (10, 5, 0.0), (11, 5, 0.01), (1000, 5, 1.0), (5000, 5, 5.0), (50_000, 5, 5.0)],
)
def test_a_thousand_a_second_or_as_many_as_the_time_needs(
    count: int, seconds: float, lasts: float
) -> None:
    found = list(batches(count, seconds))
    closed = [number for batch in found for number in range(count)[batch]]
    assert closed == list(range(count))
    assert max(0, len(found) - 1) * TICK_SECONDS == pytest.approx(lasts, abs=0.02)
