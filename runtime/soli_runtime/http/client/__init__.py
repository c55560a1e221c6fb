"""`HTTP.get` and its kin: requests that a program makes, and where they may go."""
