// Clients whose lines are cut, of Soli's and of Socket.IO's own libraries, each with its defaults.
// node trust_client.mjs KIND URL MODE COUNT SECONDS SEED
//   KIND: soli, soli-resume, socket.io       MODE: cuts (a talk while lines are cut), storm (all cut at once)
// It prints `connected`, and what came of it as JSON.
import { createRequire } from "node:module"
import { connect } from "../../clients/js/soli.js"

const require = createRequire(import.meta.url)
const inTests = createRequire(new URL("../../tests/node/package.json", import.meta.url))
const { WebSocket } = inTests("ws")
const { io } = require("socket.io-client")

const [kind, url, mode, countText, secondsText, seedText] = process.argv.slice(2)
const [count, seconds] = [Number(countText), Number(secondsText)]
const PUBLISH_MILLISECONDS = 20
const CUT_SECONDS = 5 // on average, per client
const SETTLE_SECONDS = 8
const pause = (wanted) => new Promise((done) => setTimeout(done, wanted * 1000))

let state = Number(seedText) // mulberry32: the same cuts each time
function random() {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

class Client {
  got = new Map() // how often each number came
  came({ n }) {
    this.got.set(n, (this.got.get(n) ?? 0) + 1)
  }
}

class SoliClient extends Client {
  line = null
  constructor() {
    super()
    const remember = (line) => (this.line = line)
    class Line extends WebSocket {
      constructor(...parameters) {
        super(...parameters)
        remember(this)
      }
    }
    const options = { events: 2, resume: kind === "soli-resume", WebSocket: Line }
    this.live = connect(`${url.replace("http", "ws")}/ws/trust`, options)
    this.live.on("n", (payload) => this.came(payload))
  }
  isOpen = () => this.live.state === "open"
  isCuttable = () => this.line?.readyState === WebSocket.OPEN
  cut = () => this.line.terminate()
  say = (n) => this.live.send({ event: "n", payload: { n } })
  end = () => this.live.close()
}

class SocketIoClient extends Client {
  constructor() {
    super()
    this.socket = io(url, { transports: ["websocket"], forceNew: true })
    this.socket.on("n", (payload) => this.came(payload))
  }
  isOpen = () => this.socket.connected
  isCuttable = () => this.socket.connected
  cut = () => this.socket.io.engine.transport.ws.terminate()
  say = (n) => this.socket.emit("n", { n })
  end = () => this.socket.disconnect()
}

const made = () => (kind === "socket.io" ? new SocketIoClient() : new SoliClient())

async function until(ready, what) {
  for (let tries = 0; !ready(); tries++) {
    if (tries > 6000) throw new Error(`waited for a minute: ${what}`)
    await pause(0.01)
  }
}

const clients = []
for (let number = 0; number < count; number++) {
  clients.push(made())
  if (number % 50 === 49) await pause(0.05)
}
const speaker = made()
await until(() => [speaker, ...clients].every((client) => client.isOpen()), "all to be connected")
await pause(1)
console.log("connected")
await pause(1) // somebody looks how much memory the server takes

let said = 0
const say = () => speaker.say(said++)

async function cuts() {
  let times = 0
  let goesOn = true
  for (const client of clients) {
    const next = () => setTimeout(cut, random() * 2 * CUT_SECONDS * 1000)
    const cut = () => {
      if (!goesOn) return
      if (client.isCuttable()) {
        client.cut()
        times++
      }
      next()
    }
    next()
  }
  const timer = setInterval(say, PUBLISH_MILLISECONDS)
  await pause(seconds)
  clearInterval(timer)
  goesOn = false
  await pause(SETTLE_SECONDS)
  let delivered = 0
  let twice = 0
  for (const { got } of clients) {
    delivered += got.size
    for (const times of got.values()) twice += times - 1
  }
  return { said, clients: count, cuts: times, delivered, twice, share: delivered / (said * count) }
}

async function storm() {
  say()
  await until(() => clients.every(({ got }) => got.size === 1), "the first message")
  const began = performance.now()
  for (const client of clients) client.cut()
  await until(() => !clients.some((client) => client.isOpen()), "all to be away")
  say() // what they miss
  const back = []
  const left = new Set(clients)
  while (left.size > 0 && performance.now() - began < 60_000) {
    for (const client of left) {
      // Who gets nothing of what was missed counts when it is connected again.
      if (client.isOpen() && (client.got.size === 2 || kind !== "soli-resume")) {
        left.delete(client)
        back.push((performance.now() - began) / 1000)
      }
    }
    await pause(0.005)
  }
  await pause(2)
  const missed = clients.filter(({ got }) => got.size < 2).length
  return { clients: count, p50: back[back.length >> 1], last: back.at(-1), away: left.size, missed }
}

const result = await (mode === "cuts" ? cuts() : storm())
console.log(JSON.stringify(result))
for (const client of [speaker, ...clients]) client.end()
process.exit(0)
