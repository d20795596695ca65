"""Whether the machine code of this version is kept on this machine, told without loading the compiler.

A program that must compile first says so at once, and not only when it has imported what compiles.
"""

import hashlib
import os
import sys
from importlib import metadata
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_SETTINGS = ("NUMBA_BOUNDSCHECK", "NUMBA_CACHE_DIR", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_OPT")
"""Variables of the environment that give other machine code, or another place for it."""


def is_warm() -> bool:
    """Whether everything was compiled before, and what came of it is still there; or nothing ever is compiled."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return True
    try:
        kept = Path(_mark().read_text())
        return any(kept.iterdir())
    except OSError:
        return False


def note_warm(folder: str) -> None:
    """Note that everything is compiled now. folder: where the machine code is kept, empty if it is not."""
    if not folder:
        return
    mark = _mark()
    try:
        if not mark.exists():
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(folder)
    except OSError:
        return  # the next start says that it compiles, although it need not


def _mark() -> Path:
    """The file that says so: one for each state of the sources and of what else shapes the machine code.

    All of the engine's sources count, not only those that are compiled: who changes one of the others is told once too
    often that the engine is being compiled.
    """
    settings = [f"{name}={os.environ.get(name, '')}" for name in _SETTINGS]
    digest = hashlib.sha256("|".join([metadata.version("numba"), sys.version, *settings]).encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(str(path.relative_to(_PACKAGE)).encode() + path.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "tapwright" / f"warm-{digest.hexdigest()[:16]}"
