// Judges presence as clients see it. Reads lines of JSON:
//   {"client": "c1", "message": {...}}   a presence message that this client received
//   {"client": "c1", "ask": true}        answered by a line {"page": STATE, "phoenix": STATE, "soli": STATE}
//   {"client": "c1", "forget": true}
// PAGE is what the page's own snippet holds (its file is the first argument, run as it stands),
// PHOENIX what the unmodified Presence object of the npm package "phoenix" holds, SOLI what that of clients/js holds.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Presence } from 'phoenix'
import { connect, Presence as OurPresence } from '../../clients/js/soli.js'

const snippet = readFileSync(process.argv[2], 'utf8')
const pageClient = new Function('ws', `${snippet}\nreturn () => presences`)

/** A socket that the judge speaks through. */
class Played {
  close() {}
}

class Judge {
  constructor() {
    let socket
    const live = connect('ws://played', { WebSocket: class extends Played { constructor() { super(); socket = this } } })
    this.ours = new OurPresence(live, { patience: 2 ** 30 })
    socket.onopen({})
    this.socket = socket
    this.ws = {}
    this.pageState = pageClient(this.ws)
    this.listeners = {}
    this.presence = new Presence({
      on: (event, listener) => { this.listeners[event] = listener },
      joinRef: () => '1'
    })
  }

  receive(message) {
    const text = JSON.stringify(message)
    this.ws.onmessage({ data: text })
    this.socket.onmessage({ data: text })
    this.listeners[message.event](JSON.parse(text).payload)
  }

  states() {
    const soli = Object.fromEntries(this.ours.list().map(({ user_id, metas }) => [user_id, { metas }]))
    return { page: this.pageState(), phoenix: this.presence.state, soli }
  }
}

const judges = new Map()

for await (const line of createInterface({ input: process.stdin })) {
  const { client, message, ask, forget } = JSON.parse(line)
  if (!judges.has(client)) judges.set(client, new Judge())
  if (message) judges.get(client).receive(message)
  if (ask) process.stdout.write(`${JSON.stringify(judges.get(client).states())}\n`)
  if (forget) { judges.get(client).ours.stop(); judges.delete(client) }
}
for (const judge of judges.values()) judge.ours.stop()
