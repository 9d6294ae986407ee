"""How kernels are compiled: once per machine, cached on disk, and again when any source they use changes.

Compiling is what a cold start costs, so everything here is made to keep it cheap: one version of every function,
its types taken from its annotations; plain pointers instead of arrays, which are one value instead of seven and
have no index checks to optimise away; and no memory made or freed in compiled code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, MutableSequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import numba
from numba import types
from numba.extending import intrinsic

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

Bytes: TypeAlias = MutableSequence[int]
"""Bytes: a pointer in a `kernel`, a one-dimensional array in an `entry`."""
Rows: TypeAlias = MutableSequence[int]
"""32-bit integers, likewise."""
Ints: TypeAlias = MutableSequence[int]
"""64-bit integers, likewise."""
Words: TypeAlias = MutableSequence[Any]
"""64-bit words without sign, likewise."""
Word: TypeAlias = Any
"""One such word."""

MEMORY = {"Bytes": types.uint8, "Rows": types.int32, "Ints": types.int64, "Words": types.uint64}
SCALARS = {"int": types.int64, "bool": types.boolean, "Word": types.uint64, "None": types.void}
POINTER: Any = types.CPointer
COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
BARE: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
KEPT: dict[str, Any] = {"cache": True, "no_cfunc_wrapper": True}

HERE = Path(__file__).parent.parent


def kernel(function: FunctionT) -> FunctionT:
    """Compile a function that only compiled code calls: not cached by itself, and without wrappers for Python."""
    compiled: Any = numba.njit(**COMMON, **BARE)(function)
    KERNELS.append((_module(function), compiled, signature(function, POINTER)))
    return cast("FunctionT", compiled)


def inlined(function: FunctionT) -> FunctionT:
    """Like `kernel`, pasted into its caller, so that what it calls is not optimised once more on its behalf."""
    return cast("FunctionT", numba.njit(**COMMON, inline="always")(function))


KERNELS: list[tuple[str, Any, Any]] = []
"""Module, function and signature of each kernel, those that are called before those that call."""


class Entry:
    """A compiled function that Python calls, cached on disk.

    numba looks only at the file a function stands in to tell whether its cache is stale; a function that calls
    kernels of other files would keep their old code. So the stamp here covers all files it depends on.
    """

    def __init__(self, function: Callable[..., Any], depends: tuple[str, ...]) -> None:
        """Prepare the function; it is compiled when it is first called.

        Args:
            function: its annotations are its types.
            depends: modules of this package whose code it uses, its own included.
        """
        self.depends = depends
        self.signature = signature(function, lambda dtype: types.Array(dtype, 1, "C"))
        self.function: Any = numba.njit(**COMMON, **KEPT)(function)
        self._call: Callable[..., Any] | None = None
        cache_file = getattr(getattr(self.function, "_cache", None), "_cache_file", None)
        if cache_file is not None:
            cache_file._source_stamp = stamp(*depends)
        ENTRIES.append(self)

    def __call__(self, *args: Any) -> Any:
        """Call it."""
        if self._call is None:
            self.compile()
        return self.function(*args)

    def compile(self) -> None:
        """Compile or load it, with the kernels it uses."""
        if not self.is_cached:
            for module, function, types_ in KERNELS:
                if module in self.depends and not function.signatures:
                    function.compile(types_)
                    function.disable_compile()
        self.function.compile(self.signature)
        self.function.disable_compile()
        self._call = self.function

    @property
    def is_cached(self) -> bool:
        """True if the compiled code is loaded, or lies in the cache of this machine."""
        cache_file = getattr(getattr(self.function, "_cache", None), "_cache_file", None)
        return bool(self.function.signatures or (cache_file is not None and cache_file._load_index()))


ENTRIES: list[Entry] = []
"""All functions that Python calls."""


def entry(*depends: str) -> Callable[[Callable[..., Any]], Entry]:
    """Make a function an `Entry`; see there."""
    return lambda function: Entry(function, depends)


def signature(function: Callable[..., Any], memory: Callable[[Any], Any]) -> Any:
    """The types of a function by its annotations.

    Args:
        function: annotated with `int`, `bool`, `None` and the names above.
        memory: makes the type of memory from that of its items.
    """
    known = SCALARS | {name: memory(item) for name, item in MEMORY.items()}
    hints = dict(function.__annotations__)
    returned = known[hints.pop("return")]
    return returned(*(known[hint] for hint in hints.values()))


def stamp(*modules: str) -> str:
    """A hash of the sources of modules of this package."""
    digest = hashlib.sha256(numba.__version__.encode())
    for module in sorted({*modules, "engine/compile"}):
        digest.update((HERE / f"{module}.py").read_bytes())
    return digest.hexdigest()


def _module(function: Callable[..., Any]) -> str:
    return function.__module__.partition(".")[2].replace(".", "/")


def _pointer(typingctx: Any, array: Any) -> Any:
    """Where the items of an array begin. The array must outlive the pointer: take it of arguments only."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, args[0]).data

    return POINTER(array.dtype)(array), codegen


def _as_bytes(typingctx: Any, array: Any) -> Any:
    """The same as a pointer to bytes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.bitcast(data, context.get_value_type(signature.return_type))

    return POINTER(types.uint8)(array), codegen


pointer: Any = intrinsic(_pointer)
as_bytes: Any = intrinsic(_as_bytes)


def _count_bits(typingctx: Any, word: Any) -> Any:
    """Number of set bits of a uint64, as the processor's instruction."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


count_bits: Any = intrinsic(_count_bits)
