"""`make room R=core` finds what concerns a room."""

from __future__ import annotations

import pytest

from .support.room import files_of, rooms


@pytest.mark.parametrize("room", sorted(rooms()))
def test_every_room_has_tests(room: str) -> None:
    assert files_of(room)


def test_those_of_its_folder_and_those_that_import_it() -> None:
    """But none that is long by design, or needs a server."""
    found = {path.name for path in files_of("core")}
    assert {"test_hub.py", "test_roster.py"} <= found
    assert "test_frames.py" not in found
    assert not any("e2e" in path.parts for path in files_of("core"))


def test_what_is_no_room_is_refused() -> None:
    with pytest.raises(KeyError, match=r"there is no room 'cores'; there are: .*core, "):
        files_of("cores")
