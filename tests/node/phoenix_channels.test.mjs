// npm's unmodified `phoenix` against a live app: SOLI_URL is where it is served (tests/clients/phoenix.soli).

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Presence, Socket } from 'phoenix'
import { WebSocket } from 'ws'

const url = process.env.SOLI_URL
const sockets = []
const socket = (params = {}, path = '/ws') => {
  const made = new Socket(url + path, { transport: WebSocket, params, heartbeatIntervalMs: 100 })
  made.connect()
  sockets.push(made)
  return made
}
const pushed = (push) => new Promise((resolve) => {
  for (const status of ['ok', 'error', 'timeout']) push.receive(status, (response) => resolve([status, response]))
})
const joined = async (one, topic, params = {}) => {
  const channel = one.channel(topic, params)
  return [channel, await pushed(channel.join())]
}
const heard = (channel, event) => new Promise((resolve) => channel.on(event, resolve))
const until = async (condition) => {
  for (let turn = 0; turn < 500 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition(), String(condition))
}
after(() => sockets.forEach((one) => one.disconnect()))

test('join, with a reply of the handler and without one', async () => {
  const one = socket({ name: 'ada' })
  assert.deepEqual((await joined(one, 'room:plain'))[1], ['ok', {}])
  assert.deepEqual((await joined(one, 'room:greeting'))[1], ['ok', { hello: 'ada' }])
})

test('a join that is refused, and one whose handler fails', async () => {
  const one = socket()
  const [refused, answer] = await joined(one, 'room:secret')
  assert.deepEqual(answer, ['error', { reason: 'unauthorized' }])
  refused.leave()
  const [failed, internal] = await joined(one, 'room:broken')
  assert.deepEqual(internal, ['error', { reason: 'internal' }])
  failed.leave()
})

test('push: ok, error, timeout', async () => {
  const [channel] = await joined(socket(), 'room:push')
  assert.deepEqual(await pushed(channel.push('double', { n: 21 })), ['ok', 42])
  assert.deepEqual(await pushed(channel.push('refuse', {})), ['error', { reason: 'full' }])
  assert.deepEqual(await pushed(channel.push('double', { n: [] })), ['error', { reason: 'internal' }])
  assert.equal((await pushed(channel.push('nothing', {}, 100)))[0], 'timeout')
})

test('what goes to a room reaches the channel of that name, and no other', async () => {
  const [ada] = await joined(socket(), 'room:a')
  const second = socket()
  const [bob] = await joined(second, 'room:a')
  const [other] = await joined(second, 'room:b')
  other.on('said', () => assert.fail('of another room'))
  const said = Promise.all([heard(ada, 'said'), heard(bob, 'said')])
  ada.push('say', { text: '<hi> \u00e4' })
  assert.deepEqual(await said, [{ text: '<hi> \u00e4' }, { text: '<hi> \u00e4' }])

  ada.on('whisper', () => assert.fail('to others only'))
  const whisper = heard(bob, 'whisper')
  assert.deepEqual(await pushed(ada.push('whisper', { text: 'x' })), ['ok', {}])
  assert.deepEqual(await whisper, { text: 'x' })
})

test('send bears the topic of the message that is handled', async () => {
  const one = socket()
  const [first] = await joined(one, 'room:one')
  const [second] = await joined(one, 'room:two')
  const seen = []
  first.on('echo', ({ n }) => seen.push(['one', n]))
  second.on('echo', ({ n }) => seen.push(['two', n]))
  for (const n of [1, 2, 3]) {
    first.push('echo', { n })
    second.push('echo', { n })
  }
  await until(() => seen.length === 6)
  assert.deepEqual(seen, [1, 2, 3].flatMap((n) => [['one', n], ['two', n]]))
  const plain = heard(second, 'message')
  second.push('text', {})
  assert.equal(await plain, 'no JSON')
})

test('what goes to everybody reaches each, once', async () => {
  const one = socket()
  const [first] = await joined(one, 'room:every')
  const [last] = await joined(one, 'room:last')
  const bob = (await joined(socket(), 'room:every'))[0]
  const seen = []
  for (const [name, channel] of Object.entries({ first, last, bob })) channel.on('all', () => seen.push(name))
  first.push('all', {})
  await until(() => seen.length === 2)
  await pushed(first.push('double', { n: 1 }))
  assert.deepEqual(seen.sort(), ['bob', 'last'])
})

test('heartbeats are answered, and leaving leaves', async () => {
  const one = socket()
  const [channel] = await joined(one, 'room:leave')
  const [staying] = await joined(socket(), 'room:leave')
  await new Promise((resolve) => setTimeout(resolve, 350))
  assert.equal(one.connectionState(), 'open')
  assert.deepEqual(await pushed(staying.push('count', {})), ['ok', 2])
  await pushed(channel.leave()) // the client does not wait for the server's answer
  await until(() => one.channels.length === 0)
  const counts = []
  const count = () => staying.push('count', {}).receive('ok', (n) => counts.push(n))
  count()
  await until(() => counts.at(-1) === 1 || void count())
  assert.deepEqual((await joined(one, 'room:leave'))[1], ['ok', {}])
  assert.deepEqual(await pushed(staying.push('count', {})), ['ok', 2])
})

test('Presence on a channel, over two channels of one socket', async () => {
  const names = (presence) => presence.list((id) => id).sort()
  const first = socket({ name: 'ada' })
  const [room] = await joined(first, 'room:present')
  const [other] = await joined(first, 'room:elsewhere')
  const here = new Presence(room)
  const there = new Presence(other)
  await pushed(room.push('track', {}))
  await pushed(other.push('track', {}))
  await until(() => names(here).join() === 'ada' && names(there).join() === 'ada')

  const second = socket({ name: 'bob' })
  const [bobs] = await joined(second, 'room:present')
  const seen = new Presence(bobs)
  await pushed(bobs.push('track', {}))
  await until(() => names(here).join() === 'ada,bob' && names(seen).join() === 'ada,bob')
  assert.deepEqual(names(there), ['ada'])
  await pushed(bobs.push('away', {}))
  await until(() => here.state.bob.metas[0].state === 'away')
  bobs.leave()
  await until(() => names(here).join() === 'ada')
})

test('binary messages, both ways', async () => {
  const [channel] = await joined(socket(), 'room:binary')
  const got = heard(channel, 'message')
  assert.deepEqual(await pushed(channel.push('bytes', new Uint8Array([1, 2, 255]).buffer)), ['ok', 3])
  assert.deepEqual([...new Uint8Array(await got)], [1, 2, 255])
})

test('a client that speaks objects hears the same in its own form', async () => {
  const [channel] = await joined(socket(), 'room:mixed')
  const plain = new WebSocket(`${url}/ws`)
  const messages = []
  plain.on('message', (data) => messages.push(JSON.parse(data)))
  await new Promise((resolve) => plain.on('open', resolve))
  plain.send(JSON.stringify({ topic: 'room:mixed', event: 'phx_join', payload: {}, ref: '1' }))
  await until(() => messages.length === 0 ? false : true)
    .catch(() => {})
  channel.push('say', { text: 'both' })
  await until(() => messages.some((message) => message.event === 'said'))
  assert.deepEqual(messages.find((message) => message.event === 'said').payload, { text: 'both' })
  plain.close()
})

test('the path may end in what the client adds, and what is no array closes', async () => {
  const raw = new WebSocket(`${url}/ws?vsn=2.0.0`)
  const closed = new Promise((resolve) => raw.on('close', (code, reason) => resolve([code, String(reason)])))
  await new Promise((resolve) => raw.on('open', resolve))
  raw.send('["1","1","room:raw","phx_join",{}]')
  assert.equal(JSON.parse(await new Promise((resolve) => raw.once('message', resolve)))[3], 'phx_reply')
  raw.send('{"event":"say"}')
  assert.deepEqual(await closed, [1003, 'no [join_ref, ref, topic, event, payload]'])
})
