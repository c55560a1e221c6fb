"""What builtins share: reading arguments, costs, equality, order, rounding, the clock."""
