"""A mutant in a running process: functions get other code, or a module is imported changed."""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from tests.mutation.mutants import Mutant
from tests.mutation.targets import ROOT


class NeedsImport(Exception):
    """A mutant cannot be put into functions that are there already."""


def functions_by_file() -> dict[str, list[FunctionType]]:
    """All functions of the project that exist, by the file they were written in."""
    found: dict[str, list[FunctionType]] = {}
    gc.unfreeze()  # what somebody has put aside is not listed
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(f"{ROOT}/"):
            found.setdefault(each.__code__.co_filename, []).append(each)
    return found


def swap(mutant: Mutant, functions: list[FunctionType]) -> None:
    """Give the functions of a module the mutant's code: whoever holds a function has the mutant.

    Raises: NeedsImport where a function would close over other variables.
    """
    module = _compiled(mutant)
    mutated = {_key(code): code for code in _codes_in(module)}
    for function in functions:
        code = mutated.get(_key(function.__code__))
        if code is None or code == function.__code__:
            continue
        if code.co_freevars != function.__code__.co_freevars:
            raise NeedsImport(str(mutant))
        function.__code__ = code


def import_mutated(mutant: Mutant) -> None:
    """Let the next import of a module, which must not have been imported, find the mutant."""
    sys.meta_path.insert(0, _Finder(mutant))


def module_name(path: str) -> str:
    """The dotted name of a module."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _compiled(mutant: Mutant) -> CodeType:
    return compile(mutant.mutated_tree(), str(ROOT / mutant.path), "exec", dont_inherit=True)


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module: the mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = module_name(mutant.path)

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        location = ROOT / self._mutant.path
        packages = [str(location.parent)] if location.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, location, loader=self, submodule_search_locations=packages
        )

    def exec_module(self, module: ModuleType) -> None:
        exec(_compiled(self._mutant), module.__dict__)
