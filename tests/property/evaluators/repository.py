"""All Soli programs of this repository: vectors, specs, errors, examples, pages of docs."""

from __future__ import annotations

from collections.abc import Iterator

from soli_lang import Limits
from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes

from ...support.corpus import ROOT, VECTORS, program_files
from ...support.documents import blocks

SPEC_WORDS = """
class Expecting
  new(v)
    @v = v
  end
  def method_missing(name, a = null, b = null, &block)
    print("expect", @v, name, a, b)
    this
  end
end
def expect(v = null, &block)
  Expecting.new(v)
end
def describe(name, a = null, &block)
  print(name)
  try
    block()
  catch e
    print(e, e.backtrace)
  end
end
def context(name, &block)
  describe(name, &block)
end
def test(name, a = null, &block)
  describe(name, &block)
end
def it(name, a = null, &block)
  describe(name, &block)
end
def before_each(&block)
  describe("before", &block)
end
"""
"""What specs are written with, for evaluators that are compared: everything is printed."""

for _name in (
    "assert assert_eq assert_ne assert_null assert_not_null assert_not assert_contains "
    "assert_match assert_json assert_hash_has_key assert_lt assert_gt"
).split():
    SPEC_WORDS += f'def {_name}(a = null, b = null, c = null)\n  print("{_name}", a, b, c)\nend\n'

LIMITS = Limits(
    max_steps=30_000, max_seconds=0, max_depth=50, max_value_bytes=1 << 20, max_call_bytes=1 << 26
)


_SALTED = "password_hash"
"""What is another text each time."""


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of each."""
    for path in program_files():
        text = (ROOT / path).read_text("utf-8")
        yield str(path), SPEC_WORDS + text if path.name.endswith("_spec.soli") else text
    for name in VECTORS:
        for line in (ROOT / name).read_text("utf-8").splitlines():
            head, separator, _ = line.partition(" ==> ")
            if separator and not line.startswith("#"):
                title, _, text = head.partition(": ")
                yield f"{name} {title}", text.replace("⏎", "\n")
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for number, text in enumerate(blocks(page, "soli")):
            yield f"{page.relative_to(ROOT)} {number}", text


def programs() -> list[nodes.Program]:
    """Those that are programs."""
    found = []
    for name, text in texts():
        try:
            if _SALTED not in text:
                found.append(parse(Source(name, text)))
        except SoliSyntaxError:
            continue
    return found
