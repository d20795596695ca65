"""Runs a module on behalf of another process, at idle priority:

``python -m authz.upkeep.at_leisure PROCESS authz.upkeep.checkpointing ...``.

The priority is lowered before the module and its imports are loaded, which takes a second of processor time by itself.
It ends with the process that it works for; otherwise a process that is killed again and again would leave many behind.
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
