"""HTTP beside WebSockets: requests, responses, cookies, sessions, CORS, streams, static files."""
