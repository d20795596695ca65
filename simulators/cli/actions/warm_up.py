"""``tapwright warm-up``: compiles everything, and says where the machine code is kept."""

import sys

import numba

from authz.network.warm_up import compile_everything
from simulators.load.warm_up import compile_answer_reading


def run_warm_up() -> int:
    """Compile what is not compiled yet; returns the exit code: 1 where nothing is kept for the next start."""
    if numba.config.DISABLE_JIT:
        return _failed("nothing is compiled while NUMBA_DISABLE_JIT is set")
    compile_everything()
    compile_answer_reading()
    folder = numba.config.CACHE_DIR
    if not folder:
        return _failed("the machine code cannot be kept: let XDG_CACHE_HOME name a folder that can be written")
    sys.stdout.write(f"the engine is compiled for this machine; the machine code is in {folder}\n")
    return 0


def _failed(text: str) -> int:
    sys.stderr.write(f"tapwright: {text}\n")
    return 1
