// The page shows the state of the room and asks for cells; the server decides.

import { connect, RoomState } from "/_soli/soli.js"

const $ = (id) => document.getElementById(id)
const COLUMNS = [..."abcdefghijkl"]
const SAID = { connecting: "Connecting …", open: "Live", waiting: "Offline, trying again …", closed: "Closed" }

$("enter").addEventListener("submit", (event) => {
  event.preventDefault()
  $("enter").hidden = true
  $("game").hidden = false
  play($("name").value.trim())
})

function play(name) {
  const id = new URLSearchParams(location.search).get("board") ?? "one"
  const live = connect(`/ws/board/${encodeURIComponent(id)}`, { query: { name }, events: 2 })
  const board = new RoomState(live)
  const buttons = cells((cell) => take(live, cell))
  $("clear").addEventListener("click", () => live.send({ event: "clear" }))
  live.on("soli:state", (state) => show(state, live))
  board.on("change", ({ cells = {} }) => {
    $("cells").classList.toggle("stale", board.isStale)
    draw(buttons, cells, name)
  })
  draw(buttons, {}, name)
  show(live.state, live)
}

function show(state, live) {
  $("status").textContent = state === "closed" ? `Closed: ${live.closeReason.reason}` : SAID[state]
}

async function take(live, cell) {
  try {
    await live.ask("take", cell)
    $("said").textContent = ""
  } catch (error) {
    $("said").textContent = error.response?.reason ?? "That did not reach the server."
  }
}

function cells(take) {
  const buttons = new Map()
  for (let row = 1; row <= 12; row += 1) {
    for (const column of COLUMNS) {
      const button = document.createElement("button")
      button.type = "button"
      button.addEventListener("click", () => take(column + row))
      buttons.set(column + row, button)
    }
  }
  $("cells").replaceChildren(...buttons.values())
  return buttons
}

function draw(buttons, owners, name) {
  const scores = new Map()
  for (const [cell, button] of buttons) {
    const owner = owners[cell]
    button.textContent = owner ? owner.slice(0, 1) : ""
    button.setAttribute("aria-label", owner ? `${cell}, ${owner}` : `${cell}, free`)
    button.dataset.owner = owner === undefined ? "nobody" : owner === name ? "me" : "other"
    if (owner) scores.set(owner, (scores.get(owner) ?? 0) + 1)
  }
  const rows = [...scores].sort(([, a], [, b]) => b - a).map(([owner, count]) => {
    const row = document.createElement("li")
    row.textContent = `${owner}: ${count}`
    return row
  })
  $("scores").replaceChildren(...rows)
}
