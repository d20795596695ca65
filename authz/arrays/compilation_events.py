"""Observers of compilation, so that a user who waits for a minute is told why.

Knows nothing of the compiler, so that a program can listen before anything of it is imported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Is notified of functions that are compiled, not of those whose machine code is cached."""

    def began(self) -> None:
        """A function is being compiled, perhaps on behalf of another."""

    def ended(self) -> None:
        """The compilation has ended, with or without success."""


_listeners: list[Listener] = []


@contextmanager
def listening_to_compilation(listener: Listener) -> Iterator[None]:
    """Notify a listener of everything that is compiled meanwhile, on any thread."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def compilation_began() -> None:
    """Notify all listeners that the compilation of a function has begun."""
    for listener in tuple(_listeners):
        listener.began()


def compilation_ended() -> None:
    """Notify all listeners that the compilation of a function has ended."""
    for listener in tuple(_listeners):
        listener.ended()
