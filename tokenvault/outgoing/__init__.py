"""Calls to other servers: how addresses are written, where calls may go, whom they trust, how they are signed."""
