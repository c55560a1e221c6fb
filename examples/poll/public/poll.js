import { connect, Presence } from "/_soli/soli.js"

const $ = (id) => document.getElementById(id)
const SAID = { connecting: "Connecting …", open: "Live", waiting: "Offline: your vote is kept and sent when the line is back", closed: "Closed" }

$("enter").addEventListener("submit", (event) => {
  event.preventDefault()
  $("enter").hidden = true
  $("poll").hidden = false
  takePart($("name").value)
})

function takePart(name) {
  const live = connect("/ws/poll", { query: { name }, events: 2 })
  const presence = new Presence(live)
  live.on("soli:state", show)
  live.on("counts", (rows) => $("choices").replaceChildren(...rows.map((row) => choice(row, live))))
  presence.on("change", (users) => {
    $("people").classList.toggle("stale", presence.isStale)
    $("people").replaceChildren(...users.map((user) => element("li", user.user_id)))
  })
  show(live.state, live)
}

function show(state, live) {
  $("state").textContent = state === "closed" ? `Closed: ${live.closeReason.reason}` : SAID[state]
  $("state").dataset.state = state
}

function choice({ choice, votes }, live) {
  const button = element("button", choice)
  button.type = "button"
  const count = element("output", String(votes))
  count.setAttribute("aria-label", `votes for ${choice}`)
  button.addEventListener("click", () => live.send({ vote: choice }))
  const row = document.createElement("p")
  row.append(button, count)
  return row
}

function element(tag, text) {
  const made = document.createElement(tag)
  made.textContent = text
  return made
}
