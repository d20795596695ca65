"""Tools for looking at messages, sending them, and recording real traffic."""
