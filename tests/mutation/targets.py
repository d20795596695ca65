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

_WITHOUT = {"simulators"}
"""Packages whose tests need running servers, which do not live on in a copy of the process."""


def tests_of(path: str) -> str:
    """The folder whose tests must notice mutants of a path: that of its package. Raises: ValueError."""
    package = path.partition("/")[0]
    if package in _WITHOUT or not (ROOT / "tests" / package).is_dir():
        raise ValueError(f"{path} has no tests that can meet mutants")
    return f"tests/{package}"
