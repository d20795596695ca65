"""The test kit: one object that has everything of a network at hand, and the pytest plugin."""
