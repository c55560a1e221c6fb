"""One message to many connections: who they are, how to write to them, and what may be left out."""
