"""What is told of programs and builtins without running anything: checks and the reference."""
