// A client for Soli's WebSockets: it reconnects, keeps what is sent meanwhile, knows who is there, and gets what it missed.
//
//     import { connect, Presence } from "/_soli/soli.js"
//
//     const live = connect("/ws/room/kitchen?name=Ada")
//     live.on("message", (message) => console.log(message))
//     live.send({ text: "hello" })
//
// docs/javascript.md describes it; soli.d.ts has the types.

/** Codes after which coming back would only meet the same answer: RFC 6455 section 7.4.1, and 4000-4999 of the app. */
const FINAL_CODES = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010])

const DEFAULTS = {
  protocols: [],
  query: {},
  resume: false,
  queue: 1000, // messages kept while there is no connection
  firstDelay: 500, // milliseconds
  longestDelay: 30_000,
  retry: (close) => !FINAL_CODES.has(close.code) && !(close.code >= 4000 && close.code <= 4999),
  random: Math.random,
}

/** Connect to `path`: a path or URL, http(s) and ws(s) alike. */
export function connect(path, options = {}) {
  return new Live(path, options)
}

/** Listeners by event name. A listener that throws stops nobody else. */
class Emitter {
  #listeners = new Map()

  /** Call `listener` at each event `name`; the result takes it off again. */
  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set())
    this.#listeners.get(name).add(listener)
    return () => this.off(name, listener)
  }

  off(name, listener) {
    this.#listeners.get(name)?.delete(listener)
  }

  _emit(name, ...values) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...values)
      } catch (error) {
        reportError_(error)
      }
    }
  }
}

function reportError_(error) {
  if (typeof reportError === "function") reportError(error)
  else console.error(error)
}

/**
 * One lasting connection: sockets come and go beneath it.
 *
 * `state` is `connecting`, `open`, `waiting` (until `retryAt`) or `closed` (for good; `closeReason` says why).
 */
export class Live extends Emitter {
  state = "connecting"
  retryAt = null
  closeReason = null

  #url
  #options
  #socket = null
  #queue = []
  #attempts = 0
  #timer = null
  #positions = new Map()
  #online = () => this.state === "waiting" && this.retry()

  constructor(path, options = {}) {
    super()
    this.#options = { ...DEFAULTS, ...options }
    const WebSocketClass = this.#options.WebSocket ?? globalThis.WebSocket
    if (!WebSocketClass) throw new Error("there is no WebSocket here: pass one, as in connect(path, { WebSocket })")
    this.#options.WebSocket = WebSocketClass
    this.#url = absolute(path)
    globalThis.addEventListener?.("online", this.#online)
    this.#open()
  }

  /** Messages that wait for a connection. */
  get queued() {
    return this.#queue.length
  }

  /**
   * Send a message: text and binary as they are, anything else as JSON. True when it was sent or waits for a
   * connection; false when it was dropped, since the queue is full or the connection closed for good.
   */
  send(message) {
    const data = encoded(message)
    if (this.state === "open") {
      this.#socket.send(data)
      return true
    }
    if (this.state === "closed" || this.#queue.length >= this.#options.queue) return false
    this.#queue.push(data)
    return true
  }

  /** Close for good. What still waits is dropped. */
  close(code = 1000, reason = "") {
    if (this.state === "closed") return
    const socket = this.#socket
    this.#finish({ code, reason, wasClean: true })
    socket?.close(code, reason)
  }

  /** Connect now instead of at `retryAt`. */
  retry() {
    if (this.state !== "waiting") return
    clearTimeout(this.#timer)
    this.#open()
  }

  #open() {
    this.retryAt = null
    const { WebSocket, protocols } = this.#options
    let socket
    try {
      socket = new WebSocket(this.#address(), protocols)
    } catch (error) {
      this.#finish({ code: 1006, reason: error.message, wasClean: false })
      throw error
    }
    socket.binaryType = "arraybuffer"
    this.#socket = socket
    this.#enter("connecting")
    const ours = (handle) => (event) => socket === this.#socket && handle.call(this, event)
    socket.onopen = ours(this.#opened)
    socket.onmessage = ours(this.#received)
    socket.onclose = ours(this.#closed)
    socket.onerror = () => {} // a close follows
  }

  #address() {
    const url = new URL(this.#url)
    for (const [name, value] of Object.entries(this.#options.query)) url.searchParams.set(name, value)
    if (this.#options.resume) {
      if (this.#positions.size === 0) url.searchParams.set("resume", "1")
      for (const [room, position] of this.#positions) url.searchParams.append("resume[]", `${room}@${position}`)
    }
    return url.href
  }

  #opened() {
    this.#enter("open")
    const waiting = this.#queue.splice(0)
    while (waiting.length > 0 && this.state === "open") this.#socket.send(waiting.shift())
    this.#queue.unshift(...waiting)
  }

  #received(event) {
    // Only a message shows that the server is well: one that accepts and drops would be called without a pause.
    this.#attempts = 0
    const message = decoded(event.data)
    if (this.#options.resume && this.#isPosition(message)) return
    const name = message !== null && typeof message === "object" ? message.event : undefined
    if (typeof name === "string" && name !== "message" && name !== "state") this._emit(name, message.payload, message)
    this._emit("message", message, event)
  }

  #isPosition(message) {
    if (message?.event === "resumed") {
      if (message.payload?.position) this.#positions.set(message.channel, message.payload.position)
      return false
    }
    if (message?.event !== "position") return false
    this.#positions.set(message.channel, message.payload)
    return true
  }

  #closed(event) {
    const close = { code: event.code, reason: event.reason, wasClean: event.wasClean }
    if (!this.#options.retry(close)) {
      this.#finish(close)
      return
    }
    this.#socket = null
    const longest = Math.min(this.#options.longestDelay, this.#options.firstDelay * 2 ** this.#attempts)
    this.#attempts += 1
    // Half of it at random, so that those who lost their server together do not come back together.
    const delay = longest / 2 + (longest / 2) * this.#options.random()
    this.retryAt = Date.now() + delay
    this.#timer = setTimeout(() => this.#open(), delay)
    this.#enter("waiting")
  }

  #finish(close) {
    clearTimeout(this.#timer)
    globalThis.removeEventListener?.("online", this.#online)
    this.#socket = null
    this.#queue = []
    this.retryAt = null
    this.closeReason = close
    this.#enter("closed")
  }

  #enter(state) {
    if (this.state === state && state !== "connecting") return
    this.state = state
    this._emit("state", state, this)
  }
}

/**
 * Who is there, kept right over reconnects: `change` comes with the list whenever it is another one.
 *
 * While the line is down the list stays and `isStale` is true: who is there is not known then.
 */
export class Presence extends Emitter {
  isStale = true

  #users = new Map()
  #live
  #channel
  #patience
  #timer = null
  #taken = []

  /** `channel` is needed only where one connection has several; `patience` is how long a silent room is waited for. */
  constructor(live, { channel = null, patience = 1000 } = {}) {
    super()
    this.#live = live
    this.#channel = channel
    this.#patience = patience
    this.#taken = [
      live.on("state", (state) => this.#followed(state)),
      live.on("presence_state", (users, message) => this.#concerns(message) && this.#snapshot(users)),
      live.on("presence_diff", (diff, message) => this.#concerns(message) && this.#diff(diff)),
    ]
  }

  /** `[{ user_id, metas }]`, in the order in which they came. */
  list() {
    return [...this.#users].map(([user_id, metas]) => ({ user_id, metas }))
  }

  /** The metas of one user: one per connection; none if the user is not there. */
  get(user_id) {
    return this.#users.get(String(user_id)) ?? []
  }

  get count() {
    return this.#users.size
  }

  /** Follow the connection no longer. */
  stop() {
    clearTimeout(this.#timer)
    for (const off of this.#taken.splice(0)) off()
  }

  #concerns(message) {
    return this.#channel === null || message.channel === undefined || message.channel === this.#channel
  }

  #followed(state) {
    clearTimeout(this.#timer)
    if (state === "open") {
      // A room that emptied long ago sends no snapshot: nobody is there then.
      this.#timer = setTimeout(() => this.isStale && this.#snapshot({}), this.#patience)
    } else if (!this.isStale) {
      this.isStale = true
      this.#changed()
    }
  }

  #snapshot(users) {
    clearTimeout(this.#timer)
    this.#users = new Map(Object.entries(users).map(([user_id, user]) => [user_id, user.metas]))
    this.isStale = false
    this.#changed()
  }

  #diff({ joins, leaves }) {
    if (this.isStale) return // a snapshot comes first, always
    // Each side has all metas of its users: those of a leave are all that there were.
    for (const [user_id, user] of Object.entries(joins)) this.#users.set(user_id, user.metas)
    for (const user_id of Object.keys(leaves)) this.#users.delete(user_id)
    this.#changed()
  }

  #changed() {
    this._emit("change", this.list(), this)
  }
}

function absolute(path) {
  const base = globalThis.location?.href
  let url
  try {
    url = new URL(path, base)
  } catch {
    throw new TypeError(`connect(path): ${JSON.stringify(path)} is no address${base ? "" : " (outside a browser it must be whole, as ws://localhost:5011/ws)"}`)
  }
  url.protocol = url.protocol.replace(/^http/, "ws")
  url.hash = ""
  return url.href
}

function encoded(message) {
  if (typeof message === "string" || message instanceof ArrayBuffer || ArrayBuffer.isView(message)) return message
  if (typeof Blob === "function" && message instanceof Blob) return message
  const text = JSON.stringify(message)
  if (text === undefined) throw new TypeError("send(message): this cannot be written as JSON")
  return text
}

function decoded(data) {
  if (typeof data !== "string") return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
