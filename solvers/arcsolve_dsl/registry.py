"""The primitives: named, typed functions with a documented, picture-sized example."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from arcsolve_dsl.errors import DslError, ProgramError

BUILTIN_MODULES: tuple[str, ...] = (
    "arcsolve_dsl.lanes.words",
    "arcsolve_dsl.primitives.colour",
    "arcsolve_dsl.primitives.context",
    "arcsolve_dsl.primitives.drawing",
    "arcsolve_dsl.primitives.frames",
    "arcsolve_dsl.primitives.lists",
    "arcsolve_dsl.primitives.numbers",
    "arcsolve_dsl.primitives.resizing",
    "arcsolve_dsl.primitives.rigid",
    "arcsolve_dsl.primitives.symmetry",
    "arcsolve_dsl.primitives.topology",
)
"""Modules whose import registers the primitives that come with the package."""

HANDED_IN = ("context", "grid")
"""Parameters that the evaluator fills in."""
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


@dataclass(frozen=True)
class Example:
    """A picture-sized example: `program`, run on the drawing `before`, gives the drawing `after`.

    Attributes:
        program: text using the primitive; `input` is the drawing.
        before: drawing as `picture.from_text` reads it.
        after: drawing of the result.
        demos: optional (input, output) drawings for primitives that look at the demonstrations.
    """

    program: str
    before: str
    after: str
    demos: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Primitive:
    """One word of the language.

    Attributes:
        name: the word.
        function: the numpy implementation: the meaning of the word, and the oracle for kernels.
        family: heading it is documented under.
        example: shown in the docs and run by a test.
        lazy: True for forms that evaluate their first argument themselves (e.g. in changed colours).
        parameters: names and annotations, without those that are handed in.
        wants_context: True if the function takes the keyword `context`.
        wants_grid: True if the function takes the keyword `grid`, the picture the program is run on.
        searched: True if the piece search starts from the word's result on the input, too.
    """

    name: str
    function: Callable[..., Any]
    family: str
    example: Example
    lazy: bool = False
    parameters: tuple[tuple[str, str], ...] = ()
    wants_context: bool = False
    wants_grid: bool = False
    searched: bool = False

    @property
    def doc(self) -> str:
        """First paragraph of the docstring, on one line."""
        return " ".join((inspect.getdoc(self.function) or "").split("\n\n")[0].split())

    @property
    def signature(self) -> str:
        """Name, parameters with types and defaults, result type."""
        signature = inspect.signature(self.function)
        kept = [parameter for name, parameter in signature.parameters.items() if name not in HANDED_IN]
        shown = signature.replace(parameters=[p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in kept])
        return self.name + str(shown).replace("'", "")


@dataclass
class Registry:
    """All primitives by name."""

    primitives: dict[str, Primitive] = field(default_factory=dict)
    _loaded: bool = False

    def add(self, primitive: Primitive) -> None:
        """Register one primitive.

        Raises:
            DslError: if the name is taken by another function, or is not an identifier.
        """
        if not primitive.name.isidentifier() or primitive.name == "input":
            raise DslError(f"'{primitive.name}' cannot name a primitive: use an identifier other than 'input'.")
        known = self.primitives.get(primitive.name)
        if known is not None and _origin(known) != _origin(primitive):
            first, second = (p.function.__module__ for p in (known, primitive))
            raise DslError(f"Two primitives are named '{primitive.name}': one from {first}, one from {second}.")
        self.primitives[primitive.name] = primitive

    def get(self, name: str) -> Primitive:
        """Look a word up.

        Raises:
            ProgramError: if there is no such primitive; near matches are suggested.
        """
        self.load()
        found = self.primitives.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self.primitives, n=3)
            hint = f" Did you mean: {', '.join(near)}?" if near else " 'arcsolve dsl primitives' lists them."
            raise ProgramError(f"Unknown primitive '{name}'.{hint}")
        return found

    def __iter__(self) -> Iterator[Primitive]:
        self.load()
        return iter(sorted(self.primitives.values(), key=lambda primitive: (primitive.family, primitive.name)))

    def load(self) -> None:
        """Import the built-in families, once."""
        if not self._loaded:
            self._loaded = True
            for module in BUILTIN_MODULES:
                importlib.import_module(module)

    def load_plugins(self) -> None:
        """Import the words that other plugins add through the hook ``register_primitives``.

        Raises:
            DslError: if a plugin's word takes a name that is taken.
        """
        from arcsolve import plugins

        self.load()
        plugins.load().hooks.call("register_primitives", register=importlib.import_module)


def _origin(primitive: Primitive) -> tuple[str, str]:
    return primitive.function.__module__, primitive.function.__qualname__


REGISTRY = Registry()


def primitive(
    family: str, example: Example, *, name: str | None = None, lazy: bool = False, searched: bool = False
) -> Callable[[FunctionT], FunctionT]:
    """Declare a function to be a word of the language.

    The function takes and returns `Picture`, tuples of pictures, or plain values; a grid it returns as an
    array becomes a picture at (0, 0). Raise `EvaluationError` where it does not apply. A keyword parameter
    ``context`` is handed the `Context` of the evaluation, ``grid`` the picture that `input` names.

    Args:
        family: heading in the docs, e.g. "topology".
        example: run by the tests.
        name: the word; by default the function's name.
        lazy: the first argument arrives unevaluated, as a function from grid and context to value.
        searched: for words that take one picture and nothing else: let the piece search start from ``word(input)``,
            too. The engine's own operations are compiled; this is the lane for others.
    """

    def register(function: FunctionT) -> FunctionT:
        parameters = inspect.signature(function).parameters
        REGISTRY.add(
            Primitive(
                name=name or function.__name__,
                function=function,
                family=family,
                example=example,
                lazy=lazy,
                parameters=tuple((key, str(p.annotation)) for key, p in parameters.items() if key not in HANDED_IN),
                wants_context="context" in parameters,
                wants_grid="grid" in parameters,
                searched=searched,
            )
        )
        return function

    return register
