const protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
const ws = new WebSocket(`${protocol}//${location.host}/ws/room/general`)
ws.onmessage = (event) => {
  const data = JSON.parse(event.data)
  console.log('Received:', data)
}
