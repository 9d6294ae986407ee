"""How kernels are compiled: once per machine, cached on disk, and again when any source they use changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])
COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy"}

HERE = Path(__file__).parent


def kernel(function: FunctionT) -> FunctionT:
    """Compile a function that only compiled code calls: not cached by itself, and without wrappers for Python."""
    bare: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("FunctionT", numba.njit(**COMMON, **bare)(function))


def inlined(function: FunctionT) -> FunctionT:
    """Like `kernel`, pasted into its caller, so that what it calls is not optimised once more on its behalf."""
    return cast("FunctionT", numba.njit(**COMMON, inline="always")(function))


def entry(*depends: str) -> Callable[[FunctionT], FunctionT]:
    """Compile a function that Python calls, cached on disk.

    numba looks only at the file a function stands in to tell whether its cache is stale; a function that calls
    kernels of other files would keep their old code. So the stamp here covers all files it depends on.

    Args:
        depends: names of the modules in this package whose code the function uses, its own included.
    """

    def decorate(function: FunctionT) -> FunctionT:
        compiled: Any = numba.njit(**COMMON, cache=True)(function)
        cache_file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
        if cache_file is not None:
            cache_file._source_stamp = stamp(*depends)
        return cast("FunctionT", compiled)

    return decorate


def stamp(*modules: str) -> str:
    """A hash of the sources of modules of this package."""
    digest = hashlib.sha256(numba.__version__.encode())
    for module in sorted(modules):
        digest.update((HERE / f"{module}.py").read_bytes())
    return digest.hexdigest()


def is_cached(function: Any) -> bool:
    """Tell whether a compiled version of an `entry` lies in the disk cache (or is loaded already)."""
    if function.signatures:
        return True
    cache_file = getattr(getattr(function, "_cache", None), "_cache_file", None)
    return cache_file is not None and bool(cache_file._load_index())
