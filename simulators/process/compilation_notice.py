"""Tells the user that the engine is being compiled, which takes a while once per version."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from authz.arrays.compilation_events import listening_to_compilation

_PAUSE_SECONDS = 5.0
_QUIET_SECONDS = 2.0
"""Nothing more is compiled when nothing was for so long."""

_FIRST = "compiling the engine for this machine; this takes up to a minute, and only the first time"


class CompilationNotice:
    """Writes a line when something begins to be compiled, and then how far it is until nothing more is.

    write: a line of text.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._depth = 0
        self.functions = 0
        """How many functions were compiled so far."""
        self._announced = self._ended = 0.0
        self._told_of = 0
        """The number of functions when it was said to be over."""
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="compilation notice", daemon=True)

    def expect(self) -> None:
        """Write the first line now: something will be compiled, but what compiles is still to be loaded."""
        if not self._announced:
            self._announced = time.monotonic()
            self._write(_FIRST)
            self._teller.start()

    def began(self) -> None:
        """See `authz.arrays.compilation_events.Listener`."""
        self.expect()
        self._depth += 1

    def ended(self) -> None:
        """See `authz.arrays.compilation_events.Listener`."""
        self._depth -= 1
        self.functions += 1
        self._ended = time.monotonic()

    def interrupt(self) -> None:
        """Say how far it was, where it is not over."""
        if self.functions > self._told_of:
            self._told_of = self.functions
            self._write(
                f"compiling was interrupted; what was not finished begins anew next time: {self._progress(self._ended)}"
            )

    def close(self) -> None:
        """Say that it is over, where it had begun and that was not said."""
        self._over.set()
        if self._announced:
            self._teller.join()
            self._tell_the_end()

    def _tell(self) -> None:
        said = time.monotonic()
        while not self._over.wait(_QUIET_SECONDS):
            now = time.monotonic()
            if self._depth and now - said >= _PAUSE_SECONDS:
                said = now
                self._write(f"still compiling: {self._progress(now)}")
            elif not self._depth and now - self._ended >= _QUIET_SECONDS:
                self._tell_the_end()

    def _tell_the_end(self) -> None:
        if self.functions > self._told_of:
            self._told_of = self.functions
            self._write(f"the engine is compiled: {self._progress(self._ended)}")

    def _progress(self, until: float) -> str:
        return f"{self.functions} functions in {until - self._announced:.0f} s"


def to_standard_error(text: str) -> None:
    """Write a line as `tapwright` does."""
    sys.stderr.write(f"tapwright: {text}\n")
    sys.stderr.flush()


@contextmanager
def compilation_announced(write: Callable[[str], None] = to_standard_error) -> Iterator[CompilationNotice]:
    """Announce compilation; write nothing where machine code is kept."""
    notice = CompilationNotice(write)
    with listening_to_compilation(notice):
        try:
            yield notice
        except KeyboardInterrupt:
            notice.interrupt()
            raise
        finally:
            notice.close()
