// A client for Soli's WebSockets: it reconnects, keeps what is sent meanwhile, knows who is there and what is true in a
// room, and gets what it missed.
//
//     import { connect, Presence } from "/_soli/soli.js"
//
//     const live = connect("/ws/room/kitchen?name=Ada", { events: 2 })
//     live.on("said", ({ text }) => console.log(text))        // {"event": "said", "payload": {"text": …}}
//     live.send({ event: "say", payload: { text: "hello" } })
//     const { votes } = await live.ask("vote", { for: "tabs" })
//
// docs/javascript.md describes it; soli.d.ts has the types.

/** Codes after which coming back would only meet the same answer: RFC 6455 section 7.4.1, and 4000-4999 of the app. */
const FINAL_CODES = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010])

/** Refusals after which another try makes sense, beside 500-599: too slow, too early, too many. */
const PASSING_STATUSES = new Set([408, 425, 429])

/** A server that refuses closes right behind its answer: so long an open socket is not believed, without a message. */
const REFUSAL_MILLISECONDS = 50

/** Names that were the client's own, and will be those of messages: "message" was every message, "state" a new state. */
const FORMER_EVENTS = { message: "soli:message", state: "soli:state" }
const warned = new Set()

const LONGEST_TIMER = 2 ** 31 - 1 // milliseconds; past it timers fire at once

const DEFAULTS = {
  events: 1, // 2: "message" and "state" are messages of that name, as they will be
  protocols: [],
  query: {},
  resume: false,
  queue: 1000, // messages kept while there is no connection
  firstDelay: 500, // milliseconds
  longestDelay: 30_000,
  retry: comesBack,
  random: Math.random,
}

function comesBack({ code }) {
  const status = statusOf(code)
  if (status !== null) return status >= 500 || PASSING_STATUSES.has(status)
  return !FINAL_CODES.has(code) && !(code >= 4000 && code <= 4999)
}

/** The status of the refusal that a close code is, or null. */
function statusOf(code) {
  return code >= 4400 && code <= 4599 ? code - 4000 : null
}

/** Why a request got no response: "error" (`response` says what the server replied), "timeout", "disconnected", "closed". */
export class AskError extends Error {
  name = "AskError"

  constructor(event, reason, response = null) {
    super(`${event}: ${reason}${response === null ? "" : ` ${JSON.stringify(response)}`}`)
    this.event = event
    this.reason = reason
    this.response = response
  }
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
  /** Replies that came when nobody waited for them any more. */
  lateReplies = 0

  #url
  #options
  #socket = null
  #queue = []
  #attempts = 0
  #timer = null
  #positions = new Map()
  #asked = new Map() // requests without a reply, by ref
  #refs = 0
  #refusal = null // the last one that was told, until a connection opens
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

  /** Call `listener` at each event `name`; the result takes it off again. */
  on(name, listener) {
    if (this.#options.events !== 2 && Object.hasOwn(FORMER_EVENTS, name)) {
      warnOnce(`soli.js: on("${name}") will be for messages with "event": "${name}"; use on("${FORMER_EVENTS[name]}"), and connect(path, { events: 2 })`)
      return super.on(FORMER_EVENTS[name], listener)
    }
    return super.on(name, listener)
  }

  off(name, listener) {
    super.off(this.#options.events !== 2 && Object.hasOwn(FORMER_EVENTS, name) ? FORMER_EVENTS[name] : name, listener)
  }

  /**
   * Send a message: text and binary as they are, anything else as JSON. True when it was sent or waits for a
   * connection; false when it was dropped, since the queue is full, the connection closed for good, or the message is
   * `volatile` and the line is down.
   */
  send(message, { volatile = false } = {}) {
    const data = encoded(message)
    if (this.state === "open") {
      this.#socket.send(data)
      return true
    }
    return !volatile && this.#keep({ data })
  }

  /**
   * Send a request, and get the response: a promise, which fails with an `AskError`. A request that waits for a
   * connection is sent when there is one; one that was sent is never sent again.
   */
  ask(event, payload = {}, { timeout = 10_000 } = {}) {
    return new Promise((resolve, reject) => {
      const ref = `ask-${++this.#refs}`
      const data = encoded({ event, payload, ref })
      if (this.state === "closed") return reject(new AskError(event, "closed"))
      const request = { event, resolve, reject, wasSent: this.state === "open", timer: null }
      if (request.wasSent) this.#socket.send(data)
      else if (!this.#keep({ data, ref })) return reject(new AskError(event, "disconnected"))
      this.#asked.set(ref, request)
      if (Number.isFinite(timeout)) request.timer = setTimeout(() => this.#giveUp(ref, "timeout"), timeout)
    })
  }

  #keep(message) {
    if (this.state === "closed" || this.#queue.length >= this.#options.queue) return false
    this.#queue.push(message)
    return true
  }

  #giveUp(ref, reason, response) {
    const request = this.#asked.get(ref)
    if (request === undefined) return
    this.#asked.delete(ref)
    clearTimeout(request.timer)
    this.#queue = this.#queue.filter((message) => message.ref !== ref) // what nobody waits for is not sent
    request.reject(new AskError(request.event, reason, response))
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
    socket.onopen = ours(this.#accepted)
    socket.onmessage = ours(this.#received)
    socket.onclose = ours(this.#closed)
    socket.onerror = () => {} // a close follows
  }

  #address() {
    const url = new URL(this.#url)
    for (const [name, value] of Object.entries(this.#options.query)) url.searchParams.set(name, value)
    url.searchParams.set("soli_refusal", "1")
    if (this.#options.resume) {
      if (this.#positions.size === 0) url.searchParams.set("resume", "1")
      for (const [room, position] of this.#positions) url.searchParams.append("resume[]", `${room}@${position}`)
    }
    return url.href
  }

  #accepted() {
    this.#timer = setTimeout(() => this.#opened(), REFUSAL_MILLISECONDS)
  }

  #opened() {
    if (this.state !== "connecting") return
    clearTimeout(this.#timer)
    this.#refusal = null
    this.#enter("open")
    const waiting = this.#queue.splice(0)
    while (waiting.length > 0 && this.state === "open") {
      const { data, ref } = waiting.shift()
      const request = this.#asked.get(ref)
      if (request) request.wasSent = true
      this.#socket.send(data)
    }
    this.#queue.unshift(...waiting)
  }

  #received(event) {
    this.#opened()
    // Only a message shows that the server is well: one that accepts and drops would be called without a pause.
    this.#attempts = 0
    const message = decoded(event.data)
    if (this.#isReply(message) || (this.#options.resume && this.#isPosition(message))) return
    const name = message !== null && typeof message === "object" ? message.event : undefined
    if (typeof name === "string" && this.#isForProgram(name)) this._emit(name, message.payload, message)
    this._emit("soli:message", message, event)
  }

  /** Whether listeners of `name` get the messages with that event: the client's own events are no server's. */
  #isForProgram(name) {
    return !name.startsWith("soli:") && (this.#options.events === 2 || !Object.hasOwn(FORMER_EVENTS, name))
  }

  #isReply(message) {
    if (message?.event !== "phx_reply" || !/^ask-\d+$/.test(message.ref)) return false
    const { ref, payload } = message
    const request = this.#asked.get(ref)
    if (request === undefined) {
      this.lateReplies += 1
      return true
    }
    if (payload?.status !== "ok") {
      this.#giveUp(ref, "error", payload?.response ?? null)
      return true
    }
    this.#asked.delete(ref)
    clearTimeout(request.timer)
    request.resolve(payload.response)
    return true
  }

  #isPosition(message) {
    if (message?.event === "resumed") {
      if (message.payload?.position) this.#positions.set(message.channel, message.payload.position)
      this._emit("soli:resumed", message.payload, message)
      return false
    }
    if (message?.event !== "position") return false
    this.#positions.set(message.channel, message.payload)
    return true
  }

  #closed(event) {
    clearTimeout(this.#timer)
    const { retryAfter, reason } = read(event.reason)
    const close = { code: event.code, reason, wasClean: event.wasClean }
    if (retryAfter !== null) close.retryAfter = retryAfter
    if (this.#options.retry(close)) this.#wait(retryAfter)
    else this.#finish(close)
    this.#tellRefusal(close.code, reason, retryAfter)
  }

  #wait(retryAfter) {
    this.#socket = null
    for (const [ref, request] of [...this.#asked]) if (request.wasSent) this.#giveUp(ref, "disconnected")
    const longest = Math.min(this.#options.longestDelay, this.#options.firstDelay * 2 ** this.#attempts)
    this.#attempts += 1
    // Half of it at random, so that those who lost their server together do not come back together.
    const delay = (retryAfter ?? 0) * 1000 + longest / 2 + (longest / 2) * this.#options.random()
    this.retryAt = Date.now() + delay
    this.#timer = setTimeout(() => this.#open(), Math.min(delay, LONGEST_TIMER))
    this.#enter("waiting")
  }

  /** Once, however often a server refuses for the same reason. */
  #tellRefusal(code, reason, retryAfter) {
    const status = statusOf(code)
    if (status === null) return
    const refusal = `${status} ${reason}`
    if (refusal === this.#refusal) return
    this.#refusal = refusal
    this._emit("soli:refused", { status, reason, retryAfter })
  }

  #finish(close) {
    clearTimeout(this.#timer)
    globalThis.removeEventListener?.("online", this.#online)
    this.#socket = null
    this.#queue = []
    this.retryAt = null
    this.closeReason = close
    this.#enter("closed")
    for (const ref of [...this.#asked.keys()]) this.#giveUp(ref, "closed")
  }

  #enter(state) {
    if (this.state === state && state !== "connecting") return
    this.state = state
    this._emit("soli:state", state, this)
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
      live.on("soli:state", (state) => this.#followed(state)),
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

/**
 * The state of a room, kept right over reconnects: `change` comes with the value and with what changed it, a JSON Merge
 * Patch (RFC 7396), or null where the whole came anew or the line went down.
 *
 * While the line is down `value` stays and `isStale` is true. A value is never changed: each change makes another one.
 */
export class RoomState extends Emitter {
  isStale = true
  value = {}

  #isKnown = false
  #channel
  #taken = []

  /** `channel` is needed only where one connection has the states of several rooms. */
  constructor(live, { channel = null } = {}) {
    super()
    this.#channel = channel
    this.#taken = [
      live.on("soli:state", (state) => state !== "open" && this.#lost()),
      live.on("soli:resumed", (resumed, message) => this.#concerns(message) && resumed.recovered && this.#resumed()),
      live.on("room_state", (value, message) => this.#concerns(message) && this.#became(value, null)),
      live.on("room_diff", (patch, message) => this.#concerns(message) && this.#diff(patch, message)),
    ]
  }

  /** Follow the connection no longer. */
  stop() {
    for (const off of this.#taken.splice(0)) off()
  }

  #concerns(message) {
    return this.#channel === null || message.channel === undefined || message.channel === this.#channel
  }

  #lost() {
    if (this.isStale) return
    this.isStale = true
    this._emit("change", this.value, null)
  }

  /** What was missed follows, change by change. */
  #resumed() {
    if (this.#isKnown) this.#became(this.value, null)
  }

  #became(value, patch) {
    this.value = value
    this.isStale = false
    this.#isKnown = true
    this._emit("change", value, patch)
  }

  #diff(patch, { append = {}, keep = 0 }) {
    if (this.isStale) return // the whole comes first, always
    const value = merged(this.value, patch)
    const newest = (key, items) => [...(Array.isArray(value[key]) ? value[key] : []), ...items].slice(-keep)
    const appended = Object.entries(append).map(([key, items]) => [key, newest(key, items)])
    const whole = { ...patch, ...Object.fromEntries(appended) }
    this.#became(merged(this.value, whole), whole)
  }
}

/** What a JSON Merge Patch makes of `target` (RFC 7396 section 2): null deletes, objects are merged, the rest replaces. */
function merged(target, patch) {
  if (!isObject(patch)) return patch
  const entries = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) entries.delete(key)
    else entries.set(key, merged(entries.get(key), value))
  }
  return Object.fromEntries(entries) // own keys only, whatever their names are
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value)
}

/** What a close says: `retry-after=SECONDS` may stand in front of its reason. */
function read(reason = "") {
  const found = /^retry-after=(\d{1,9})(?: |$)/.exec(reason)
  if (found === null) return { retryAfter: null, reason: reason.trim() }
  return { retryAfter: Number(found[1]), reason: reason.slice(found[0].length) }
}

function warnOnce(text) {
  if (warned.has(text)) return
  warned.add(text)
  console.warn(text)
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
