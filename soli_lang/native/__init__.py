"""The door through which Python functions become builtins."""
