"""Pages of an app with the script that reloads them; what is shown where there is no page."""

from __future__ import annotations

import html
from collections.abc import Iterable

from aiohttp import web

from ...http.files.static_files import StaticFile
from ...http.messages import plain, to_aiohttp
from ...http.responses import html_response
from ...loading.app import App

SCRIPT_PATH = "/_soli/dev.js"
MAX_PAGE_BYTES = 16 * 1024 * 1024
"""Longer pages are sent as they are."""

_DOCUMENTS = frozenset({"document", "iframe", "frame"})
_TAG = '<script src="%s" data-soli-status="%d" defer></script>'


def wants_page(request: web.BaseRequest) -> bool:
    """Whether a browser asked for something to show, and not a script for a piece of HTML."""
    kind = request.headers.get("Sec-Fetch-Dest")
    return request.method == "GET" and (kind is None or kind in _DOCUMENTS)


def with_script(request: web.BaseRequest, answer: web.StreamResponse) -> web.StreamResponse:
    """*answer* with the script in it, if it is a page."""
    if not isinstance(answer, web.Response) or answer.content_type != "text/html":
        return answer
    body = answer.body
    if not isinstance(body, bytes) or "Content-Encoding" in answer.headers:
        return answer
    if not wants_page(request) or not is_page(body, request):
        return answer
    answer.body = inserted(body, answer.status)
    return answer


def is_page(body: bytes, request: web.BaseRequest) -> bool:
    """Whether *body* is a whole page: as the browser says, or as it begins."""
    if "Sec-Fetch-Dest" in request.headers:
        return True
    begin = body[:512].lstrip().lower()
    return begin.startswith((b"<!doctype html", b"<html"))


def inserted(body: bytes, status: int) -> bytes:
    """*body* with the tag before the end of its `body`, or behind all of it."""
    tag = (_TAG % (SCRIPT_PATH, status)).encode()
    at = body.lower().rfind(b"</body>")
    return body + tag if at < 0 else body[:at] + tag + body[at:]


def page_of(file: StaticFile) -> web.StreamResponse | None:
    """A page under `public/`, ready for the script; None for what is no page."""
    if not file.content_type.startswith("text/html") or file.size > MAX_PAGE_BYTES:
        return None
    try:
        body = file.path.read_bytes()
    except OSError:
        return None
    headers = {"Content-Type": file.content_type, "Cache-Control": "no-store"}
    return web.Response(body=body, headers=headers)


_NOT_FOUND = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>404 {path}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 60rem }}
body {{ padding: 0 1rem }}
h1 {{ font-size: 1.3rem; overflow-wrap: anywhere }}
.wide {{ overflow-x: auto }}
th, td {{ padding: .2rem 1.5rem .2rem 0; text-align: left }}
td {{ font-family: ui-monospace, monospace }}
@media (prefers-color-scheme: dark) {{ body {{ background: #18181b; color: #e4e4e7 }} }}
</style>
<main>
<h1>Nothing answers {method} {path}</h1>
<p>These are the routes of the app:</p>
<div class="wide" tabindex="0"><table>
<thead><tr><th>Method</th><th>Path</th><th>Handler</th></tr></thead>
<tbody>
{rows}
</tbody>
</table></div>
<p>This page is shown because the server runs with <code>--dev</code>.</p>
</main>
</html>
"""


def routes_of(app: App) -> list[tuple[str, str, str]]:
    """Method, pattern and handler of each route."""
    return [(method, pattern, target.handler.name) for method, pattern, target in app.table]


def not_found(request: web.BaseRequest, app: App) -> web.StreamResponse:
    """404 with the routes that there are: a page for browsers, lines for others."""
    method, path, rows = request.method, request.rel_url.raw_path, routes_of(app)
    if "text/html" not in request.headers.get("Accept", ""):
        lines = (f"  {kind:<10} {pattern}  {handler}" for kind, pattern, handler in rows)
        return plain(404, "\n".join([f"not found: {method} {path}; the routes are:", *lines]))
    page = _NOT_FOUND.format(
        method=html.escape(method), path=html.escape(path), rows="\n".join(_rows(rows))
    )
    return to_aiohttp(html_response(404, page))


def _rows(rows: Iterable[tuple[str, str, str]]) -> Iterable[str]:
    for row in rows:
        yield "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
