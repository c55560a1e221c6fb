"""Counts of what each operation costs: calls, bytecodes, memory, system calls."""
