"""The engine's HTTP face. Each module that has a `router` is found and mounted by the application that serves it.

Beside its router a module says who may call it and what it may answer, in words that the application gives a meaning:
`SCOPES`, the scopes of which an API key has one, and `STATUSES`, the error statuses beyond those of every call.
"""
