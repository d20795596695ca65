"""Attacks that were tried on a running network, each kept as a test."""
