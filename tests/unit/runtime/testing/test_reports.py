"""What a run says, to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from soli_runtime.testing.differences import difference_lines
from soli_runtime.testing.machine_reports import json_report, junit_report
from soli_runtime.testing.outcomes import FileReport, Outcome, RunReport, Status
from soli_runtime.testing.reports import TextReport, duration_text


def outcome(name: str, status: Status, **more: object) -> Outcome:
    return Outcome(name=name, full_name=name, status=status, **more)  # type: ignore[arg-type]


@pytest.fixture
def report() -> RunReport:
    file = FileReport(Path("a_spec.soli"), assertions=3, seconds=0.012)
    file.outcomes = [
        outcome("one", Status.PASSED),
        outcome("two", Status.FAILED, message="no at 1:2", detail="left: 1\nright: 2", line=1),
        outcome("three", Status.SKIPPED, message="later"),
    ]
    return RunReport([file], 0.5)


def text_of(report: RunReport) -> list[str]:
    written: list[str] = []
    text = TextReport(written.append, [file.path for file in report.files])
    for file in report.files:
        text.file_begins(file.path)
        text.file_ended(file)
    text.run_ended(report)
    return "".join(written).split("\n")


def test_the_last_line_counts_tests(report: RunReport) -> None:
    assert text_of(report)[-2:] == ["1 passed, 1 failed, 1 skipped", ""]


def test_skipped_tests_are_not_mentioned_when_there_are_none() -> None:
    assert RunReport().last_line() == "0 passed, 0 failed"


def test_a_file_has_a_line(report: RunReport) -> None:
    """Path padded to 40, duration to 8, assertions to 6, and a mark."""
    assert text_of(report)[0] == f"  {'a_spec.soli':<40} {'12ms':>8} {3:>6} ✗"


def test_a_failure_is_shown_below_its_file(report: RunReport) -> None:
    lines = text_of(report)

    assert "  │ ✗ two" in lines
    assert "  │   → no at 1:2" in lines
    assert "  │     right: 2" in lines


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.00095, "950µs"), (0.012, "12ms"), (1.234, "1.23s")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_json_has_everything(report: RunReport) -> None:
    value = json.loads(json_report(report))

    assert (value["passed"], value["failed"], value["skipped"]) == (1, 1, 1)
    failed = value["files"][0]["tests"][1]
    assert failed["name"] == "two"
    assert failed["status"] == "failed"
    assert failed["message"] == "no at 1:2"
    assert failed["line"] == 1


def test_junit_is_xml_with_the_counts(report: RunReport) -> None:
    report.files[0].outcomes.append(outcome('<&"\x00>', Status.FAILED, message="a\nb"))

    root = ElementTree.fromstring(junit_report(report))

    assert root.attrib["tests"] == "4"
    assert root.attrib["failures"] == "2"
    assert root.attrib["skipped"] == "1"


def test_long_values_are_shown_around_the_first_difference() -> None:
    left = "x" * 500 + "a" + "y" * 500
    right = "x" * 500 + "b" + "y" * 500

    lines = difference_lines(left, right)

    assert all(len(line) < 140 for line in lines)
    assert lines[0][lines[2].index("^")] == "a"
    assert lines[1][lines[2].index("^")] == "b"


def test_values_over_several_lines_are_compared_line_by_line() -> None:
    lines = difference_lines("[\n  1,\n  2\n]", "[\n  1,\n  3\n]")

    assert "-   2" in lines
    assert "+   3" in lines
    assert "    1," in lines


def test_without_colors_a_terminal_gets_none() -> None:
    """What the environment variable NO_COLOR asks for."""
    written: list[str] = []
    paths = [Path("tests/a_spec.soli")]
    text = TextReport(written.append, paths, is_terminal=True, has_colors=False)
    text.file_begins(paths[0])
    text.file_ended(FileReport(paths[0]))
    text.run_ended(RunReport(files=[FileReport(paths[0])]))
    assert "\x1b[3" not in "".join(written)
    assert "✓" in "".join(written)
