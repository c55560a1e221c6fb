"""Declared types of what handlers, actions, jobs and the host's calls are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from soli_runtime.settings import Settings

from soli_lang import SoliError

from .support import receive, run, serving

APP = """router_websocket("/right", "app#right")
router_websocket("/wrong", "app#wrong")
get("/action", "app#action")
class StoreJob
  static def perform(args: Hash)
    print(args)
  end
end
def right(event: Hash) -> Hash
  return {} if event["type"] != "message"
  { "send": inner(event["message"]) }
end
def wrong(event: String)
  return {} if event == null
  { "send": "never" }
end
def action(request: Int)
  "never"
end
def inner(n: Int)
  "inner " + n
end
"""


def test_handlers_and_actions_are_given_what_they_declare(tmp_path: Path) -> None:
    """Or they fail as any handler fails; calls in the program are as they were."""

    async def body() -> None:
        async with serving(tmp_path, {"app.soli": APP}) as site:
            async with site.connect("/right") as client:
                await client.send("text")
                assert await receive(client) == "inner text"
            async with site.connect("/wrong") as client:
                await client.wait_closed()
                assert client.close_code == 1011
            assert (await site.get("/action")).status == 500
        assert "'wrong' takes String as 'event', this is Hash" in site.log
        assert "'action' takes Int as 'request', this is Hash" in site.log

    run(body)


def test_with_check_types_calls_in_the_program_are_checked_too(tmp_path: Path) -> None:
    """The setting of a server."""

    async def body() -> None:
        files = {"app.soli": APP}
        async with (
            serving(tmp_path, files, check_types=True) as site,
            site.connect("/right") as client,
        ):
            await client.send("text")
            await site.until(lambda: "handler_error" in site.log)
        assert "'inner' takes Int as 'n', this is String" in site.log

    run(body)


def test_jobs_are_given_what_they_declare() -> None:
    """Whoever enqueued it, and whenever."""
    from soli_runtime.builtins.library import install_library
    from soli_runtime.jobs.jobs import perform, watch_classes

    from soli_lang import Capabilities, Interpreter

    printed: list[Any] = []
    interpreter = Interpreter(install_library, capabilities=Capabilities(output=printed.append))
    watch_classes(interpreter.machine)
    interpreter.load(APP[APP.index("class") : APP.index("def right")])

    perform(interpreter.machine, "StoreJob", {"a": 1})
    with pytest.raises(SoliError, match="'perform' takes Hash as 'args', this is String"):
        perform(interpreter.machine, "StoreJob", "text")
    assert "".join(printed) == "{a => 1}\n"


def test_types_are_not_checked_everywhere_unless_asked() -> None:
    assert not Settings().check_types
    assert Settings.from_environment({"SOLI_CHECK_TYPES": "true"}).check_types
