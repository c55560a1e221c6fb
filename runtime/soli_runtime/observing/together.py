"""The metrics of several processes on one page, each sample with the process that it is of.

Prometheus adds samples up by leaving labels out (`sum without (worker, node)`), so there are no
totals beside them: they would be counted twice. What all processes say alike is there once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from prometheus_client import Metric

EVERYBODYS = frozenset(
    {
        "soli_rooms",
        "soli_presence_channels",
        "soli_presence_rooms",
        "soli_presence_users",
        "soli_jobs_queued",
        "soli_jobs_running",
    }
)
"""Gauges of all processes that meet, the same in each."""

Who = Mapping[str, str]
"""Labels of a process."""


def told(families: Iterable[Metric]) -> bytes:
    """What one process tells another of its own."""
    rows = [
        [family.name, family.documentation, family.type, [list(one[:3]) for one in family.samples]]
        for family in families
        if family.name not in EVERYBODYS
    ]
    return json.dumps(rows).encode()


def heard(text: bytes) -> list[Metric]:
    """The families that another process told. Raises ValueError when it told something else."""
    families = []
    try:
        for name, documentation, kind, rows in json.loads(text):
            family = Metric(name, documentation, kind)
            for sample, labels, value in rows:
                # A name that starts otherwise would be a family of its own.
                if not sample.startswith(family.name):
                    raise ValueError(f"{sample} in {family.name}")
                family.add_sample(sample, labels, float(value))
            families.append(family)
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from None
    return families


def together(pages: Iterable[tuple[Who, Iterable[Metric]]]) -> list[Metric]:
    """One page of all, the families in the order in which they first come."""
    found: dict[str, Metric] = {}
    for who, families in pages:
        for family in families:
            one = found.get(family.name)
            if one is None:
                one = found[family.name] = Metric(family.name, family.documentation, family.type)
            labels = {} if family.name in EVERYBODYS else who
            for sample in family.samples:
                one.add_sample(sample.name, {**sample.labels, **labels}, sample.value)
    return list(found.values())
