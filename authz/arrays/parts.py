"""Compiled functions as parts of those that call them.

Left alone, numba makes a whole of every function: optimized together with all that it calls, with ways in for Python,
and stored. What ten others call is then optimized eleven times. Here only what Python calls becomes a whole. What
compiled code calls becomes a part: translated once for each kind of arguments, and optimized in the whole that it ends
up in.
"""

from typing import Any

from numba.core import event, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.dispatcher import _FunctionCompiler  # type: ignore[attr-defined]
from numba.core.registry import CPUDispatcher, cpu_target
from numba.core.types.containers import BaseNamedTuple, BaseTuple
from numba.extending import models, register_model


class _Code(JITCodeLibrary):  # type: ignore[misc]
    """The code of a function, and that of all that it calls."""

    _linking_libraries: list[Any]

    def add_linking_library(self, library: Any) -> None:
        """Take in the code of a function that is called, with all that it has taken in."""
        super().add_linking_library(library)
        self._linking_libraries = list(dict.fromkeys([*self._linking_libraries, *library._linking_libraries]))


class _PartCode(_Code):
    """The code of a part, which is left as it is until it becomes a part of a whole."""

    def finalize(self) -> None:
        """See `numba.core.codegen.CodeLibrary`."""
        self._finalized = True


class _WholeCode(_Code):
    """The code of a whole, which is optimized once, with all its parts."""

    def finalize(self) -> None:
        """See `numba.core.codegen.CodeLibrary`."""
        for function in self.get_defined_functions():  # the parts are not linked in yet
            # The way in for Python writes down what is passed by reference, see `by_reference`; inlined into it, the
            # function could read that before it is written.
            function.add_function_attribute("noinline")
        super().finalize()

    def _optimize_final_module(self) -> None:
        passes, options = self._codegen._module_pass_manager()
        passes.run(self._final_module, options)


class _PartCompiler(Compiler):  # type: ignore[misc]
    def compile_extra(self, function: Any) -> Any:
        """See `numba.core.compiler.CompilerBase`."""
        state = self.state
        state.flags.no_compile = state.flags.no_cpython_wrapper = state.flags.no_cfunc_wrapper = True
        state.library = _PartCode(state.targetctx.codegen(), function.__qualname__)
        return super().compile_extra(function)


class _WholeCompiler(Compiler):  # type: ignore[misc]
    def compile_extra(self, function: Any) -> Any:
        """See `numba.core.compiler.CompilerBase`."""
        self.state.flags.no_cfunc_wrapper = True
        self.state.library = _WholeCode(self.state.targetctx.codegen(), function.__qualname__)
        self.state.library.enable_object_caching()
        return super().compile_extra(function)


class _Part(types.Callable, types.Dummy):
    """A function as compiled code sees it."""

    def __init__(self, function: Any, options: dict[str, Any]) -> None:
        self._compiler = _FunctionCompiler(function, cpu_target, options, {}, _PartCompiler)
        self._signatures: dict[Any, Any] = {}
        super().__init__(f"part({function.__module__}.{function.__qualname__})")

    @property
    def key(self) -> Any:
        """See `numba.core.types.Type`: a function of the same name is another."""
        return self._compiler

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """See `numba.core.types.Callable`: the signature that a call is made by; translates the function for it."""
        parameters, kinds = self._compiler.fold_argument_types(args, kws)
        kinds = tuple(_kind_of_parameter(kind) for kind in kinds)
        if kinds not in self._signatures:
            with event.trigger_event("numba:compile"):
                made = self._compiler.compile(kinds, None)
            cpu_target.target_context.insert_user_function((self, kinds), made.fndesc, [made.library])
            self._signatures[kinds] = made.signature
        return self._signatures[kinds].replace(pysig=parameters)

    def get_call_signatures(self) -> Any:
        """See `numba.core.types.Callable`."""
        return list(self._signatures.values()), True

    def get_impl_key(self, sig: Any) -> Any:
        """See `numba.core.types.Callable`."""
        return self, sig.args


register_model(_Part)(models.OpaqueModel)


def _kind_of_parameter(kind: Any) -> Any:
    """Constants and enumerations as the numbers that they are, so that a function is not translated for each."""
    if isinstance(kind, types.IntEnumMember):
        return kind.dtype
    if isinstance(kind, types.IntegerLiteral | types.BooleanLiteral):
        return kind.literal_type
    if isinstance(kind, BaseTuple) and not isinstance(kind, BaseNamedTuple):
        return BaseTuple.from_types([_kind_of_parameter(element) for element in kind])
    return kind


class Whole(CPUDispatcher):  # type: ignore[misc]
    """A function as Python sees it. is_inlined: whether it is inlined into the functions that it becomes a part of."""

    def __init__(self, function: Any, options: dict[str, Any], *, is_inlined: bool) -> None:
        super().__init__(function, targetoptions=options, pipeline_class=_WholeCompiler)
        self._part = _Part(function, options | {"forceinline": is_inlined})

    @property
    def _numba_type_(self) -> _Part:
        return self._part
