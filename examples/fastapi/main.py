"""A FastAPI application with a login, and a live part in Soli that shares it.

pip install 'soli-lang' fastapi uvicorn
uvicorn main:app
"""

from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated, Any

from fastapi import Cookie, FastAPI, Form
from fastapi.responses import HTMLResponse, RedirectResponse
from soli_runtime import Answer, Refusal, asgi

HERE = Path(__file__).parent
sessions: dict[str, str] = {}
"""Session id -> name. A database, in an application that stays."""

app = FastAPI()


async def who_is_it(request: dict[str, Any]) -> Answer:
    """Whom a WebSocket belongs to: FastAPI's own session cookie tells."""
    name = sessions.get(request["cookies"].get("session", ""))
    return {"id": name} if name else Refusal(401, "log in first")


live = asgi(HERE / "live.soli", authenticate=who_is_it)
app.mount("/live", live)


@app.get("/", response_class=HTMLResponse)
async def page(session: Annotated[str, Cookie()] = "") -> str:
    """The page: a login, or the room."""
    return (HERE / ("room.html" if session in sessions else "login.html")).read_text("utf-8")


@app.post("/login")
async def login(name: Annotated[str, Form()]) -> RedirectResponse:
    """Anybody may be anybody here."""
    session = token_urlsafe()
    sessions[session] = name
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie("session", session, httponly=True, samesite="lax")
    return answer


@app.post("/announce")
async def announce(text: Annotated[str, Form()]) -> dict[str, int]:
    """From FastAPI into the room, and how many heard it."""
    live.realtime.broadcast_room("room", {"event": "announcement", "payload": text})
    return {"listeners": live.realtime.count()}
