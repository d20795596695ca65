"""Scenarios: a sequence of payments as a YAML file, played on a server. `docs/qa-guide.md` has the format."""
