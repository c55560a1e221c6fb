"""`--profile`: where the time and the steps of a program went, as tables and as a flame graph."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent  # type: ignore[import-untyped]

from soli_lang.tools.profiling import Frame, Profile, Spent

if TYPE_CHECKING:
    from ..observing.traces import Trace
    from ..serving.service import Service

MOST_ROWS = 20
SCHEMA = "https://www.speedscope.app/file-format-schema.json"
MOST_FILES = 1000


class Profiling:
    """A profile, and what is written of it in the end."""

    def __init__(self) -> None:
        self.profile = Profile(getcurrent)
        self.watch = self.profile.watch

    def follow(self, service: Service) -> None:
        """Leave out what passes between the events of *service*."""
        service.watch(self._ended, self._ended)

    def _ended(self, trace: Trace) -> None:
        self.profile.pause()

    def report(self, name: str) -> None:
        """Print the tables, and write the flame graph into the working folder."""
        profile = self.profile
        profile.pause()
        if not profile.lines:
            return  # nothing ran, and it was said why
        sys.stdout.write("".join(line + "\n" for line in tables(profile)))
        try:
            path = _written(Path.cwd(), name, speedscope(profile, name))
        except OSError as error:
            sys.stderr.write(f"soli: --profile: no flame graph: {error.strerror}\n")
            return
        sys.stdout.write(f"flame graph: {path} (open it at https://www.speedscope.app)\n")


def profiled(run: Callable[[Profiling], int]) -> int:
    """What *run* returns, which has its programs watched; then the report."""
    profiling = Profiling()
    try:
        return run(profiling)
    finally:
        profiling.report("profile")


def tables(profile: Profile) -> Iterator[str]:
    """Functions and lines, the most expensive first."""
    functions = profile.functions()
    total = sum(one.seconds for one in functions.values()) or 1e-9
    rows = [(spent, f"{name}  {_shown(source)}") for (source, name), spent in functions.items()]
    yield from _table("function (without what it calls)", rows, total)
    yield ""
    lines = [
        (spent, f"{_shown(source)}:{line}  {name}")
        for (source, name, line), spent in profile.lines.items()
    ]
    yield from _table("line", lines, total)


def _table(title: str, rows: Iterable[tuple[Spent, str]], total: float) -> Iterator[str]:
    ordered = sorted(rows, key=lambda row: -row[0].seconds)
    yield f"{'CPU ms':>10} {'%':>6} {'steps':>10} {'runs':>8}  {title}"
    for spent, text in ordered[:MOST_ROWS]:
        share = 100 * spent.seconds / total
        numbers = f"{spent.seconds * 1000:>10.2f} {share:>6.1f} {spent.steps:>10} {spent.times:>8}"
        yield f"{numbers}  {text}"
    if len(ordered) > MOST_ROWS:
        yield f"{'':>10} {'':>6} {'':>10} {'':>8}  … and {len(ordered) - MOST_ROWS} more"


def _shown(source: str) -> str:
    try:
        return os.path.relpath(source) if os.path.isabs(source) else source
    except ValueError:
        return source


def speedscope(profile: Profile, name: str) -> dict[str, Any]:
    """The stacks in the format of speedscope: each once, with its time."""
    frames: dict[Frame, int] = {}
    samples, weights = [], []
    for stack, spent in profile.stacks.items():
        samples.append([frames.setdefault(frame, len(frames)) for frame in stack])
        weights.append(round(spent.seconds * 1e6, 3))
    shown = [{"name": function, "file": _shown(source)} for source, function in frames]
    return {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "soli",
        "shared": {"frames": shown},
        "profiles": [
            {
                "type": "sampled",
                "name": name,
                "unit": "microseconds",
                "startValue": 0,
                "endValue": round(sum(weights), 3),
                "samples": samples,
                "weights": weights,
            }
        ],
    }


def _written(folder: Path, name: str, content: dict[str, Any]) -> Path:
    """The file, which is a new one. Raises OSError."""
    for number in range(1, MOST_FILES):
        path = folder / f"{name}-{number}.speedscope.json"
        try:
            with path.open("x", encoding="utf-8") as file:
                json.dump(content, file)
        except FileExistsError:
            continue
        return path
    raise OSError(0, f"there are {MOST_FILES} of them already")
