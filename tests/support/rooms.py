"""The rooms of the house and who imports whom, told from the code: for the picture and its test.

    python -m tests.support.rooms      writes the picture in docs/architecture.md anew

A room is a folder directly inside one of the three packages; what lies beside the folders
(`settings`, `interpreter`, …) is a room of its own. Of the arrows, those are drawn that no longer
way replaces: A → B is left out where A → C → B is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import grimp

from .corpus import ROOT

PACKAGES = ("soli_lang", "soli_stdlib", "soli_runtime")
"""Bottom to top."""

ARCHITECTURE = ROOT / "docs" / "architecture.md"
_BLOCK = re.compile(r"<!-- picture: [^>]*-->\n```mermaid\n(.*?)```\n", re.DOTALL)

Arrows = dict[str, set[str]]


def room_of(module: str) -> str | None:
    """The room in which *module* is; None for the packages themselves, which are the doors."""
    parts = module.split(".")
    return ".".join(parts[:2]) if len(parts) > 1 else None


def arrows() -> Arrows:
    """Each room -> the rooms that it imports from."""
    graph = grimp.build_graph(*PACKAGES)
    found: Arrows = {}
    for module in graph.modules:
        room = room_of(module)
        if room is None:
            continue
        targets = found.setdefault(room, set())
        for imported in graph.find_modules_directly_imported_by(module):
            target = room_of(imported)
            if target is not None and target != room:
                targets.add(target)
    return found


def reduced(all_arrows: Arrows) -> Arrows:
    """*all_arrows* without those that a longer way replaces. Circles of two rooms are kept."""
    reach = {room: _reachable(all_arrows, room) for room in all_arrows}
    return {
        room: {
            target
            for target in targets
            if not any(
                target in reach[other] and room not in reach[other] for other in targets - {target}
            )
        }
        for room, targets in all_arrows.items()
    }


def _reachable(all_arrows: Arrows, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for target in all_arrows.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def picture(drawn: Arrows) -> str:
    """A mermaid flowchart: the packages as boxes, their rooms in them, arrows to what is used."""
    lines = ["flowchart TD"]
    for package in reversed(PACKAGES):
        lines.append(f"  subgraph {package}")
        lines += [f"    {_id(room)}[{_name(room)}]" for room in _rooms_of(drawn, package)]
        lines.append("  end")
    lines += [f"  {_id(a)} --> {_id(b)}" for a in sorted(drawn) for b in sorted(drawn[a])]
    return "\n".join(lines) + "\n"


def drawn_picture() -> str:
    """The picture as it stands in docs/architecture.md."""
    found = _BLOCK.search(ARCHITECTURE.read_text("utf-8"))
    assert found, "docs/architecture.md has no picture"
    return found[1]


def draw() -> None:
    """Write the picture of today's imports into docs/architecture.md."""
    text = ARCHITECTURE.read_text("utf-8")
    found = _BLOCK.search(text)
    assert found, "docs/architecture.md has no picture"
    new = picture(reduced(arrows()))
    ARCHITECTURE.write_text(text[: found.start(1)] + new + text[found.end(1) :], "utf-8")


def _rooms_of(drawn: Arrows, package: str) -> Iterable[str]:
    return sorted(room for room in drawn if room.startswith(f"{package}."))


def _id(room: str) -> str:
    return room.replace(".", "_")


def _name(room: str) -> str:
    return room.partition(".")[2]


def folders() -> list[Path]:
    """All folders with code of the three packages."""
    tops = [ROOT / "soli_lang", ROOT / "stdlib/soli_stdlib", ROOT / "runtime/soli_runtime"]
    return sorted({path.parent for top in tops for path in top.rglob("*.py")})


if __name__ == "__main__":
    draw()
