"""Planted faults are found, shown in few steps, and saved as specs that tell the app from its
repair."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from soli_runtime.loading.project import find_project
from soli_runtime.testing.exploring.exploring import Exploration, Explored
from soli_runtime.testing.exploring.invariants import invariants_of
from soli_runtime.testing.exploring.writing import spec_of
from soli_runtime.testing.one_file import why_it_fails

from .apps import APPS, Planted

MOST_EVENTS = 20_000
MOST_STEPS = 8
SEED = 1


def written(folder: Path, planted: Planted, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "app.soli").write_text(text, "utf-8")
    if planted.spec:
        (folder / "tests").mkdir(exist_ok=True)
        (folder / "tests" / "promises_spec.soli").write_text(planted.spec, "utf-8")
    return folder


def explored(app: Path, seconds: float) -> Explored:
    project = find_project(app)
    judges = [one.judge for one in invariants_of(project)]
    return Exploration(project, SEED, seconds, judges).run()


@pytest.mark.parametrize("planted", APPS, ids=lambda one: one.name)
def test_a_planted_fault_is_found_and_saved(planted: Planted, tmp_path: Path) -> None:
    """The saved spec fails with the fault, and passes without it."""
    app = written(tmp_path / "app", planted, planted.app)

    found = explored(app, 60.0)

    assert found.failure is not None
    assert found.failure.found.judge == planted.judge
    assert found.count <= MOST_EVENTS
    assert len(found.failure.steps) <= MOST_STEPS
    spec = app / "tests" / "explore_1_spec.soli"
    spec.parent.mkdir(exist_ok=True)
    spec.write_text(spec_of(SEED, found.failure), "utf-8")
    assert asyncio.run(why_it_fails(spec, find_project(app))) != ""
    written(app, planted, planted.repaired)
    assert asyncio.run(why_it_fails(spec, find_project(app))) == ""


@pytest.mark.parametrize("planted", APPS, ids=lambda one: one.name)
def test_nothing_is_said_of_the_repaired_app(planted: Planted, tmp_path: Path) -> None:
    """Within a few seconds; `EXPLORE_SECONDS` of the nightly run are more."""
    app = written(tmp_path / "app", planted, planted.repaired)

    found = explored(app, 1.5)

    assert found.failure is None, found.failure.found
