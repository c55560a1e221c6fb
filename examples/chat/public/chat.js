// The client of the chat. soli.js keeps the connection and knows who is there; the rest of the file
// shows what they know.

import { connect, Presence } from '/_soli/soli.js'

const $ = (selector) => document.querySelector(selector)

let live = null
let presence = null
let me = null // { id, name }: what we ask the server to know us as
let room = null
let known = null // who was here at the last look: user id -> name

// --- the connection ---

function enter() {
  disconnect()
  live = connect(`/ws/room/${encodeURIComponent(room)}`, { query: { name: me.name }, events: 2 })
  presence = new Presence(live)
  presence.on('change', renderUserList)
  live.on('soli:state', showState)
  live.on('soli:refused', ({ reason }) => note(reason, 'bad'))
  live.on('message', (_, message) => receive(message))
  live.on('history', (_, { messages }) => showHistory(messages))
  live.on('refused', (_, { reason }) => note(reason, 'bad'))
  showState(live.state)
}

function disconnect() {
  presence?.stop()
  const former = live
  live = null
  former?.close()
}

function showState(state) {
  if (!live) return // the room that we leave
  if (state === 'connecting') show('connecting', 'Connecting…')
  if (state === 'waiting') show('waiting', navigator.onLine === false ? 'You are offline' : 'Connection lost, trying again…')
  if (state === 'closed') show('closed', live.closeReason.reason || 'Closed')
  if (state !== 'open') return
  show('open', 'Online')
  if (document.hidden) send({ event: 'away' })
}

// What is said without a line is not kept: it would come too late.
function send(data) {
  live?.send(data, { volatile: true })
}

// `retry` is for who waits; after a goodbye the room is entered anew.
function retry() {
  if (live?.state === 'waiting') live.retry()
  else enter()
}

function show(connection, text) {
  document.body.dataset.connection = connection
  $('#status-text').textContent = text
  $('#retry').hidden = !['waiting', 'closed'].includes(connection)
  $('#send').disabled = connection !== 'open'
  if (connection !== 'open') showPeople('unknown')
}

// --- presence ---

// Without a line to the server nobody knows who is still here; the next snapshot tells.
function showPeople(people) {
  if (document.body.dataset.people === people) return
  document.body.dataset.people = people
  $('#people-when').textContent = people === 'known' ? 'Here now' : 'Last seen here'
  $('#typing').textContent = ''
  for (const state of document.querySelectorAll('#people .state')) {
    state.replaceChildren(element('span', { textContent: 'unknown' }))
  }
}

function renderUserList(list) {
  if (presence.isStale) return
  const users = list.map(({ user_id, metas }) => ({
    userId: user_id,
    ...metas[0], // first meta drives display fields
    state: stateOf(metas),
    connectionCount: metas.length
  }))

  showPeople('known')
  users.sort((a, b) => a.name.localeCompare(b.name))
  $('#people').replaceChildren(...users.map(personItem))
  $('#people-count').textContent = users.length
  renderTyping(users.filter((user) => user.state === 'typing' && user.userId !== me.id))
  tellComingAndGoing(users)
  refreshRooms()
}

// Somebody who types on one device is typing; who is away is away on all of them.
function stateOf(metas) {
  const states = metas.map((meta) => meta.state)
  if (states.includes('typing')) return 'typing'
  return states.every((state) => state === 'away') ? 'away' : 'online'
}

function renderTyping(users) {
  const names = users.map((user) => user.name)
  let text = ''
  if (names.length === 1) text = `${names[0]} is typing…`
  else if (names.length === 2) text = `${names[0]} and ${names[1]} are typing…`
  else if (names.length > 2) text = 'Several people are typing…'
  if ($('#typing').textContent !== text) $('#typing').textContent = text
}

function tellComingAndGoing(users) {
  const now = new Map(users.map((user) => [user.userId, user.name]))
  if (known) {
    for (const [id, name] of now) if (!known.has(id)) note(`${name} joined`)
    for (const [id, name] of known) if (!now.has(id)) note(`${name} left`)
  }
  known = now
}

function personItem(user) {
  const item = element('li', { dataset: { user: user.userId, state: user.state } })
  const state = element('span', { className: 'state' })
  const words = [user.userId === me.id ? 'you' : '', user.state === 'typing' ? 'typing…' : user.state]
  state.append(element('span', { textContent: words.filter(Boolean).join(' · ') }))
  if (user.connectionCount > 1) {
    state.append(element('span', { className: 'devices', textContent: `${user.connectionCount} devices` }))
  }
  item.append(avatar(user), element('span', { className: 'name', textContent: user.name }), state)
  return item
}

// --- messages ---

let lastShown = null

function receive(message) {
  showMessage(message)
  if (document.hidden) showUnread(unread + 1)
}

function showHistory(messages) {
  $('#messages').replaceChildren()
  lastShown = null
  messages.forEach(showMessage)
  if (messages.length === 0) note(`Nobody has said anything in # ${room} yet`)
  scrollToEnd()
}

function showMessage(message) {
  const mine = message.user_id === me.id
  const follows = lastShown?.user_id === message.user_id && message.at - lastShown.at < 180
  const item = element('li', { className: `message${mine ? ' mine' : ''}${follows ? ' follows' : ''}` })
  const at = new Date(message.at * 1000)
  const time = element('time', {
    dateTime: at.toISOString(),
    textContent: at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  })
  const head = element('div', { className: 'head' })
  head.append(element('span', { className: 'who', textContent: mine ? 'You' : message.name }), time)
  item.append(avatar(message), head, element('div', { className: 'text', textContent: message.text }))
  append(item, mine)
  lastShown = message
}

function note(text, kind = '') {
  append(element('li', { className: `note ${kind}`, textContent: text }))
  lastShown = null
}

// Whoever reads further up is not torn away; a button leads to what is new.
function append(item, always = false) {
  const log = $('#log')
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60
  const shown = $('#messages')
  shown.append(item)
  while (shown.children.length > 500) shown.firstElementChild.remove()
  if (atEnd || always) scrollToEnd()
  else $('#newer').hidden = false
}

function scrollToEnd() {
  $('#log').scrollTop = $('#log').scrollHeight
  $('#newer').hidden = true
}

let unread = 0

function showUnread(count) {
  unread = count
  document.title = `${unread ? `(${unread}) ` : ''}${room} · Soli chat`
}

// --- the composer and the typing indicator ---

const TYPING_MS = 3000 // without a key this long, we are not typing any more
let typingTimer = null

function typing() {
  if (!typingTimer) send({ event: 'typing' })
  clearTimeout(typingTimer)
  typingTimer = setTimeout(stopTyping, TYPING_MS)
}

function stopTyping({ tell = true } = {}) {
  if (!typingTimer) return
  clearTimeout(typingTimer)
  typingTimer = null
  if (tell) send({ event: 'stop_typing' })
}

function submitMessage() {
  const text = $('#text').value.trim()
  if (!text || live?.state !== 'open') return
  stopTyping({ tell: false }) // the server takes a message for the end of typing
  send({ text })
  $('#text').value = ''
}

// --- rooms ---

let roomsTimer = null

// Called whenever something moves, asks the server at most once in two seconds.
function refreshRooms() {
  roomsTimer ??= setTimeout(async () => {
    roomsTimer = null
    try {
      const response = await fetch('/api/rooms')
      if (response.ok) renderRooms(await response.json())
    } catch {
      // The list is a convenience; the next change of presence tries again.
    }
  }, 2000)
}

function renderRooms(rooms) {
  if (!rooms.some(({ name }) => name === room)) rooms.push({ name: room, people: presence?.count ?? 0 })
  $('#rooms').replaceChildren(...rooms.map(({ name, people }) => {
    const link = element('a', { href: `#${encodeURIComponent(name)}` })
    if (name === room) link.setAttribute('aria-current', 'page')
    link.append(element('span', { textContent: name }))
    if (people) link.append(element('span', { className: 'count', textContent: people, title: `${people} here` }))
    const item = element('li')
    item.append(link)
    return item
  }))
}

function roomOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)).trim().slice(0, 40) || 'general'
  } catch {
    return 'general'
  }
}

function enterRoom() {
  if (!me) return
  stopTyping()
  room = roomOfAddress()
  known = null
  $('#room-name').textContent = room
  $('#people').replaceChildren()
  $('#typing').textContent = ''
  showUnread(0)
  renderRooms(['general', 'kitchen', 'random'].map((name) => ({ name })))
  $('#rooms [aria-current]').scrollIntoView({ block: 'nearest', inline: 'nearest' })
  enter()
}

// --- who we are ---

function enterAs(name) {
  me = { id: name.toLowerCase(), name }
  localStorage.setItem('soli-chat-name', name)
  $('#my-name').textContent = name
  $('#my-avatar').textContent = initial(name)
  $('#my-avatar').style.setProperty('--hue', hueOf(me.id))
  enterRoom()
  $('#text').focus()
}

function askName() {
  $('#name').value = me?.name ?? ''
  $('#welcome').showModal()
}

// --- small things ---

function element(tag, { dataset, ...properties } = {}) {
  const made = Object.assign(document.createElement(tag), properties)
  Object.assign(made.dataset, dataset)
  return made
}

function avatar({ name, avatar: hue }) {
  const made = element('span', { className: 'avatar', textContent: initial(name), ariaHidden: 'true' })
  made.style.setProperty('--hue', hue)
  return made
}

const initial = (name) => [...name][0].toUpperCase()

// The same sum as hue_of in config/routes.soli.
const hueOf = (id) => [...id].reduce((sum, letter) => (sum * 145 + letter.codePointAt(0)) % 65521, 0) * 137 % 360

// --- what people do ---

$('#composer').addEventListener('submit', (event) => { event.preventDefault(); submitMessage() })
$('#text').addEventListener('input', () => ($('#text').value ? typing() : stopTyping()))
$('#text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  submitMessage()
})
$('#newer').addEventListener('click', scrollToEnd)
$('#retry').addEventListener('click', retry)
$('#rename').addEventListener('click', askName)
$('#name-form').addEventListener('submit', () => enterAs($('#name').value.trim() || 'Nobody'))
$('#welcome').addEventListener('cancel', (event) => { if (!me) event.preventDefault() })
$('#new-room').addEventListener('submit', (event) => {
  event.preventDefault()
  location.hash = encodeURIComponent($('#new-room-name').value.trim())
  event.target.reset()
})
addEventListener('hashchange', enterRoom)
document.addEventListener('visibilitychange', () => {
  send({ event: document.hidden ? 'away' : 'stop_typing' })
  if (document.hidden) return
  showUnread(0)
  live?.retry()
})

const name = new URLSearchParams(location.search).get('name') ?? localStorage.getItem('soli-chat-name')
if (name?.trim()) enterAs(name.trim().slice(0, 40))
else askName()
