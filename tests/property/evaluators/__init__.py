"""Two ways to run a program, compared to the letter: what is run, and what is compared.

`python -m tests.property.evaluators` compares tens of thousands of random programs.
"""
