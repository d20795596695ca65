"""A pytest that has collected the tests and then lets somebody else run them, one by one."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

Items = dict[str, pytest.Item]

_OPTIONS = (
    "-q",
    "--no-header",
    "--assert=plain",
    "--capture=no",
    "-p",
    "no:cacheprovider",
    "-o",
    "faulthandler_timeout=0",
)
_EXAMPLES = 20


class _Collected:
    """Takes over where pytest would run what it has collected."""

    def __init__(self, use: Callable[[Items], None]) -> None:
        self._use = use

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        few = hypothesis.settings(**_few(hypothesis.settings.default))
        hypothesis.settings.register_profile("mutation", few)
        hypothesis.settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item in session.items:
            _use_few_examples(item)
        self._use({item.nodeid: item for item in session.items})
        return True


def _use_few_examples(item: pytest.Item) -> None:
    """Overrule what a property, or a stateful test, says of its own examples."""
    for owner, name in (
        (getattr(item, "obj", None), "_hypothesis_internal_use_settings"),
        (getattr(item, "cls", None), "settings"),
    ):
        chosen = getattr(owner, name, None)
        if isinstance(chosen, hypothesis.settings):
            setattr(owner, name, hypothesis.settings(chosen, **_few(chosen)))


def _few(chosen: hypothesis.settings) -> dict[str, Any]:
    """A property's examples: the same few for every mutant, from no memory, and no search for a smaller one."""
    return {
        "max_examples": min(chosen.max_examples, _EXAMPLES),
        "derandomize": True,
        "database": None,
        "deadline": None,
        "phases": (hypothesis.Phase.explicit, hypothesis.Phase.generate),
        "suppress_health_check": list(hypothesis.HealthCheck),
    }


def with_collected(root: Path, tests: Iterable[str], use: Callable[[Items], None], *options: str) -> int:
    """Collect tests below a folder and call `use` with them by node id. Returns pytest's exit code."""
    os.chdir(root)
    return int(pytest.main([*_OPTIONS, *options, *tests], plugins=[_Collected(use)]))


def passes(item: pytest.Item) -> bool:
    """Run one test, with its fixtures for itself alone."""
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))
