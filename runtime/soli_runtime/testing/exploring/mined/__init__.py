"""What an app answers to, found in its program and specs, and what clients make of it."""
