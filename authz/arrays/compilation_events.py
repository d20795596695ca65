"""Observers of compilation, so that a user who waits for a minute is told why.

Knows nothing of the compiler, so that a program can listen before anything of it is imported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Hears of functions that are compiled, not of those whose machine code was kept."""

    def began(self) -> None:
        """A function is being compiled, perhaps on behalf of another."""

    def ended(self) -> None:
        """It was compiled, or could not be."""


_listeners: list[Listener] = []


@contextmanager
def listening_to_compilation(listener: Listener) -> Iterator[None]:
    """Tell somebody of whatever is compiled meanwhile, on whichever thread."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def compilation_began() -> None:
    """Tell all that a function is being compiled."""
    for listener in tuple(_listeners):
        listener.began()


def compilation_ended() -> None:
    """Tell all that a function was compiled."""
    for listener in tuple(_listeners):
        listener.ended()
