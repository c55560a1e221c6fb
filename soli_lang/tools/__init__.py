"""What is told of a program besides running it: checks, coverage, formatting."""
