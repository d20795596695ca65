"""Tests of what follows the engine."""
