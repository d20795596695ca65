"""The one decorator behind which functions are compiled by numba, and where the machine code is kept.

Under ``NUMBA_DISABLE_JIT=1`` the same functions are ordinary Python.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numba
import numpy as np
from numba.core import config

Integer: TypeAlias = "int | np.integer[Any]"
"""A whole number in a compiled function: interpreted, the same code sees NumPy's scalars."""

Function = TypeVar("Function", bound=Callable[..., object])


def _sources_digest() -> str:
    """A digest of this package's source and of what else shapes the machine code.

    numba notices a changed function but not a changed callee in another file; a folder for each state of the sources
    makes stale code impossible.
    """
    digest = hashlib.sha256(f"{numba.__version__}|{sys.version}|{config.BOUNDSCHECK}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """Where compiled code is kept between runs, or None where nothing can be written."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "tapwright" / f"compiled-{_sources_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder if os.access(folder, os.W_OK) else None
    except OSError:
        return None


if not config.CACHE_DIR:
    config.CACHE_DIR = str(_cache_folder() or "")


def compiled(function: Function) -> Function:
    """Compile a function over arrays and numbers; it releases the GIL while it runs."""
    decorated: Function = numba.njit(cache=bool(config.CACHE_DIR), nogil=True)(function)
    return decorated
