"""The decorator that compiles functions with numba, and the cache of the machine code.

Under ``NUMBA_DISABLE_JIT=1`` the same functions are ordinary Python.
"""

import hashlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, config, event, types
from numba.extending import intrinsic

from authz.arrays.compilation_events import compilation_began, compilation_ended
from authz.arrays.parts import Whole

Integer: TypeAlias = "int | np.integer[Any]"
"""A whole number in a compiled function: interpreted, the same code sees NumPy's scalars."""

Function = TypeVar("Function", bound=Callable[..., object])


_PACKAGE = Path(__file__).parents[1]
_IMPORTED = re.compile(rb"^from authz\.([\w.]+) import", re.MULTILINE)


def _shaping_sources() -> dict[Path, bytes]:
    """The modules that hold compiled functions, and all that they take something from, with their content."""
    contents = {path: path.read_bytes() for path in sorted(_PACKAGE.rglob("*.py"))}
    waiting = [path for path, content in contents.items() if b"from authz.arrays.compiled import" in content]
    found: dict[Path, bytes] = {}
    while waiting:
        path = waiting.pop()
        if path in contents and path not in found:
            found[path] = contents[path]
            for name in _IMPORTED.findall(contents[path]):
                module = _PACKAGE.joinpath(*name.decode().split("."))
                waiting += [module.with_suffix(".py"), module / "__init__.py"]
                # ``from authz.kernel import checks`` names a module behind the word import; compiled ones are all in.
    return dict(sorted(found.items()))


def _sources_digest() -> str:
    """A digest of the sources and of what else shapes the machine code.

    numba notices a changed function but not a changed callee in another file; a folder for each state of the sources
    makes stale code impossible.
    """
    digest = hashlib.sha256(f"{numba.__version__}|{sys.version}|{config.BOUNDSCHECK}".encode())
    for path, content in _shaping_sources().items():
        digest.update(str(path.relative_to(_PACKAGE)).encode() + content)
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


class _Announcements(event.Listener):  # type: ignore[misc]
    """Forwards the compiler's events of each function that it compiles."""

    def on_start(self, event: Any) -> None:
        compilation_began()

    def on_end(self, event: Any) -> None:
        compilation_ended()


event.register("numba:compile", _Announcements())

_OPTIONS = {"nopython": True, "boundscheck": None, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Function) -> Function:
    """Compile a function over arrays and numbers; it releases the GIL while it runs.

    It allocates nothing, so arrays are passed without counting references; division by zero is its own affair. It is
    compiled when Python calls it, with all compiled functions that it calls itself, see `parts`.
    """
    return _compiled(function, is_inlined=False)


def inlined(function: Function) -> Function:
    """Compile a function into its callers: for what every decision passes, where a call costs more than most checks."""
    return _compiled(function, is_inlined=True)


def _compiled(function: Function, *, is_inlined: bool) -> Function:
    if config.DISABLE_JIT:
        return function
    whole = Whole(function, _OPTIONS, is_inlined=is_inlined)
    if config.CACHE_DIR:
        whole.enable_caching()
    made: Any = whole
    decorated: Function = made
    return decorated


_READ, _KEEP, _DATA = 0, 3, 1


def _prefetch(_typing: Any, array: Any, index: Any, offset: Any) -> Any:
    """The signature of `prefetch` and its machine code: one instruction that waits for nothing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = cgutils.get_item_pointer(context, builder, signature.args[0], made, [arguments[1]])
        octets = ir.PointerType(ir.IntType(8))
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [octets, number, number, number])
        name = "llvm.prefetch.p0" if "p0i8" not in str(octets) else "llvm.prefetch.p0i8"
        ask = cgutils.get_or_insert_function(builder.module, kind, name)
        constants = [ir.Constant(number, value) for value in (_READ, _KEEP, _DATA)]
        start = builder.gep(builder.bitcast(place, octets), [arguments[2]])
        builder.call(ask, [start, *constants])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


def _no_prefetch(_array: npt.NDArray[Any], _index: Integer, _offset: Integer) -> None:
    """Interpreted code has no use for it."""


prefetch: Callable[[npt.NDArray[Any], Integer, Integer], None] = (
    _no_prefetch if config.DISABLE_JIT else intrinsic(_prefetch)
)
"""Ask the memory for the line of an array that an element's byte at an offset is on. The index is not negative."""
