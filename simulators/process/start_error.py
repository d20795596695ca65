"""Errors that prevent a server from starting."""


class StartError(Exception):
    """The server cannot start; one line says why."""
