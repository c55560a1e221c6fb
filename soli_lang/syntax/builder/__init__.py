"""The grammar's reductions to nodes."""
