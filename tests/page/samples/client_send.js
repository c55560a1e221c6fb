// Send a chat message
ws.send(JSON.stringify({ text: 'Hello!' }))
// Typing indicators
ws.send(JSON.stringify({ event: 'typing' }))
ws.send(JSON.stringify({ event: 'stop_typing' }))
