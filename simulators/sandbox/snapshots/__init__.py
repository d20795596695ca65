"""Snapshots: the state of a whole network under a name, and the way back to it."""
