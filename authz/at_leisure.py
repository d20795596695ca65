"""Runs a module when nobody else wants the processor: ``python -m authz.at_leisure authz.checkpointing ...``.

Before the module and all that it imports is read, which takes a second of a processor by itself.
"""

import contextlib
import os
import runpy
import sys


def main() -> None:
    """Run the module that the first argument names, with those that follow."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
