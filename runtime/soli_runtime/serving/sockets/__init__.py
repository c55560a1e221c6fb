"""A WebSocket connection above its frames: its events in order, what it asks, what it is sent."""
