"""The program: everything that decides and is data. A versioned document, compiled into rows that the kernel reads.

Hold times, tolerances, conversion rates, the time zone, limits and rules: switching to another program recompiles
nothing, happens between two commands, and is itself a journaled command that carries the whole document.
"""
