"""Scenarios: a card's day as a file of YAML, played on a server and reported. The format: ``docs/qa-guide.md``."""
