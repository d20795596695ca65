"""Maintenance of a data directory: checkpoints, upgrades, and consistency checks of its files."""
