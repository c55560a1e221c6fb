"""A WebSocket connection above its frames."""
