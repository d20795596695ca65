"""Memory for tables that grow: reserved as a whole, and allocated by the system page by page on first write.

So a table can be opened with room for far more rows than it has. Room costs addresses, not memory, and a table that
has room never stops to be copied.
"""

import ctypes
import mmap
import platform
import sys
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

_LAZY_BYTES = 4 * 1024 * 1024
"""From here on memory is asked for from the system directly."""

_NO_RESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if platform.machine() in ("x86_64", "aarch64") else 0)
"""Linux counts what is asked for with this as given only when it is written: else a process with many tables, or with
one of more than the machine's memory, cannot be copied (fork). Python names it from version 3.13 on.
"""

_FLAGS = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANONYMOUS", 0)
if _FLAGS and sys.platform == "linux":
    _FLAGS |= _NO_RESERVE


def zeros(count: int, dtype: npt.DTypeLike, *, is_sparse: bool = False) -> npt.NDArray[Any]:
    """An array of so many zeros.

    is_sparse: written here and there rather than from the beginning: then memory comes in small pages. Otherwise it
    comes in large ones where the system has them, of which the processor can keep the places of more at once.
    """
    size = count * np.dtype(dtype).itemsize
    if size < _LAZY_BYTES or not _FLAGS:
        return np.zeros(count, dtype)
    memory = mmap.mmap(-1, size, flags=_FLAGS)
    advice = getattr(mmap, "MADV_NOHUGEPAGE" if is_sparse else "MADV_HUGEPAGE", None)
    if advice is not None:
        memory.madvise(advice)
    return np.frombuffer(memory, dtype)


_POPULATE_WRITE = 23  # MADV_POPULATE_WRITE, which `mmap` does not name


def populate(array: npt.NDArray[Any], start: int, size: int) -> bool:
    """Have the system give the memory behind some bytes of an array now; whether it could (Linux 5.14).

    Nothing is changed in it, so others may write meanwhile; the interpreter is not held.
    start, size: in bytes, whole pages are taken.
    """
    begin = (array.ctypes.data + start) // mmap.PAGESIZE * mmap.PAGESIZE
    end = min(array.ctypes.data + start + size, array.ctypes.data + array.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
    return end > begin and _madvise(begin, end - begin, _POPULATE_WRITE) == 0


def _madvise(start: int, size: int, advice: int) -> int:
    try:
        return int(_c_library().madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), advice))
    except (OSError, AttributeError):
        return -1


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None)
