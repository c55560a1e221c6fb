"""Loading an app anew while it serves (`--dev`)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from soli_runtime.loading.launch import Launch, launch
from soli_runtime.settings import Settings

from ..support import live
from ..support.live import serve
from .support import receive, run, serving, write_files


def app(word: str) -> dict[str, str]:
    return {
        "app.soli": f"""router_websocket("/ws", "app#handle")
get("/{word}", "app#show")
def handle(event)
  return {{ "join": "r" }} if event["type"] == "connect"
  return {{ "broadcast_room": "{word} " + event["message"] }} if event["type"] == "message"
  {{}}
end
def show
  ws_count()
end
"""
    }


def test_connections_and_rooms_outlive_a_reload(tmp_path: Path) -> None:
    """The next message meets the new handler; routes are the new ones."""

    async def body() -> None:
        async with serving(tmp_path, app("old")) as site, site.connect("/ws") as client:
            await client.send("a")
            assert await receive(client) == "old a"
            how = Launch(write_files(tmp_path, app("new")), Settings())
            site.server.adopt(launch(how))
            await client.send("b")
            assert await receive(client) == "new b"
            assert (await site.get("/new")).text == "1"
            assert (await site.get("/old")).status == 404
            async with site.connect("/ws") as other:
                await other.send("c")
                assert await receive(client) == "new c"

    run(body)


def test_sighup_loads_the_app_anew_in_place(tmp_path: Path) -> None:
    """Connections and rooms stay; broken code is told of, and leaves the old running."""
    main = write_files(tmp_path, app("old"))
    with serve(main) as server, server.connect("/ws") as client:
        client.send("a")
        assert live.receive(client) == "old a"
        write_files(tmp_path, app("new"))
        os.kill(server.pid, signal.SIGHUP)
        assert "connections=1" in server.wait_for_output("reloaded")
        client.send("b")
        assert live.receive(client) == "new b"
        assert server.get_text("/new") == "1"
        main.write_text("def handle(event)", "utf-8")
        os.kill(server.pid, signal.SIGHUP)
        server.wait_for_output("reload_failed")
        client.send("c")
        assert live.receive(client) == "new c"
