"""The authorization program: everything configurable that decisions depend on, compiled into arrays for the kernel.

Hold times, tolerances, conversion rates, the time zone, limits and rules: switching to another program recompiles
nothing, happens between two commands, and is itself a journaled command that carries the whole document.
"""
