"""The kernel is compiled in a process of its own while tests run that need none of it.

Compiling takes half a minute, on one core. A run of all tests on two cores begins with those for which nothing is
compiled; machine code is kept between runs, so this costs next to nothing where it is there already.
"""

import subprocess
import sys
from pathlib import PurePath

import pytest
from numba.core import config

_NOTHING_COMPILED = (
    "tests/tokenvault",
    "tests/mutation",
    "tests/test_house.py",
    "tests/test_readers.py",
    "tests/simulators/scenarios/file_errors/test_scenario_errors.py",
)
_MANY_TESTS = 1_000
_PROGRAM = "from authz.network.warm_up import compile_everything; compile_everything()"


class CompilingAhead:
    """A plugin of pytest."""

    def __init__(self) -> None:
        self._compiling: subprocess.Popen[bytes] | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put first what need not wait."""
        items.sort(key=_needs_the_kernel)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin, where it is worth a process."""
        if not config.DISABLE_JIT and not session.config.option.collectonly and len(session.items) > _MANY_TESTS:
            self._compiling = subprocess.Popen([sys.executable, "-c", _PROGRAM], stderr=subprocess.DEVNULL)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Wait before the first test that would compile the same. What goes wrong there goes wrong in the test."""
        if self._compiling is not None and _needs_the_kernel(item):
            self._compiling.wait()
            self._compiling = None

    def pytest_sessionfinish(self) -> None:
        """A run that ends early waits for nothing."""
        if self._compiling is not None:
            self._compiling.kill()
            self._compiling.wait()


def _needs_the_kernel(item: pytest.Item) -> bool:
    path = PurePath(item.nodeid.partition("::")[0])
    return not any(path.is_relative_to(place) for place in _NOTHING_COMPILED)
