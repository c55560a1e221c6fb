"""The files of a new app. `NAME` is the app's."""

from __future__ import annotations

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>NAME</title>
<link rel="icon" href="data:,">
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem }
  body { margin: 3rem auto; padding: 0 1rem }
</style>
<h1>NAME</h1>
<p>Here: <output>nobody yet</output></p>
<form><input aria-label="Message" autocomplete="off" required> <button>Send</button></form>
<ol role="log" aria-label="Messages"></ol>
<script>
  const protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  const ws = new WebSocket(`${protocol}//${location.host}/ws/live`)

  ws.onmessage = (e) => {
    const data = JSON.parse(e.data)
    if (data.event === 'here') document.querySelector('output').textContent = data.count
    if (data.event === 'message') {
      const item = document.createElement('li')
      item.textContent = data.text
      document.querySelector('ol').append(item)
    }
  }

  document.querySelector('form').onsubmit = (e) => {
    e.preventDefault()
    ws.send(JSON.stringify({ text: document.querySelector('input').value }))
    e.target.reset()
  }
</script>
</html>
"""

_HANDLER = """def handle(event)
  if event["type"] == "connect"
    return { "join": "everybody", "broadcast": { "event": "here", "count": ws_count() } }
  end
  if event["type"] == "disconnect"
    return { "broadcast": { "event": "here", "count": ws_count() - 1 } } # without who leaves
  end

  text = event["message"].to_h["text"]
  return {} if type(text) != "string" || text.trim == ""
  { "broadcast_room": { "event": "message", "text": text.trim } }
end
"""

_SPEC = """describe("live") do
  test("what one says, everybody hears") do
    ada = ws_connect("/ws/live")
    bob = ws_connect("/ws/live")
    ada.send({ "text": " hello " })
    expect(bob.receive_event("message")["text"]).to_equal("hello")
    expect(ada.receive_event("message")["text"]).to_equal("hello")
  end

  test("everybody is told how many are here") do
    ada = ws_connect("/ws/live")
    bob = ws_connect("/ws/live")
    expect(bob.receive_json).to_equal({ "event": "here", "count": 2 })
    bob.close
    ada.receive_json
    ada.receive_json
    expect(ada.receive_json).to_equal({ "event": "here", "count": 1 })
  end

  test("nonsense is ignored") do
    ada = ws_connect("/ws/live")
    ada.messages
    ada.send({ "text": 7 })
    assert(ada.silent?)
  end
end

describe("the page") do
  test("is there") do
    expect(res_status(get("/"))).to_equal(200)
  end
end
"""

FILES = {
    "config/routes.soli": 'router_websocket("/ws/live", "live#handle")\n',
    "app/controllers/live_controller.soli": _HANDLER,
    "public/index.html": _PAGE,
    "tests/live_spec.soli": _SPEC,
    "README.md": """# NAME

```
soli run . --dev     serve it, and reload what changes
soli test            run the specs in tests/
soli repl .          be its clients: a = ws_connect("/ws/live")
soli routes .        what it answers
```

Routes are in `config/routes.soli`, what they lead to in `app/controllers/`, files for browsers in
`public/`.
""",
}

MINIMAL = {
    "app.soli": """get("/", "live#page")
router_websocket("/ws/live", "live#handle")

"""
    + _HANDLER
    + '''
def page
  html("""'''
    + _PAGE.replace("\\", "\\\\").rstrip("\n")
    + '''""")
end
''',
}
"""The same in one file."""
