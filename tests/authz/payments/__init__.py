"""Tests of what readers see of payments."""
