"""`soli test --explore`: explores, tells what it found, and saves that as a spec."""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

from soli_lang.base.errors import SoliError, render

from ...loading.app import InvalidApp
from ...loading.project import Project, ProjectError, find_project
from .exploring import Counterexample, Exploration, Explored
from .invariants import invariants_of
from .story import story
from .writing import path_of, spec_of

FAILED = 1
SECONDS = 60.0
MOST_SEED = 1_000_000


def explore(arguments: argparse.Namespace) -> int:
    """Run `soli test --explore`; the exit status."""
    try:
        project = find_project(_path(arguments))
        seed = (
            random.SystemRandom().randrange(MOST_SEED) if arguments.seed is None else arguments.seed
        )
        explored = _explored(project, seed, arguments.seconds)
    except InvalidApp as error:
        problems = "\n\n".join(render(problem) for problem in error.problems)
        return _unloadable(problems)
    except SoliError as error:
        return _unloadable(render(error))
    except (ProjectError, OSError) as error:
        return _refused(str(error))
    saved = None if explored.failure is None else _saved(project, seed, explored.failure)
    if arguments.format == "json":
        _write(json.dumps(_report(seed, explored, saved), ensure_ascii=False) + "\n")
    else:
        _tell(seed, explored, saved)
    return 0 if explored.failure is None else FAILED


def _path(arguments: argparse.Namespace) -> Path:
    paths = arguments.paths or [arguments.app or Path()]
    if len(paths) > 1:
        raise ProjectError("--explore takes one app")
    path: Path = paths[0]
    return path


def _explored(project: Project, seed: int, seconds: float) -> Explored:
    invariants = invariants_of(project)
    try:
        judges = [one.judge for one in invariants]
        return Exploration(project, seed, seconds, judges).run()
    finally:
        for one in invariants:
            one.close()


def _saved(project: Project, seed: int, failure: Counterexample) -> str:
    """Write the spec; its path from the app's folder. Raises OSError."""
    path = path_of(project.root, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(spec_of(seed, failure), "utf-8")
    return path.relative_to(project.root).as_posix()


def _tell(seed: int, explored: Explored, saved: str | None) -> None:
    failure = explored.failure
    if failure is not None:
        lines = [f"  {number}. {line}" for number, line in enumerate(story(failure.steps), 1)]
        _write("\n".join([*lines, f"  => {failure.found.text}"]) + "\n\n")
    outcome = "no failure" if saved is None else f"FAILURE, saved {saved}"
    _write(
        f"explored {explored.count} events in {explored.seconds:.1f} s, seed {seed}: {outcome}\n"
    )


def _report(seed: int, explored: Explored, saved: str | None) -> dict[str, object]:
    failure = explored.failure
    return {
        "events": explored.count,
        "seconds": round(explored.seconds, 1),
        "seed": seed,
        "failure": None
        if failure is None
        else {
            "judge": failure.found.judge,
            "about": failure.found.about,
            "text": failure.found.text,
            "steps": story(failure.steps),
            "saved": saved,
        },
    }


def _unloadable(rendered: str) -> int:
    sys.stderr.write(f"{rendered}\n")
    return FAILED


def _refused(text: str) -> int:
    sys.stderr.write(f"Error: {text}\n")
    return FAILED


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
