"""The journal of commands on disk, checkpoints of the state, and replay from both."""
