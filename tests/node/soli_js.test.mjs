// clients/js/soli.js without a server: a WebSocket that the test plays, and clocks that it moves.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { AskError, connect, Presence, RoomState } from '../../clients/js/soli.js'

class FakeSocket {
  static made = []

  constructor(url, protocols) {
    Object.assign(this, { url, protocols, sent: [], closedWith: null })
    FakeSocket.made.push(this)
  }

  send(data) { this.sent.push(data) }
  close(code, reason) { this.closedWith = [code, reason] }

  open() { this.onopen({}); mock.timers.tick(50) }
  receive(message) { this.onmessage({ data: typeof message === 'string' ? message : JSON.stringify(message) }) }
  drop(code = 1006, reason = '') { this.onclose({ code, reason, wasClean: code !== 1006 }) }
}

const last = () => FakeSocket.made.at(-1)
const live = (options = {}) => connect('ws://soli.test/ws?name=Ada', { WebSocket: FakeSocket, random: () => 1, ...options })

const warnings = []
mock.method(console, 'warn', (text) => warnings.push(text))

beforeEach(() => {
  FakeSocket.made = []
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
})
afterEach(() => mock.timers.reset())

test('states follow the connection', () => {
  const states = []
  const one = live()
  one.on('soli:state', (state) => states.push(state))
  last().open()
  last().drop()
  mock.timers.tick(500)
  last().open()
  one.close()

  assert.deepEqual(states, ['open', 'waiting', 'connecting', 'open', 'closed'])
  assert.deepEqual(last().closedWith, [1000, ''])
})

test('what is sent without a connection waits, in order, and goes out once', () => {
  const one = live()
  assert.equal(one.send({ n: 1 }), true)
  assert.equal(one.send('two'), true)
  assert.equal(one.queued, 2)
  last().open()

  assert.deepEqual(last().sent, ['{"n":1}', 'two'])
  assert.equal(one.queued, 0)
  last().drop()
  mock.timers.tick(500)
  last().open()
  assert.deepEqual(last().sent, [])
})

test('the queue is bounded, and send says what became of a message', () => {
  const one = live({ queue: 1 })

  assert.equal(one.send('kept'), true)
  assert.equal(one.send('dropped'), false)
  one.close()
  assert.equal(one.send('too late'), false)
})

test('delays double up to the longest, and only a message begins them anew', () => {
  const one = live({ longestDelay: 3000 })
  const delays = []
  for (let attempt = 0; attempt < 5; attempt++) {
    last().open()
    last().drop()
    delays.push(one.retryAt - Date.now())
    mock.timers.tick(3000)
  }
  assert.deepEqual(delays, [500, 1000, 2000, 3000, 3000])

  last().open()
  last().receive({ any: 1 })
  last().drop()
  assert.equal(one.retryAt - Date.now(), 500)
})

test('half of a delay is left to chance', () => {
  const one = live({ random: () => 0 })
  last().drop()

  assert.equal(one.retryAt - Date.now(), 250)
})

for (const [code, state] of [[1000, 'closed'], [1001, 'waiting'], [1006, 'waiting'], [1008, 'closed'], [1011, 'waiting'],
  [1012, 'waiting'], [1013, 'waiting'], [4000, 'closed'], [4999, 'closed']]) {
  test(`after ${code} it is ${state}`, () => {
    const one = live()
    last().open()
    last().drop(code, 'why')

    assert.equal(one.state, state)
    if (state === 'closed') assert.deepEqual(one.closeReason, { code, reason: 'why', wasClean: true })
  })
}

test('whether to come back can be decided otherwise', () => {
  const one = live({ retry: (close) => close.code === 4000 })
  last().drop(4000)
  assert.equal(one.state, 'waiting')
  mock.timers.tick(500)
  last().drop(1006)
  assert.equal(one.state, 'closed')
})

test('retry() connects now', () => {
  const one = live()
  last().drop()
  one.retry()
  mock.timers.tick(60_000)

  assert.equal(FakeSocket.made.length, 2)
  assert.equal(one.state, 'connecting')
})

test('an old socket is not heard any more', () => {
  const one = live()
  const first = last()
  const heard = []
  one.on('soli:message', (message) => heard.push(message))
  first.drop()
  mock.timers.tick(500)
  first.receive('late')
  first.drop()

  assert.deepEqual(heard, [])
  assert.equal(FakeSocket.made.length, 2)
})

test('messages are JSON where they can be, and events by their name', () => {
  const one = live()
  const heard = []
  one.on('soli:message', (message) => heard.push(message))
  one.on('counts', (payload, message) => heard.push([payload, message.channel]))
  last().open()
  last().receive('plain')
  last().receive({ event: 'counts', payload: [1], channel: 'poll' })

  assert.deepEqual(heard, ['plain', [[1], 'poll'], { event: 'counts', payload: [1], channel: 'poll' }])
})

test('a server cannot pretend to be the client', () => {
  const one = live({ events: 2 })
  const states = []
  for (const name of ['soli:state', 'soli:refused', 'soli:resumed']) one.on(name, (state) => states.push(state))
  last().open()
  for (const event of ['soli:state', 'soli:refused', 'soli:resumed', 'state']) last().receive({ event, payload: 'closed' })

  assert.deepEqual(states, ['open'])
})

test('a listener that throws stops nobody else', () => {
  const one = live()
  const heard = []
  mock.method(console, 'error', (error) => heard.push(error.message))
  one.on('soli:message', () => { throw new Error('mine') })
  one.on('soli:message', (message) => heard.push(message))
  last().open()
  last().receive('hello')

  assert.deepEqual(heard, ['mine', 'hello'])
})

test('resume asks first, then for what came after each position', () => {
  const one = live({ resume: true })
  const heard = []
  one.on('soli:message', (message) => heard.push(message))
  assert.equal(new URL(last().url).searchParams.get('resume'), '1')
  last().open()
  last().receive({ event: 'resumed', channel: 'room:a', payload: { recovered: true, missed: 0, position: 'e.1' } })
  last().receive({ event: 'position', channel: 'room:a', payload: 'e.2' })
  last().receive({ event: 'position', channel: 'room:b', payload: 'e.9' })
  last().drop()
  mock.timers.tick(500)

  const query = new URL(last().url).searchParams
  assert.deepEqual(query.getAll('resume[]'), ['room:a@e.2', 'room:b@e.9'])
  assert.equal(query.has('resume'), false)
  assert.equal(query.get('name'), 'Ada')
  assert.equal(heard.length, 1)
})

test('addresses are said to be wrong before anything is tried', () => {
  assert.throws(() => connect('/ws', { WebSocket: FakeSocket }), /"\/ws" is no address \(outside a browser it must be whole/)
  assert.throws(() => connect('ws://soli.test', { WebSocket: null }), /there is no WebSocket here/)
  assert.throws(() => live().send(undefined), /cannot be written as JSON/)
})

test('http addresses are WebSocket addresses', () => {
  connect('https://soli.test/ws#x', { WebSocket: FakeSocket })

  assert.equal(last().url, 'wss://soli.test/ws?soli_refusal=1')
})

const snapshot = (users) => ({ event: 'presence_state', payload: users })
const diff = (joins, leaves = {}) => ({ event: 'presence_diff', payload: { joins, leaves } })
const user = (...refs) => ({ metas: refs.map((phx_ref) => ({ phx_ref, state: 'online' })) })

test('presence follows snapshots and diffs', () => {
  const presence = new Presence(live())
  last().open()
  last().receive(snapshot({ ada: user('1') }))
  last().receive(diff({ bob: user('2', '3') }, { ada: user('1') }))

  assert.deepEqual(presence.list().map((one) => [one.user_id, one.metas.length]), [['bob', 2]])
  assert.equal(presence.count, 1)
  assert.deepEqual(presence.get('ada'), [])
})

test('presence is stale while the line is down, and what it held does not outlive a snapshot', () => {
  const one = live()
  const presence = new Presence(one)
  const changes = []
  presence.on('change', (users) => changes.push([users.length, presence.isStale]))
  last().open()
  last().receive(snapshot({ ada: user('1'), bob: user('2') }))
  last().drop()
  mock.timers.tick(500)
  last().open()
  last().receive(snapshot({ ada: user('7') }))

  assert.deepEqual(changes, [[2, false], [2, true], [1, false]])
})

test('a room that emptied long ago sends nothing: after a while nobody is there', () => {
  const presence = new Presence(live(), { patience: 1000 })
  last().open()
  last().receive(snapshot({ ada: user('1') }))
  last().drop()
  mock.timers.tick(500)
  last().open()
  mock.timers.tick(999)
  assert.equal(presence.count, 1)
  mock.timers.tick(1)

  assert.equal(presence.count, 0)
  assert.equal(presence.isStale, false)
})

test('presence of one channel of several', () => {
  const presence = new Presence(live(), { channel: 'a' })
  last().open()
  last().receive({ ...snapshot({ ada: user('1') }), channel: 'a' })
  last().receive({ ...snapshot({ bob: user('2') }), channel: 'b' })

  assert.deepEqual(presence.list().map((one) => one.user_id), ['ada'])
})

test('presence that was stopped changes no more', () => {
  const presence = new Presence(live())
  last().open()
  presence.stop()
  last().receive(snapshot({ ada: user('1') }))

  assert.equal(presence.count, 0)
})

const whole = (payload, channel = 'board') => ({ event: 'room_state', channel, payload })
const change = (payload, rest = {}) => ({ event: 'room_diff', channel: 'board', payload, ...rest })

function followed(options = {}, channel = {}) {
  const state = new RoomState(live(options), channel)
  const changes = []
  state.on('change', (value, patch) => changes.push([value, patch, state.isStale]))
  last().open()
  return { state, changes }
}

test('the state of a room follows the whole and what changes it', () => {
  const { state, changes } = followed()
  assert.deepEqual([state.value, state.isStale], [{}, true])
  last().receive(whole({ cells: { a: 1, b: { by: 'ada', at: 2 } }, turn: 'ada' }))
  const before = state.value
  last().receive(change({ cells: { a: null, b: { at: 3 }, c: [1] }, turn: 'bob' }))

  assert.deepEqual(state.value, { cells: { b: { by: 'ada', at: 3 }, c: [1] }, turn: 'bob' })
  assert.deepEqual(before, { cells: { a: 1, b: { by: 'ada', at: 2 } }, turn: 'ada' })
  assert.deepEqual(changes.map(([, patch, isStale]) => [patch, isStale]), [
    [null, false],
    [{ cells: { a: null, b: { at: 3 }, c: [1] }, turn: 'bob' }, false],
  ])
})

test('what is appended keeps the newest', () => {
  const { state, changes } = followed()
  last().receive(whole({ log: [1, 2], votes: { red: 1 } }))
  last().receive(change({ votes: { red: 2 } }, { append: { log: [3, 4] }, keep: 3 }))
  last().receive(change({}, { append: { other: ['a'] }, keep: 3 }))

  assert.deepEqual(state.value, { log: [2, 3, 4], votes: { red: 2 }, other: ['a'] })
  assert.deepEqual(changes.at(-2)[1], { votes: { red: 2 }, log: [2, 3, 4] })
})

test('the state is stale while the line is down, and a change then waits for the whole', () => {
  const { state, changes } = followed()
  last().receive(whole({ n: 1 }))
  last().drop()
  mock.timers.tick(500)
  last().open()
  last().receive(change({ n: 5 }))
  assert.deepEqual([state.value, state.isStale], [{ n: 1 }, true])
  last().receive(whole({ n: 7 }))

  assert.deepEqual(changes.map(([value, , isStale]) => [value.n, isStale]), [[1, false], [1, true], [7, false]])
})

test('with resume the missed changes are enough, where nothing was lost', () => {
  const { state } = followed({ resume: true })
  last().receive(whole({ n: 1 }))
  last().receive({ event: 'position', channel: 'board', payload: 'e.1' })
  last().drop()
  mock.timers.tick(500)
  last().open()
  last().receive({ event: 'resumed', channel: 'board', payload: { recovered: false, missed: 0, position: 'e.9' } })
  assert.equal(state.isStale, true)
  last().receive({ event: 'resumed', channel: 'board', payload: { recovered: true, missed: 1, position: 'e.9' } })
  last().receive(change({ n: 2 }))

  assert.deepEqual([state.value, state.isStale], [{ n: 2 }, false])
})

test('a client that never had the state does not believe a resume', () => {
  const { state } = followed({ resume: true })
  last().receive({ event: 'resumed', channel: 'board', payload: { recovered: true, missed: 0, position: 'e.9' } })
  last().receive(change({ n: 2 }))

  assert.deepEqual([state.value, state.isStale], [{}, true])
})

test('the state of one room of several, and none after stop', () => {
  const { state } = followed({}, { channel: 'board' })
  last().receive(whole({ n: 1 }))
  last().receive(whole({ n: 2 }, 'other'))
  assert.deepEqual(state.value, { n: 1 })
  state.stop()
  last().receive(whole({ n: 3 }))

  assert.deepEqual(state.value, { n: 1 })
})

test('keys with names of their own are keys like any other', () => {
  const { state } = followed()
  last().receive('{"event":"room_state","payload":{"constructor":1}}')
  last().receive('{"event":"room_diff","payload":{"__proto__":{"admin":true},"toString":"x"}}')

  assert.equal({}.admin, undefined)
  assert.equal(state.value.admin, undefined)
  assert.deepEqual(Object.keys(state.value), ['constructor', '__proto__', 'toString'])
})

test('"message" and "state" keep their meaning for now, and each is warned of once', () => {
  warnings.length = 0
  const heard = []
  for (const one of [live(), live()]) {
    one.on('state', (state) => heard.push(state))
    one.on('message', (message) => heard.push(message))()
    one.on('message', (message) => heard.push(message))
  }
  last().open()
  last().receive({ event: 'state', payload: 'mine' })
  last().receive({ event: 'message', payload: 1 })

  assert.deepEqual(heard, ['open', { event: 'state', payload: 'mine' }, { event: 'message', payload: 1 }])
  assert.equal(warnings.length, 2)
  assert.match(warnings[0], /on\("state"\) will be for messages.*on\("soli:state"\)/)
})

test('with events: 2 they are messages like any other', () => {
  const one = live({ events: 2 })
  const heard = []
  const off = one.on('message', (payload, message) => heard.push([payload, message.event]))
  one.on('state', (payload) => heard.push(payload))
  last().open()
  last().receive({ event: 'message', payload: 1 })
  last().receive({ event: 'state', payload: 'playing' })
  off()
  last().receive({ event: 'message', payload: 2 })

  assert.deepEqual(heard, [[1, 'message'], 'playing'])
})

test('what was missed is told as soli:resumed', () => {
  const one = live({ resume: true, events: 2 })
  const heard = []
  one.on('soli:resumed', (payload, message) => heard.push(payload.missed, message.channel))
  last().open()
  last().receive({ event: 'resumed', channel: 'a', payload: { recovered: true, missed: 3, position: 'e.1' } })

  assert.deepEqual(heard, [3, 'a'])
})

// Requests

const reply = (ref, response, status = 'ok') => ({ event: 'phx_reply', ref, payload: { status, response } })
const asked = () => JSON.parse(last().sent.at(-1))
const failure = (promise) => promise.then(() => assert.fail('it was answered'), (error) => error)

test('a request is answered, and its reply is no message', async () => {
  const one = live()
  const heard = []
  one.on('soli:message', (message) => heard.push(message))
  one.on('phx_reply', (payload) => heard.push(payload))
  last().open()
  const answer = one.ask('vote', { for: 'tabs' })
  const { event, payload, ref } = asked()
  last().receive(reply(ref, { votes: 3 }))

  assert.deepEqual([event, payload, await answer], ['vote', { for: 'tabs' }, { votes: 3 }])
  assert.deepEqual(heard, [])
  last().receive(reply('mine', 1))
  assert.equal(heard.length, 2)
})

test('a request that is refused says why', async () => {
  const one = live()
  last().open()
  const answer = failure(one.ask('vote'))
  last().receive(reply(asked().ref, { reason: 'internal' }, 'error'))
  const error = await answer

  assert.ok(error instanceof AskError)
  assert.deepEqual([error.reason, error.response, error.event], ['error', { reason: 'internal' }, 'vote'])
})

test('after its timeout a request is over, and what comes then is counted', async () => {
  const one = live()
  last().open()
  const answer = failure(one.ask('slow', {}, { timeout: 100 }))
  const { ref } = asked()
  mock.timers.tick(100)
  assert.equal((await answer).reason, 'timeout')
  last().receive(reply(ref, 1))
  last().receive(reply(ref, 1))
  assert.equal(one.lateReplies, 2)
})

test('a request waits for a connection, and is sent once', async () => {
  const one = live()
  const first = one.ask('first')
  last().open()
  last().receive(reply(asked().ref, 1))
  assert.equal(await first, 1)

  const second = failure(one.ask('second'))
  last().drop()
  assert.equal((await second).reason, 'disconnected')
  mock.timers.tick(500)
  last().open()
  assert.deepEqual(last().sent, [])
})

test('one that gave up while it waited is not sent', async () => {
  const one = live()
  const answer = failure(one.ask('late', {}, { timeout: 10 }))
  assert.equal(one.queued, 1)
  mock.timers.tick(10)
  assert.equal((await answer).reason, 'timeout')
  last().open()
  assert.deepEqual(last().sent, [])
})

test('no request outlives the connection', async () => {
  const one = live({ queue: 1 })
  const kept = failure(one.ask('kept'))
  const dropped = failure(one.ask('dropped'))
  one.close()
  const after = failure(one.ask('after'))

  assert.deepEqual((await Promise.all([kept, dropped, after])).map((error) => error.reason), ['closed', 'disconnected', 'closed'])
  assert.ok((await failure(live().ask('x', { n: 1n }))) instanceof TypeError)
})

test('a volatile message is dropped while the line is down', () => {
  const one = live()
  assert.equal(one.send({ x: 1 }, { volatile: true }), false)
  last().open()
  assert.equal(one.send({ x: 2 }, { volatile: true }), true)
  assert.deepEqual(last().sent, ['{"x":2}'])
})

// Refusals

test('the server is asked to say why it refuses', () => {
  live()
  assert.equal(new URL(last().url).searchParams.get('soli_refusal'), '1')
})

test('a refusal is told once, without a state of being open, and what waits is kept', () => {
  const one = live()
  const told = []
  const states = []
  one.on('soli:refused', (refusal) => told.push(refusal))
  one.on('soli:state', (state) => states.push(state))
  one.send('kept')
  for (let attempt = 0; attempt < 3; attempt++) {
    last().onopen({})
    last().drop(4503, 'retry-after=7 busy')
    assert.equal(one.retryAt - Date.now(), 7000 + 500 * 2 ** attempt)
    assert.deepEqual(last().sent, [])
    mock.timers.tick(9000)
  }
  assert.deepEqual(told, [{ status: 503, reason: 'busy', retryAfter: 7 }])
  assert.deepEqual(states.slice(0, 3), ['waiting', 'connecting', 'waiting'])
  last().open()
  assert.deepEqual(last().sent, ['kept'])
  last().drop(4503, 'retry-after=7 busy')
  assert.equal(told.length, 2)
})

for (const [code, state] of [[4400, 'closed'], [4401, 'closed'], [4403, 'closed'], [4499, 'closed'], [4408, 'waiting'], [4425, 'waiting'],
  [4429, 'waiting'], [4500, 'waiting'], [4503, 'waiting'], [4599, 'waiting'], [4399, 'closed'], [4600, 'closed']]) {
  test(`after a refusal with ${code} it is ${state}`, () => {
    const one = live()
    const told = []
    one.on('soli:refused', ({ status, retryAfter }) => told.push(status, retryAfter))
    last().onopen({})
    last().drop(code, 'no')

    assert.equal(one.state, state)
    assert.deepEqual(told, code >= 4400 && code <= 4599 ? [code - 4000, null] : [])
  })
}

test('a server that stops says when to come back', () => {
  const one = live()
  last().open()
  last().drop(1012, 'retry-after=3')

  assert.equal(one.retryAt - Date.now(), 3500)
})

test('words that look like an order to wait are words', () => {
  const one = live()
  const told = []
  one.on('soli:refused', (refusal) => told.push(refusal))
  last().onopen({})
  last().drop(4403, ' retry-after=99999 you are banned')

  assert.deepEqual(told, [{ status: 403, reason: 'retry-after=99999 you are banned', retryAfter: null }])
})
