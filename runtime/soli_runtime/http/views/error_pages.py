"""What a developer sees in the browser when an action fails (`--dev` only)."""

from __future__ import annotations

import html

from ..responses import Response, html_response

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 60rem }}
body {{ padding: 0 1rem }}
h1 {{ font-size: 1.3rem }}
pre {{ background: #f4f4f5; border-radius: 6px; overflow-x: auto; padding: 1rem }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #18181b; color: #e4e4e7 }} pre {{ background: #27272a }}
}}
</style>
<main>
<h1>{title}</h1>
<pre tabindex="0">{text}</pre>
<p>This page is shown because the server runs with <code>--dev</code>.</p>
</main>
</html>
"""


def page(text: str, status: int = 500) -> Response:
    """The page for a failure; *text* is its rendered Soli backtrace."""
    title = html.escape(text.split("\n", 1)[0])
    return html_response(status, _PAGE.format(title=title, text=html.escape(text)))
