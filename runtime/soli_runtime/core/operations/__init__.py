"""The operations of the realtime core: what they are, how a broker orders them, what they do.

`records` declares each once. A `broker` gives those of all processes one order, and `arrivals`
applies each when its turn has come.
"""
