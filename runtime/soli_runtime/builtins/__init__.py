"""What a program can call besides the standard library."""
