"""The kernel: applies commands to the state in one ordered pass, with no I/O, no clock and no randomness.

Plain functions over arrays and numbers, compiled by numba; under ``NUMBA_DISABLE_JIT=1`` the same source is ordinary
Python. Arithmetic widens to int64 at load, so that both agree.
"""
