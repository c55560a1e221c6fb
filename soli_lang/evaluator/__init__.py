"""Turns nodes into closures, once, and runs them.

Each node becomes one Python closure that takes a *frame*; evaluating walks that tree. Passes:
`scopes` decides where every variable lives, `compiler` dispatches on node classes to the modules
beside it.

A frame is a list: slot 0 is the frame around it, then (in functions that use it) `this`, then
parameters and variables. File-level variables live in a list of their own, known when a closure
is made. Expressions return values. Statements run for their effect return None, or a *signal*:
BREAK, NEXT, or a one-tuple holding the value of a `return`.
"""
