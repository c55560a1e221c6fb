"""Every local at fifty breakpoints is what the program itself prints there."""

from __future__ import annotations

import re
from pathlib import Path

from ...support.dap_client import DapClient

PIECE = """\
def work_N(given, more = "d")
  let first = given * N
  print("@", "first", first, "more", more)
  let texts = ["a", "b"].map do |item|
    let joined = item + str(first)
    print("@", "joined", joined, "item", item, "first", first)
    joined
  end
  for index in 0..1
    let square = index * index
    print("@", "square", square, "index", index, "texts", texts)
  end
  let counted = 0
  let add = fn(by) {
    counted += by
    print("@", "counted", counted, "by", by, "given", given)
    counted
  }
  add(first)
  try
    throw "oops" + str(N)
  catch error
    print("@", "error", error, "counted", counted)
  end
end
work_N(N + 1)
"""


def test_locals_are_what_is_printed(client: DapClient, tmp_path: Path) -> None:
    path = tmp_path / "pieces.soli"
    path.write_text("".join(PIECE.replace("N", str(number)) for number in range(1, 11)))
    lines = [number for number, line in enumerate(path.read_text().split("\n"), 1) if '"@"' in line]
    assert len(lines) == 50
    client.launched(path, *lines)
    client.ask("setExceptionBreakpoints", filters=[])
    seen: list[dict[str, str]] = []
    for _ in range(60):
        thread = client.stopped(reason="breakpoint")["threadId"]
        frame = client.stack(thread)[0]
        assert frame["line"] in lines
        seen.append(client.variables(frame["id"]))
        client.ask("continue", threadId=thread)
    client.event("terminated")
    printed = re.findall(r"^@ (.*)$", client.output, re.MULTILINE)
    assert len(printed) == 60
    for line, found in zip(printed, seen, strict=True):
        words = re.split(r" (?![^\[]*\])", line)
        for name, text in zip(words[::2], words[1::2], strict=True):
            assert found[name].replace('"', "") == text, (line, found)
