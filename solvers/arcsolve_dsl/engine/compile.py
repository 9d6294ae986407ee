"""How kernels are compiled: once per machine, cached on disk, and again when any source they use changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

HERE = Path(__file__).parent


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled code calls: not cached by itself, and without wrappers for Python."""
    return numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Like `kernel`, pasted into its caller, so that what it calls is not optimised once more on its behalf."""
    return numba.njit(nogil=True, error_model="numpy", inline="always")(function)


def entry(*depends: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function that Python calls, cached on disk.

    numba looks only at the file a function stands in to tell whether its cache is stale; a function that calls
    kernels of other files would keep their old code. So the stamp here covers all files it depends on.

    Args:
        depends: names of the modules in this package whose code the function uses, its own included.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
        cache_file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
        if cache_file is not None:
            cache_file._source_stamp = stamp(*depends)
        return compiled

    return decorate


def stamp(*modules: str) -> str:
    """A hash of the sources of modules of this package."""
    digest = hashlib.sha256(numba.__version__.encode())
    for module in sorted(modules):
        digest.update((HERE / f"{module}.py").read_bytes())
    return digest.hexdigest()
