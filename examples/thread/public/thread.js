import { connect } from "/_soli/soli.js"

const $ = (id) => document.getElementById(id)
const SAID = { connecting: "Connecting …", open: "Live", waiting: "Offline: what you say is kept and sent when the line is back", closed: "Closed" }

$("enter").addEventListener("submit", (event) => {
  event.preventDefault()
  $("enter").hidden = true
  $("thread").hidden = false
  join($("name").value)
})

function join(name) {
  const live = connect("/ws/thread", { query: { name }, resume: true, events: 2 })
  live.on("soli:state", (state) => show(state, live))
  live.on("soli:resumed", resumed)
  live.on("line", add)
  $("say").addEventListener("submit", (event) => {
    event.preventDefault()
    live.send({ text: $("text").value })
    $("text").value = ""
  })
  show(live.state, live)
}

function show(state, live) {
  $("state").textContent = state === "closed" ? `Closed: ${live.closeReason.reason}` : SAID[state]
  $("state").dataset.state = state
}

// Comes before what was missed. If that is not all, the server sends the last lines instead: in place of what is here.
function resumed({ recovered, missed }) {
  if (!recovered) $("lines").replaceChildren()
  $("missed").textContent = recovered ? `${missed} said while you were away` : "You were away for too long: these are the last lines"
}

function add({ name, text }) {
  const line = document.createElement("li")
  const who = document.createElement("b")
  who.textContent = name
  line.append(who, ` ${text}`)
  $("lines").append(line)
}
