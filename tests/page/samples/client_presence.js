let presences = {}
ws.onmessage = (event) => {
  const data = JSON.parse(event.data)
  if (data.event === 'presence_state') {
    presences = data.payload // initial sync — replace everything
    renderUserList()
  } else if (data.event === 'presence_diff') {
    Object.entries(data.payload.joins).forEach(([userId, p]) => { presences[userId] = p })
    Object.entries(data.payload.leaves).forEach(([userId]) => { delete presences[userId] })
    renderUserList()
  }
}
function renderUserList() {
  const users = Object.entries(presences).map(([userId, { metas }]) => ({
    userId,
    ...metas[0], // first meta drives display fields
    connectionCount: metas.length
  }))
  // ...render users
}
