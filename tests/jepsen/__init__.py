"""A checker in the manner of Jepsen: several nodes, faults at random, and a judge of what was seen.

`plan` makes steps from a seed, `run` takes them with real processes, sockets and faults and writes
down what clients saw (`history`), `judge` says what of it breaks a guarantee of docs/scale-out.md.
`sabotage` breaks the product on purpose, to see that the judge notices.
"""
