"""The socket layer: WebSocket connections, rooms to fan out to, and nothing of what they mean."""
