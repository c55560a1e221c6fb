"""How many wrong programs `soli check` finds, kind by kind, and that it leaves right ones alone."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from soli_runtime.builtins.library import install_library
from soli_runtime.tools.checks import ProgramCheck

from soli_lang import Interpreter, SoliError
from soli_lang.base.limits import Capabilities
from soli_lang.tools.checker import ERROR, Finding

from ..support.corpus import ROOT
from .cases import ADVICE, FOLDER, Bench, cases, right_files, right_texts, styles, table

FOUND = FOLDER / "found.json"
"""Kind -> found of all. `SOLI_REWRITE_FOUND=1` writes it anew; numbers may rise, never fall."""
KNOWN = FOLDER / "known_findings.list"
"""What is found in right programs, line by line."""
SILENT = frozenset(
    {
        *("unused-variable", "unused-result", "no-effect", "unreachable", "replaced", "syntax"),
        *("unknown-name", "duplicate-key", "shell-command", "break-in-block", "return-in-block"),
        *("route", "unknown-module", "unknown-import"),
    }
)
"""What programs that show the language do on purpose, and what fragments leave to other files."""


def test_there_are_enough_programs_of_enough_kinds() -> None:
    """At least 200 programs of 25 kinds, each written before what finds it."""
    kinds = Counter(case.kind for case in cases())

    assert sum(kinds.values()) >= 200
    assert len(kinds) >= 25


def test_as_many_wrong_programs_are_found_as_ever() -> None:
    """The table of kinds: found of all."""
    counts, missed = table()

    if os.environ.get("SOLI_REWRITE_FOUND"):
        lines = [f"  {json.dumps(kind)}: {list(pair)}" for kind, pair in sorted(counts.items())]
        FOUND.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    recorded = {kind: tuple(pair) for kind, pair in json.loads(FOUND.read_text("utf-8")).items()}
    fewer = [f"{kind}: {counts.get(kind)}, was {was}" for kind, was in recorded.items()
             if counts.get(kind, (0, 0)) < was]  # fmt: skip
    assert not fewer, "\n".join([*fewer, *missed])
    assert counts == recorded, "more is found: record it with SOLI_REWRITE_FOUND=1"


def test_right_programs_have_no_finding_that_is_not_known(tmp_path: Path) -> None:
    """No false alarm in any program of the repository: what is found is listed, and was looked at.

    The conformance vectors, the docs, examples, samples of the users' page, benchmarks and specs;
    some of them show what fails, or what is hardly meant, on purpose.
    """
    bench, check = Bench(tmp_path), ProgramCheck()
    found = {f"{name}: {line}" for name, text in right_texts()
             for line in _alarms(bench.findings(text))}  # fmt: skip
    found |= {f"{path.relative_to(ROOT)}: {line}" for path in right_files()
              for line in _alarms(check.check_file(path))}  # fmt: skip

    if os.environ.get("SOLI_REWRITE_FOUND"):
        KNOWN.write_text("\n".join(sorted(found)) + "\n", "utf-8")
    assert found - set(KNOWN.read_text("utf-8").splitlines()) == set()


def test_the_programs_of_many_styles_run() -> None:
    """Otherwise nothing that is found in them would be a false alarm."""
    texts = [(name, text) for name, text in styles() if "ws_message(" not in text]  # in apps only

    assert len(texts) >= 60
    for name, text in texts:
        capabilities = Capabilities(output=lambda text: None, sleep=lambda seconds: None)
        try:
            Interpreter(install_library, capabilities=capabilities).run(text)
        except SoliError as error:
            raise AssertionError(f"{name}: {error.message}") from error


def _alarms(findings: Iterable[Finding]) -> list[str]:
    return [
        f"{one.severity} {one.message} [{one.code}]"
        for one in findings
        if one.code not in SILENT and one.code not in ADVICE
    ]


def test_the_severity_is_one_of_two() -> None:
    """What a program of the corpus expects can be found at all."""
    assert {case.severity for case in cases()} == {ERROR, "warning"}
