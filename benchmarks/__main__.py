"""`make bench`: measure everything, print a table, write JSON and plots.

    python -m benchmarks [--quick] [--only NAME,…] [--rounds N] [--publish]

Results of parts that are not measured this time are kept from the last time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from . import (
    actions,
    hot_path_files,
    interpreter,
    plots,
    report,
    scale_out,
    sockets,
    special,
    trust,
)
from .processes import OUT, ROOT, CannotMeasure, build, raise_file_limit
from .scale_out import tables as scale_out_tables
from .scenarios import SCENARIOS
from .servers import commit, servers, versions

PLOTS = ROOT / "docs" / "plots"
MOST_SCALE_OUT = 3
"""Rounds of scale-out: each has some twenty rows."""
OTHERS = ("http", "trust", "presence", "slow", "programs", "start", "scale-out")
PARTS = (*(scenario.name for scenario in SCENARIOS), *OTHERS)


def main() -> int:
    options = _options()
    OUT.mkdir(parents=True, exist_ok=True)
    # A quick run says nothing about speed: it must not overwrite what does.
    kept = OUT / ("quick.json" if options.quick else "results.json")
    results = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    try:
        measure(options, results)
    except CannotMeasure as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    kept.write_text(json.dumps(results, indent=1), "utf-8")
    table = report.table(results)
    (OUT / "table.md").write_text(table, "utf-8")
    print("\n" + table)
    if options.publish and "scale-out" in options.parts:
        scale_out_tables.publish(results)
    folder = PLOTS if options.publish else OUT
    plots.draw(results, folder)
    print(f"results in {_shown(kept)}, plots in {_shown(folder)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--quick", action="store_true", help="one short round: does it all work?")
    parser.add_argument("--only", default="", help=f"parts, of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--publish", action="store_true", help="draw the plots of docs/")
    options = parser.parse_args()
    options.parts = [part for part in options.only.split(",") if part] or list(PARTS)
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"no part '{part}'; there are {', '.join(PARTS)}")
    if options.quick:
        options.rounds = 1
    return options


def measure(options: argparse.Namespace, results: dict[str, Any]) -> None:
    """Put what is measured into *results*."""
    raise_file_limit()
    build("wsload")
    known = servers()
    results["versions"] = versions()
    note_commit(results, options.parts)
    results["taken"] = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    wanted = [scenario for scenario in SCENARIOS if scenario.name in options.parts]
    rows = sockets.measure(wanted, known, options.rounds, quick=options.quick)
    results.setdefault("sockets", {}).update(rows)
    few = 1 if options.quick else 3
    if "http" in options.parts:
        results["http"] = actions.measure(options.rounds, print, quick=options.quick)
    if "trust" in options.parts:
        results["trust"] = trust.measure(print, quick=options.quick)
    if "slow" in options.parts or "trust" in options.parts:
        results["slow"] = special.slow_readers(known, few, print)
    if "presence" in options.parts:
        results["presence"] = special.presence(known["soli"], print)
    if "scale-out" in options.parts:
        rounds = min(options.rounds, MOST_SCALE_OUT)
        results["scale-out"] = scale_out.measure(rounds, print, quick=options.quick)
    if "programs" in options.parts:
        results["programs"] = interpreter.programs(options.rounds, print)
    if "start" in options.parts:
        results["start"] = interpreter.cold_start(3 if options.quick else 15, print)


def note_commit(results: dict[str, Any], parts: list[str]) -> None:
    """Of which commit, and of which hot path, the figures of *parts* are."""
    figures_of = {"commit": commit(), "hot path": hot_path_files.of_working_tree()}
    results.setdefault("figures of", {}).update(dict.fromkeys(parts, figures_of))


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
