"""The sandbox's clock, and the watch over the system's."""
