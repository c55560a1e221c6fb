"""The definitional interpreter: a walk over the nodes, without passes, facts or written code."""
