"""All programs of this repository: vectors, specs, errors, examples, what the pages show."""

from __future__ import annotations

from collections.abc import Iterator

from ..support.corpus import ROOT, VECTORS, program_files
from ..support.documents import blocks

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
"""What specs are written with, where programs are compared: everything is printed."""

for _name in (
    "assert assert_eq assert_ne assert_null assert_not_null assert_not assert_contains "
    "assert_match assert_json assert_hash_has_key assert_lt assert_gt"
).split():
    SPEC_WORDS += f'def {_name}(a = null, b = null, c = null)\n  print("{_name}", a, b, c)\nend\n'


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
