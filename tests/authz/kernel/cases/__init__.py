"""Tests of the cases of the kernel."""
