"""The state that one interpreter's running code shares, and how work is counted."""
