"""EMV as pure functions: keys, cryptograms, data objects. No storage, no clock, no network.

The phone generates with these functions and the network verifies with them, so neither can drift from the other;
published vectors in ``tests/vectors/`` keep both honest.
"""
