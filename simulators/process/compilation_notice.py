"""Tells the user that the engine is being compiled, which takes about a minute once per version."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from authz.arrays.compilation_events import listening_to_compilation

_PAUSE_SECONDS = 5.0


class _Notice:
    """Writes a line when something begins to be compiled, and then how far it is until nothing more is."""

    def __init__(self) -> None:
        self._depth = 0
        self._functions = 0
        self._started = 0.0
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="compilation notice", daemon=True)

    def began(self) -> None:
        """See `authz.arrays.compilation_events.Listener`."""
        if not self._started:
            self._started = time.monotonic()
            self._write("compiling the engine for this machine; this takes about a minute, and only the first time")
            self._teller.start()
        self._depth += 1

    def ended(self) -> None:
        """See `authz.arrays.compilation_events.Listener`."""
        self._depth -= 1
        self._functions += 1

    def close(self) -> None:
        """Say that it is over, where it had begun."""
        self._over.set()
        if self._started:
            self._teller.join()
            self._write(f"the engine is compiled: {self._progress()}")

    def _tell(self) -> None:
        while not self._over.wait(_PAUSE_SECONDS):
            if self._depth:
                self._write(f"still compiling: {self._progress()}")

    def _progress(self) -> str:
        return f"{self._functions} functions in {time.monotonic() - self._started:.0f} s"

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(f"tapwright: {text}\n")
        sys.stderr.flush()


@contextmanager
def compilation_announced() -> Iterator[None]:
    """Announce compilation on standard error; write nothing where machine code is cached."""
    notice = _Notice()
    with listening_to_compilation(notice):
        try:
            yield
        finally:
            notice.close()
