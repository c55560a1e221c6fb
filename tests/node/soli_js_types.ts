// What clients/js/soli.d.ts promises, as somebody who writes TypeScript uses it. Compiled with --strict, never run.

import { connect, Presence, type Close, type Live, type User } from '../../clients/js/soli.js'

const live: Live = connect('/ws/room/kitchen', { resume: true, query: { name: 'Ada' }, retry: (close: Close) => close.code !== 1000 })
const off: () => void = live.on('state', (state) => { if (state === 'waiting') console.log(live.retryAt) })
live.on('counts', (payload: number[]) => console.log(payload.length))
const kept: boolean = live.send({ text: 'hello' })
const people = new Presence(live, { channel: 'room:kitchen' })
people.on('change', (users: User[], presence) => console.log(users[0]?.metas[0]?.state, presence.isStale, kept))
off()

// @ts-expect-error there is no such state
const wrong: boolean = live.state === 'offline'
// @ts-expect-error a query holds texts
connect('/ws', { query: { n: 1 } })
export { wrong }
