// What clients/js/soli.d.ts promises, as somebody who writes TypeScript uses it. Compiled with --strict, never run.

import { AskError, connect, Presence, RoomState, type Close, type Live, type Refusal, type User } from '../../clients/js/soli.js'

const live: Live = connect('/ws/room/kitchen', { events: 2, resume: true, query: { name: 'Ada' }, retry: (close: Close) => close.code !== 1000 })
const off: () => void = live.on('soli:state', (state) => { if (state === 'waiting') console.log(live.retryAt) })
live.on('counts', (payload: number[]) => console.log(payload.length))
const kept: boolean = live.send({ text: 'hello' })
const people = new Presence(live, { channel: 'room:kitchen' })
people.on('change', (users: User[], presence) => console.log(users[0]?.metas[0]?.state, presence.isStale, kept))
const board = new RoomState<{ cells?: Record<string, string> }>(live, { channel: 'board:1' })
board.on('change', (value, patch) => console.log(value.cells?.a1, patch === null, board.isStale, board.value.cells))
off()
live.on('soli:refused', ({ status, reason, retryAfter }: Refusal) => console.log(status + 1, reason.length, retryAfter ?? 0))
live.on('soli:resumed', ({ recovered, missed }) => console.log(recovered, missed + 1))
live.send({ x: 1 }, { volatile: true })
live.ask<{ votes: number }>('vote', { for: 'tabs' }, { timeout: 100 }).then(({ votes }) => console.log(votes + 1), (error) => {
  if (error instanceof AskError && error.reason === 'timeout') console.log(error.event, live.lateReplies)
})

// @ts-expect-error there is no such state
const wrong: boolean = live.state === 'offline'
// @ts-expect-error a query holds texts
connect('/ws', { query: { n: 1 } })
// @ts-expect-error there is no third kind of events
connect('/ws', { events: 3 })
// @ts-expect-error a board has no such field
board.value.turn
export { wrong }
