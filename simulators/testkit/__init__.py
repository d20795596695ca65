"""The test kit for QA engineers: one object with everything of a network at hand, and the pytest plugin."""
