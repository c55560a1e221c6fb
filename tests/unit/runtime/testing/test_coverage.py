"""Which lines of Soli tests ran."""

from __future__ import annotations

from pathlib import Path

from soli_runtime.testing.coverage_report import coverage_lines
from soli_stdlib import install

from soli_lang import Capabilities, Interpreter
from soli_lang.tools.coverage import Coverage

PROGRAM = """\
def sign(n)
  if n < 0
    return "-"
  else
    return "+"
  end
end
class A
  def twice(x)
    x * 2
  end
end
print(sign(1))
"""


def covered(text: str) -> tuple[set[int], set[int], str]:
    printed: list[str] = []
    interpreter = Interpreter(install, capabilities=Capabilities(output=printed.append))
    coverage = Coverage()
    coverage.watch(interpreter)
    interpreter.load(text, "p.soli")
    file = coverage.files["p.soli"]
    return file.lines, file.run, "".join(printed)


def test_lines_that_ran_are_known() -> None:
    lines, run, _ = covered(PROGRAM)

    assert lines == {1, 2, 3, 5, 8, 10, 13}
    assert lines - run == {3, 10}


def test_the_program_does_what_it_does_without() -> None:
    assert covered(PROGRAM)[2] == "+\n"


def test_blocks_lambdas_and_values_of_bodies_are_kept() -> None:
    program = "xs = [1, 2].map { it * 2 }\nys = xs.map(fn(x) x + 1)\nprint(xs, ys)"

    assert covered(program)[2] == "[2, 4] [3, 5]\n"


def test_the_report_names_what_was_missed(tmp_path: Path) -> None:
    path = tmp_path / "p.soli"
    path.write_text(PROGRAM)
    coverage = Coverage()
    interpreter = Interpreter(install, capabilities=Capabilities(output=lambda text: None))
    coverage.watch(interpreter)
    interpreter.load(PROGRAM, str(path))

    lines = coverage_lines(coverage)

    assert lines[-1].endswith("71.4%  5 of 7 lines")
    assert "not run: 3, 10" in lines[1]
