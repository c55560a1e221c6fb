"""Metrics of several processes on one page, and looks at what a service needs."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from soli_runtime.observing.health import health, readiness
from soli_runtime.observing.probes import HealthProbe
from soli_runtime.observing.together import heard, together, told


def page() -> list[Metric]:
    closes = CounterMetricFamily("soli_closes", "Closes.", labels=["code"])
    closes.add_metric(["1000"], 3)
    return [closes, GaugeMetricFamily("soli_rooms", "Rooms.", 7)]


def test_each_sample_has_its_process_and_what_all_know_is_there_once() -> None:
    """In one family each; what another process told is as if it had been read here."""
    one, two = {"worker": "0", "node": "a.1"}, {"worker": "1", "node": "a.2"}
    closes, rooms = together([(one, page()), (two, heard(told(page())))])
    assert [(sample.name, sample.labels, sample.value) for sample in closes.samples] == [
        ("soli_closes_total", {"code": "1000", **one}, 3),
        ("soli_closes_total", {"code": "1000", **two}, 3),
    ]
    assert [(sample.labels, sample.value) for sample in rooms.samples] == [({}, 7)]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"7",
        b"[1]",
        b'[["a"]]',
        b'[["a","","gauge",[["b",{},1]]]]',
        b"\xff",
        b"[[1,2,3,4]]",
    ],
)
def test_what_is_no_page_is_said_to_be_none(text: bytes) -> None:
    """Whatever answers at a socket of a worker."""
    with pytest.raises(ValueError, match=r".*"):
        heard(text)


def test_a_broker_that_is_away_makes_a_process_unready_and_not_unwell() -> None:
    """Nobody is to end it."""
    assert health(False, {"broker": "down"}) == (200, b'{"status":"ok","broker":"down"}\n')
    assert readiness(False, True) == (503, b'{"status":"unready","broker":"down"}\n')
    assert readiness(False, False) == (200, b'{"status":"ready"}\n')
    assert readiness(True, False) == (503, b'{"status":"stopping"}\n')


def test_looks_are_bounded_in_number_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask, and though no answer comes."""
    monkeypatch.setattr("soli_runtime.observing.probes.PROBE_SECONDS", 0.05)
    numbers, asked = count(), []

    async def never() -> None:
        asked.append(next(numbers))
        await asyncio.sleep(60)

    async def fails() -> None:
        raise OSError("no")

    async def works() -> None:
        pass

    async def body() -> None:
        probe = HealthProbe(never)
        assert set(await asyncio.gather(*(probe.status() for _ in range(50)))) == {"down"}
        await probe.status()
        assert asked == [0]
        probe.stop()
        assert await HealthProbe(fails).status() == "down"
        assert await HealthProbe(works).status() == "ok"

    asyncio.run(body())
