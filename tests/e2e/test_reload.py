"""Loading an app anew while it serves (`--dev`)."""

from __future__ import annotations

from pathlib import Path

from soli_runtime.loading.launch import Launch, launch
from soli_runtime.settings import Settings

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
