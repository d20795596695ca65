"""Mutation testing: change one thing in the code, and see whether any test notices.

`python -m tests.mutation PATH` tells; `tests/README.md` says how to work with it.
"""
