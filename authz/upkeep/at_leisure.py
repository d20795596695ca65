"""Runs a module for another process, when nobody else wants the processor:

``python -m authz.upkeep.at_leisure PROCESS authz.upkeep.checkpointing ...``.

It gives way before the module and all that it imports is read, which takes a second of a processor by itself. It ends
with the process that it works for: else those that are killed again and again would leave one behind each time.
"""

import contextlib
import ctypes
import os
import runpy
import signal
import sys

_SIGNAL_AT_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG of prctl(2)


def main() -> None:
    """Run the module that the second argument names, with those that follow. The first is the process that waits."""
    _, waiting, *arguments = sys.argv
    with contextlib.suppress(OSError, AttributeError):  # on Linux
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        ctypes.CDLL(None).prctl(_SIGNAL_AT_PARENTS_DEATH, signal.SIGKILL)
    if os.getppid() != int(waiting):
        return
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
