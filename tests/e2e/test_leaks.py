"""Of connections that came and went nothing is left, however they went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .cycles import RUNNERS, measured

pytestmark = pytest.mark.long

ROUNDS = 5
CYCLES = 300
"""Of each round; `python -m tests.e2e.cycles` makes a hundred thousand."""
MOST_GROWTH = 4 << 20
"""Bytes between the second round and the last: what the allocator does, but no leak."""


@pytest.fixture(scope="module", params=RUNNERS)
def rounds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What was there after each of five times three hundred connections."""
    root: Path = tmp_path_factory.mktemp("leaks")
    return RUNNERS[request.param](measured(CYCLES, ROUNDS, root))


def test_no_state_is_left(rounds: list[dict[str, Any]]) -> None:
    """Connections, rooms, presence, handlers that wait: none."""
    assert [found["left"] for found in rounds] == [{}] * ROUNDS


def test_no_task_is_left(rounds: list[dict[str, Any]]) -> None:
    """Only the one that looks."""
    assert [found["tasks"] for found in rounds] == [1] * ROUNDS


def test_no_descriptor_is_left(rounds: list[dict[str, Any]]) -> None:
    """As many as after the first round."""
    assert len({found["descriptors"] for found in rounds}) == 1


def test_memory_stays_flat(rounds: list[dict[str, Any]]) -> None:
    """Once everything was needed that is needed."""
    assert rounds[-1]["resident"] - rounds[1]["resident"] < MOST_GROWTH
