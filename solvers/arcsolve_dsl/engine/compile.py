"""How kernels are compiled: once per machine, cached on disk, and again when any source they use changes.

Compiling is what a cold start costs, so everything here is made to keep it cheap: one version of every function,
its types taken from its annotations (see `memory`), and no memory made or freed in compiled code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import types

from arcsolve_dsl.engine.memory import LINES, PLANES, SCALARS, Plane, Pointer

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
BARE: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
KEPT: dict[str, Any] = {"cache": True, "no_cfunc_wrapper": True}

HERE = Path(__file__).parent.parent


def kernel(function: FunctionT) -> FunctionT:
    """Compile a function that only compiled code calls: not cached by itself, and without wrappers for Python."""
    compiled: Any = numba.njit(**COMMON, **BARE)(function)
    module = function.__module__.partition(".")[2].replace(".", "/")
    KERNELS.append((module, compiled, signature(function, Pointer, Plane)))
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
        self.python = function
        self.depends = depends
        self.signature = signature(function, *(partial(types.Array, ndim=ndim, layout="C") for ndim in (1, 2)))
        self.uncached = ""
        """Why compiled code cannot be kept on this machine; empty where it can."""
        self._call: Any = None
        ENTRIES.append(self)

    def __call__(self, *args: Any) -> Any:
        """Call it."""
        if self._call is None:
            self.compile()
        return self._call(*args)

    def compile(self, report: Callable[[int], None] = lambda lines: None) -> None:
        """Compile or load it, with the kernels it uses.

        Args:
            report: called after each function with the lines of source done.
        """
        if self._call is not None:
            return
        if not self.is_ready:
            for module, dispatcher, kinds in KERNELS:
                if module in self.depends and not dispatcher.signatures:
                    dispatcher.compile(kinds)
                    dispatcher.disable_compile()
                    report(lines(dispatcher.py_func))
        function = self._dispatcher
        try:
            function.compile(self.signature)
        except OSError as error:  # the disk is full, or the cache is not ours to write
            self.uncached = str(error)
            if not function.signatures:
                function = self._dispatcher = numba.njit(**COMMON)(self.python)
                function.compile(self.signature)
        function.disable_compile()
        self._call = function
        report(lines(self.python))

    @property
    def is_ready(self) -> bool:
        """True if the compiled code is loaded, or lies in the cache of this machine."""
        cache_file = getattr(getattr(self._dispatcher, "_cache", None), "_cache_file", None)
        return self._call is not None or (cache_file is not None and bool(cache_file._load_index()))

    @property
    def versions(self) -> int:
        """How many versions are compiled."""
        return 0 if self._call is None else len(self._call.signatures)

    @cached_property
    def _dispatcher(self) -> Any:
        """Numba's function, not yet compiled."""
        try:
            function: Any = numba.njit(**COMMON, **KEPT)(self.python)
        except RuntimeError as error:  # no directory to write to
            self.uncached = str(error)
            return numba.njit(**COMMON)(self.python)
        cache_file = getattr(getattr(function, "_cache", None), "_cache_file", None)
        if cache_file is not None:
            cache_file._source_stamp = stamp(*self.depends)
        return function


ENTRIES: list[Entry] = []
"""All functions that Python calls."""


def entry(*depends: str) -> Callable[[Callable[..., Any]], Entry]:
    """Make a function an `Entry`; see there."""
    return lambda function: Entry(function, depends)


def signature(function: Callable[..., Any], line: Callable[[Any], Any], plane: Callable[[Any], Any]) -> Any:
    """The types of a function by its annotations.

    Args:
        function: annotated with `int`, `bool`, `None` and the names of `memory`.
        line: makes the type of memory in a row from that of its items.
        plane: makes the type of memory in rows and columns.
    """
    known = SCALARS | {name: line(item) for name, item in LINES.items()}
    known |= {name: plane(item) for name, item in PLANES.items()}
    hints = dict(function.__annotations__)
    returned = known[hints.pop("return")]
    return returned(*(known[hint] for hint in hints.values()))


def lines(function: Callable[..., Any]) -> int:
    """How long a function's source is: about what it costs to compile."""
    return len({line for _, _, line in function.__code__.co_lines() if line})


def stamp(*modules: str) -> str:
    """A hash of the sources of modules of this package."""
    digests = (_digest(module) for module in sorted({*modules, "engine/compile", "engine/memory"}))
    return hashlib.sha256("".join((numba.__version__, *digests)).encode()).hexdigest()


@cache
def _digest(module: str) -> str:
    return hashlib.sha256((HERE / f"{module}.py").read_bytes()).hexdigest()
