"""The world outside the program, where the host grants it: files, environment, processes."""
