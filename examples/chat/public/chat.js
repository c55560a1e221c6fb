'use strict'

// The client of the chat. Its WebSocket and presence parts are the snippets of Soli's WebSocket
// documentation; the rest of the file shows what they know, and comes back when the line breaks.

const $ = (selector) => document.querySelector(selector)

let ws = null
let me = null // { id, name }: what we ask the server to know us as
let room = null
let attempt = 0 // of reconnecting, in a row
let retryTimer = null
let known = null // who was here at the last look: user id -> name

// --- the connection ---

function connect() {
  disconnect()
  show('connecting', attempt === 0 ? 'Connecting…' : 'Connecting again…')
  const protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  const path = `/ws/room/${encodeURIComponent(room)}?name=${encodeURIComponent(me.name)}`
  ws = new WebSocket(`${protocol}//${location.host}${path}`)

  ws.onopen = () => {
    show('open', 'Online')
    if (document.hidden) send({ event: 'away' })
  }

  ws.onmessage = (event) => {
    const data = JSON.parse(event.data)
    attempt = 0 // the server took us in: not at onopen, which a failing server reaches as well
    if (data.event === 'presence_state') {
      presences = data.payload // initial sync — replace everything
      showPeople('known')
      renderUserList()
    } else if (data.event === 'presence_diff') {
      Object.entries(data.payload.joins).forEach(([userId, p]) => { presences[userId] = p })
      Object.entries(data.payload.leaves).forEach(([userId]) => { delete presences[userId] })
      renderUserList()
    } else {
      receive(data)
    }
  }

  ws.onclose = (event) => {
    if (event.code === 1000 && event.reason) show('closed', event.reason) // the server said goodbye
    else reconnectLater()
  }
}

function disconnect() {
  clearTimeout(retryTimer)
  retryTimer = null
  if (!ws) return
  ws.onopen = ws.onmessage = ws.onclose = null
  ws.close()
  ws = null
}

// Exponential backoff with jitter: when a server comes back, its clients do not all knock at once.
function reconnectDelay(attempt, random = Math.random()) {
  const ceiling = Math.min(30_000, 500 * 2 ** attempt)
  return ceiling / 2 + random * ceiling / 2
}

function reconnectLater() {
  show('waiting', navigator.onLine === false ? 'You are offline' : 'Connection lost, trying again…')
  retryTimer = setTimeout(connect, reconnectDelay(attempt))
  attempt += 1
}

// Something says that it may work now: no need to wait out the delay.
function reconnectEarly() {
  if (document.body.dataset.connection === 'waiting') connect()
}

function send(data) {
  if (ws?.readyState === WebSocket.OPEN) ws.send(JSON.stringify(data))
}

function show(connection, text) {
  document.body.dataset.connection = connection
  $('#status-text').textContent = text
  $('#retry').hidden = !['waiting', 'closed'].includes(connection)
  $('#send').disabled = connection !== 'open'
  if (connection !== 'open') showPeople('unknown')
}

// --- presence ---

let presences = {}

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

function renderUserList() {
  const users = Object.entries(presences).map(([userId, { metas }]) => ({
    userId,
    ...metas[0], // first meta drives display fields
    connectionCount: metas.length
  }))

  for (const user of users) user.state = stateOf(presences[user.userId].metas)
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

function receive(data) {
  if (data.event === 'message') {
    showMessage(data)
    if (document.hidden) showUnread(unread + 1)
  } else if (data.event === 'history') {
    $('#messages').replaceChildren()
    lastShown = null
    data.messages.forEach(showMessage)
    if (data.messages.length === 0) note(`Nobody has said anything in # ${room} yet`)
    scrollToEnd()
  } else if (data.event === 'refused') {
    note(data.reason, 'bad')
  }
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
  if (!text || ws?.readyState !== WebSocket.OPEN) return
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
  if (!rooms.some(({ name }) => name === room)) rooms.push({ name: room, people: Object.keys(presences).length })
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
  presences = {}
  known = null
  attempt = 0
  $('#room-name').textContent = room
  $('#people').replaceChildren()
  $('#typing').textContent = ''
  showUnread(0)
  renderRooms(['general', 'kitchen', 'random'].map((name) => ({ name })))
  $('#rooms [aria-current]').scrollIntoView({ block: 'nearest', inline: 'nearest' })
  connect()
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
$('#retry').addEventListener('click', connect)
$('#rename').addEventListener('click', askName)
$('#name-form').addEventListener('submit', () => enterAs($('#name').value.trim() || 'Nobody'))
$('#welcome').addEventListener('cancel', (event) => { if (!me) event.preventDefault() })
$('#new-room').addEventListener('submit', (event) => {
  event.preventDefault()
  location.hash = encodeURIComponent($('#new-room-name').value.trim())
  event.target.reset()
})
addEventListener('hashchange', enterRoom)
addEventListener('online', reconnectEarly)
document.addEventListener('visibilitychange', () => {
  send({ event: document.hidden ? 'away' : 'stop_typing' })
  if (document.hidden) return
  showUnread(0)
  reconnectEarly()
})

const name = new URLSearchParams(location.search).get('name') ?? localStorage.getItem('soli-chat-name')
if (name?.trim()) enterAs(name.trim().slice(0, 40))
else askName()
