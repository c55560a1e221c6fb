"""A host that mounts an app has one process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from soli_runtime import mount
from soli_runtime.settings import SettingError, Settings


def test_a_broker_is_refused(tmp_path: Path) -> None:
    """Instead of being passed over: rooms would not meet."""
    (tmp_path / "app.soli").write_text('get("/", "app#index")\ndef index\n  "x"\nend\n')

    async def start() -> None:
        host = web.Application()
        mount(host, tmp_path, settings=Settings(broker="redis://127.0.0.1:1/0"))
        runner = web.AppRunner(host)
        await runner.setup()

    with pytest.raises(SettingError, match="broker: an app of a host has one process"):
        asyncio.run(start())
