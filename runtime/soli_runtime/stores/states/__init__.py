"""The state of rooms in a store: what is kept, what this process knows of it, whose turn it is."""
