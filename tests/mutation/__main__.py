"""`python -m tests.mutation [PATH ...]`: which mutants do the tests not notice?"""

import os

os.environ["NUMBA_DISABLE_JIT"] = "1"  # before anything imports numba: the kernel as ordinary Python
os.environ["COVERAGE_CORE"] = "ctrace"  # the one that can tell tests apart on every Python
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process that is copied has one thread

import sys

from tests.mutation.command_line import main

sys.exit(main())
