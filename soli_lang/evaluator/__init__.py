"""Walks the tree of a function once, when it is first called, and makes a Python function of it.

`scopes` says where every variable lives, `facts` what holds of it. `writer` goes through the nodes;
for each kind there is a writer in `writers/`, which gives Python's own syntax nodes (`python`):
statements that come before, and an expression. `functions` puts entry and body together and has
Python compile them; `code` is what a function of the program is until then and after.

What written functions call is in `helpers/`, and what operators and members mean, whoever asks, in
`meaning/`. Lines of Python's nodes are numbers of places in the program (`places`), so an error's
place and backtrace come from its traceback, and only when somebody asks for them.
"""
