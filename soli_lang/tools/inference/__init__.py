"""What kinds of values expressions have, as far as a program's text tells, and what fails for it.

`infer.type_findings(program, known, findings)` is the door. Types (`types`) are tuples of atoms, or
`ANY`, of which nothing is ever said. There is no solver: one walk per function, in the order of
running, with an environment (`environment`) that branches narrow (`narrowing`) and join.
"""
