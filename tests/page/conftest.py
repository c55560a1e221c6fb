"""Servers for the samples of the page, one per sample and test file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from ..support.live import LiveServer, answering, free_port
from ..support.live import serve as serve_with_soli_run

SAMPLES = Path(__file__).parent / "samples"
SERVER = os.environ.get("SOLI_PAGE_SERVER", "")
"""`uvicorn` or `hypercorn`: serve the samples behind that (tests/e2e/test_asgi.py)."""


def serve(path: Path, *flags: str) -> AbstractContextManager[LiveServer]:
    """`soli run`, or the same app as an ASGI application."""
    if not SERVER:
        return serve_with_soli_run(path, *flags)
    host = [sys.executable, "-m", "tests.e2e.asgi_host", SERVER, str(free_port()), str(path)]
    return answering([*host, "--program-authenticates", *flags])


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
