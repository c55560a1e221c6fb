"""The three kinds of stores, each as a program sees it and as the server does."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from soli_runtime.settings import Settings
from soli_runtime.stores.store import Store, store_of
from soli_runtime.stores.waited import use_store
from soli_stdlib.json import text as json_text
from soli_stdlib.json.text import JSON, JsonCodec

from ....support.redis_server import RedisServer, redis_server
from ...stdlib.installed import Library

KINDS = ("memory", "sqlite", "redis")
prefixes = itertools.count()


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """One server for all tests; each has a prefix of its own."""
    with redis_server() as server:
        yield server


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop that the stores wait on."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


class Made:
    """Stores that are closed at the end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, folder: Path, request: Any) -> None:
        self.loop = loop
        self._folder = folder
        self._request = request
        self._stores: list[Store] = []

    def store(self, kind: str, *, prefix: str | None = None, **settings: Any) -> Store | None:
        """A store of that kind, empty unless it has the *prefix* of another; None: memory."""
        prefix = prefix or f"test{next(prefixes)}"
        if kind == "sqlite":
            settings["store"] = f"sqlite:{self._folder / prefix}"
        elif kind == "redis":
            settings["store"] = self._request.getfixturevalue("redis").url
        store = store_of(Settings(**settings), prefix)
        if store is not None:
            self.loop.run_until_complete(store.open())
            self._stores.append(store)
        return store

    def library(self, store: Store | None) -> Library:
        """A program's builtins over *store*."""
        library = Library(suspend=self.loop.run_until_complete)
        library.machine.library[JSON] = JsonCodec(json_text.encode, json_text.decode)
        if store is not None:
            use_store(library.machine, store)
        return library

    def elsewhere(self) -> Made:
        """The same for another thread, with an event loop of its own."""
        return Made(asyncio.new_event_loop(), self._folder, self._request)

    def close(self) -> None:
        for store in self._stores:
            self.loop.run_until_complete(store.close())


@pytest.fixture
def made(loop: asyncio.AbstractEventLoop, tmp_path: Path, request: Any) -> Iterator[Made]:
    made = Made(loop, tmp_path, request)
    yield made
    made.close()
