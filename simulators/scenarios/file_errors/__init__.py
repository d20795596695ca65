"""Errors in scenario files: the line of everything in a file, and messages for what is invalid there."""
