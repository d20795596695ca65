"""A network in this process, for a program or a test that needs nothing else: the `Sandbox` that users import.

with Sandbox() as sandbox:
    receipt = sandbox.terminal().pay(sandbox.phone(), 1250)
    assert sandbox.reason_of(receipt) == "approved"
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import structlog

from simulators.process.compilation_notice import compilation_announced
from simulators.process.logging_setup import configure_logging
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit


class Sandbox(TestKit):
    """A fresh network on free ports, with the whole test kit. It is a context manager, and gone when it is closed.

    wall_clock: real time, as the server has it, Unix seconds.  settings: of the server, by their names in
    ``tapwright.toml``; neither the environment nor a file is read.  Raises: StartError.
    """

    def __init__(self, wall_clock: Callable[[], float] = time.time, **settings: Any) -> None:
        if not structlog.is_configured():
            configure_logging("error", "console")
        self._network = ExitStack()
        with compilation_announced():
            running = self._network.enter_context(scratch_sandbox(wall_clock, **settings))
        super().__init__(running.http_url, running.iso_address, wall_clock)

    def close(self) -> None:
        """Close all connections and stop the network."""
        try:
            super().close()
        finally:
            self._network.close()
