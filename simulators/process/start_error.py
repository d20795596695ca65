"""Errors that prevent a server from starting."""


class StartError(Exception):
    """The server cannot start; the text is one line."""
