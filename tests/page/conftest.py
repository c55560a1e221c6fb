"""Servers for the samples of the page, one per sample and test file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..support.live import LiveServer, serve

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="module")
def serve_sample() -> Iterator[Callable[..., LiveServer]]:
    """Serve a sample of the page by name; the same server for the same name and flags."""
    servers: dict[tuple[str, ...], LiveServer] = {}
    with ExitStack() as stack:

        def start(name: str, *flags: str) -> LiveServer:
            key = (name, *flags)
            if key not in servers:
                servers[key] = stack.enter_context(serve(SAMPLES / name, *flags))
            return servers[key]

        yield start


@pytest.fixture
def fresh_sample() -> Iterator[Callable[..., LiveServer]]:
    """Serve a sample for one test alone."""
    with ExitStack() as stack:
        yield lambda name, *flags: stack.enter_context(serve(SAMPLES / name, *flags))
