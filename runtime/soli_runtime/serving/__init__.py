"""An app at work: connections, HTTP actions and effects on one event loop."""
