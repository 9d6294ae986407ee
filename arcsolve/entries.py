"""What a plugin can register: one kind of entry each, which loads its object when asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from arcsolve.errors import ArcsolveError, describe
from arcsolve.reference import Origin, Reference

if TYPE_CHECKING:
    from arcsolve.solver import Solver
    from arcsolve.task import Dataset


@dataclass(frozen=True)
class SolverEntry:
    """A registered solver. Picklable: a worker process makes the solver from it without loading any plugin."""

    name: str
    reference: Reference
    origin: Origin

    def load(self) -> "type[Solver]":
        """Import the solver's class.

        Raises:
            ArcsolveError: it can't be imported (a missing package is named, with the command that installs it), is not
                a `Solver`, or calls itself by another name.
        """
        from arcsolve.solver import Solver

        cls = self.reference.resolve(f"Solver {self.name!r}", self.origin.distribution)
        if not (isinstance(cls, type) and issubclass(cls, Solver)):
            raise ArcsolveError(
                f"Solver {self.name!r} ({self.origin}): {self.reference.target} is no subclass of arcsolve.Solver."
            )
        if getattr(cls, "name", None) != self.name:
            raise ArcsolveError(
                f"Solver {self.name!r} ({self.origin}): its class says name = {getattr(cls, 'name', None)!r}. "
                "Register it under that name."
            )
        return cls

    def make(self, options: Mapping[str, Any] | None = None) -> "Solver":
        """Create the solver.

        Args:
            options: option values by name; text, as from the command line, is converted to the option's type.

        Raises:
            ArcsolveError: the class can't be loaded, an option is unknown, missing or has a bad value, or the solver's
                own ``__init__`` raises.
        """
        from arcsolve.options import validate_options

        cls = self.load()
        values = validate_options(self.name, cls.Options, options or {})
        try:
            return cls(values)
        except ArcsolveError:
            raise
        except Exception as error:
            raise ArcsolveError(f"Solver {self.name!r} can't be created: {describe(error)}") from error


@dataclass(frozen=True)
class DatasetEntry:
    """A registered data set."""

    name: str
    load_function: Reference | Callable[[], "Dataset"]
    description: str
    origin: Origin

    def load(self) -> "Dataset":
        """Read the data set.

        Raises:
            ArcsolveError: it can't be read, or its plugin gives something else.
        """
        from arcsolve.task import Dataset

        what = f"Data set {self.name!r}"
        function = self.load_function
        if isinstance(function, Reference):
            function = function.resolve(what, self.origin.distribution)
        try:
            dataset = function()
        except ArcsolveError:
            raise
        except Exception as error:
            raise ArcsolveError(f"{what} ({self.origin}) can't be loaded: {describe(error)}") from error
        if not isinstance(dataset, Dataset):
            raise ArcsolveError(
                f"{what} ({self.origin}): its load() gives a {type(dataset).__name__}, not an arcsolve.Dataset."
            )
        return dataset


@dataclass(frozen=True)
class FactoryEntry:
    """A registered store (its name is the URL scheme) or executor."""

    name: str
    reference: Reference
    kind: str
    origin: Origin

    def load(self) -> Any:
        """Import the function or class.

        Raises:
            ArcsolveError: it can't be imported.
        """
        return self.reference.resolve(f"{self.kind.capitalize()} {self.name!r}", self.origin.distribution)


@dataclass(frozen=True)
class FeatureEntry:
    """A registered set of task features."""

    name: str
    version: str
    compute_function: Reference | Callable[..., Mapping[str, float]]
    origin: Origin

    def load(self) -> Callable[..., Mapping[str, float]]:
        """Import ``compute(challenge) -> {feature: value}``.

        Raises:
            ArcsolveError: it can't be imported.
        """
        function = self.compute_function
        if isinstance(function, Reference):
            function = function.resolve(f"Feature set {self.name!r}", self.origin.distribution)
        return function


@dataclass(frozen=True)
class CommandEntry:
    """A registered command of the ``arcsolve`` program."""

    name: str
    help: str
    command: Any
    """A `Reference` or the click command itself."""
    origin: Origin

    def load(self) -> Any:
        """The click command.

        Raises:
            ArcsolveError: it can't be imported, or is no click command.
        """
        import click

        command = self.command
        if isinstance(command, Reference):
            command = command.resolve(f"Command {self.name!r}", self.origin.distribution)
        if not isinstance(command, click.Command):
            raise ArcsolveError(
                f"Command {self.name!r} ({self.origin}) is a {type(command).__name__}, no click command."
            )
        return command


class Entry(Protocol):
    """What every kind of entry has."""

    @property
    def name(self) -> str:
        """The name it is asked for by."""

    @property
    def origin(self) -> Origin:
        """Who registered it."""
