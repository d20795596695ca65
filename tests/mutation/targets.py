"""What is mutated, and by which tests it must be noticed."""

from pathlib import Path

ROOT = Path(__file__).parents[2]

TARGETS = (
    "authz/kernel",
    "authz/program",
    "authz/iso8583",
    "tokenvault/emv",
    "tokenvault/provisioning",
    "tokenvault/tokens",
)
"""What a run without a path takes."""

_TESTS = {"authz": "tests/authz", "tokenvault": "tests/tokenvault"}
"""By package. Servers and browsers are no part of it: their threads do not live on in a copy of the process."""


def tests_of(path: str) -> str:
    """The folder whose tests must notice mutants of a path. Raises: KeyError."""
    return _TESTS[path.partition("/")[0]]
