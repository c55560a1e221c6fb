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
<script type="module">
  import { connect } from '/_soli/soli.js' // it comes back when the line breaks

  const live = connect('/ws/live', { events: 2 })
  const here = document.querySelector('output')

  live.on('here', ({ count }) => { here.textContent = count })
  live.on('message', ({ text }) => {
    const item = document.createElement('li')
    item.textContent = text
    document.querySelector('ol').append(item)
  })
  live.on('soli:state', (state) => { if (state !== 'open') here.textContent = 'unknown' })

  document.querySelector('form').onsubmit = (e) => {
    e.preventDefault()
    live.send({ text: document.querySelector('input').value })
    e.target.reset()
  }
</script>
</html>
"""

_HANDLER = """def handle(event)
  if event["type"] == "connect"
    return { "join": "everybody", "broadcast": here(ws_count()) }
  end
  return { "broadcast": here(ws_count() - 1) } if event["type"] == "disconnect" # without who leaves

  text = event["message"].to_h["text"]
  return {} if type(text) != "string" || text.trim == ""
  { "broadcast_room": { "event": "message", "payload": { "text": text.trim } } }
end

def here(count)
  { "event": "here", "payload": { "count": count } }
end
"""

_SPEC = """describe("live") do
  test("what one says, everybody hears") do
    ada = ws_connect("/ws/live")
    bob = ws_connect("/ws/live")
    ada.send({ "text": " hello " })
    expect(bob.receive_event("message")["payload"]).to_equal({ "text": "hello" })
    expect(ada.receive_event("message")["payload"]).to_equal({ "text": "hello" })
  end

  test("everybody is told how many are here") do
    ada = ws_connect("/ws/live")
    bob = ws_connect("/ws/live")
    expect(bob.receive_event("here")["payload"]).to_equal({ "count": 2 })
    bob.close
    ada.receive_json
    ada.receive_json
    expect(ada.receive_json).to_equal({ "event": "here", "payload": { "count": 1 } })
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
