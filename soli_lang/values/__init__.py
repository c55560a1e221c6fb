"""What a program can hold, and the language's opinions on it."""
