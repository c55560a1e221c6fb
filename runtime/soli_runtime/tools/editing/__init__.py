"""What an editor asks of a program that is being written. Knows nothing of any protocol."""
