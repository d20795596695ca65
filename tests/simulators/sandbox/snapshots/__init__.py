"""Tests of snapshots beside those of a whole network, which are in ``tests/integration``."""
