"""A temporary sandbox: in this process, on free ports, with a temporary data directory."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.settings.settings import VAULT
from simulators.sandbox.wiring import Sandbox, running_sandbox
from tokenvault.storage.database import open_database


@contextmanager
def scratch_sandbox(clock: Callable[[], float] = time.time, **settings: Any) -> Iterator[Sandbox]:
    """Run one. clock: Unix seconds.  settings: beside where its data is. Raises: StartError."""
    with tempfile.TemporaryDirectory(prefix="tapwright-scratch-") as scratch:
        data_dir = Path(scratch) / "data"
        data_dir.mkdir()
        (data_dir / VAULT).write_bytes(_empty_vault())
        with running_sandbox(scratch_settings(data_dir, **settings), clock) as sandbox:
            yield sandbox


@cache
def _empty_vault() -> bytes:
    """A vault's database with its tables and nothing in them: made once, copied for each sandbox."""
    with tempfile.TemporaryDirectory(prefix="tapwright-scratch-") as scratch:
        file = Path(scratch) / VAULT
        open_database(f"sqlite:///{file}").dispose()
        return file.read_bytes()
