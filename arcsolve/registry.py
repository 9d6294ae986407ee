"""What the loaded plugins offer: solvers, data sets, stores, executors, features, commands, by name.

An entry holds where its object lives, not the object: listing costs no import, and a solver's entry can be sent to a
worker process, which imports that solver's module and no other plugin.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from arcsolve.entries import CommandEntry, DatasetEntry, Entry, FactoryEntry, FeatureEntry, SolverEntry
from arcsolve.errors import ArcsolveError, did_you_mean
from arcsolve.reference import Origin, Reference, import_plugin_file

if TYPE_CHECKING:
    from arcsolve.solver import Solver

_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DATASET = re.compile(r"[A-Za-z0-9]+([.:_-][A-Za-z0-9]+)*")
_TARGET = re.compile(r"[\w.]+:[\w.]+")

E = TypeVar("E", bound=Entry)


class Table(Mapping[str, E], Generic[E]):
    """The entries of one kind, sorted by name. A name registered twice is nobody's: asking for it is an error."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.clashes: dict[str, list[Origin]] = {}
        """Names that more than one plugin registered, with who did."""
        self._entries: dict[str, E] = {}

    def add(self, entry: E) -> None:
        """Add an entry.

        Raises:
            ArcsolveError: the name is taken; the message names both sides, and nobody keeps the name.
        """
        if entry.name in self.clashes:
            self.clashes[entry.name].append(entry.origin)
        elif entry.name in self._entries:
            self.clashes[entry.name] = [self._entries.pop(entry.name).origin, entry.origin]
        else:
            self._entries[entry.name] = entry
            return
        raise ArcsolveError(self.clash_message(entry.name))

    def clash_message(self, name: str) -> str:
        """Who claims the name, and what to do about it."""
        sides = " and ".join(f"plugin {origin.plugin!r} of {origin}" for origin in self.clashes[name])
        return (
            f"The {self.kind} name {name!r} is registered by both {sides}. "
            "Uninstall one, or name the plugins to load in ARCSOLVE_PLUGINS."
        )

    def __getitem__(self, name: str) -> E:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)


@dataclass
class PluginStatus:
    """Whether a plugin loaded, and what it brought."""

    origin: Origin
    target: str
    """Module or file."""
    cause: str | None = None
    """Why it is broken, on one line; None where all is well."""
    provides: list[str] = field(default_factory=list)
    """``solver flip``, ``command hrm``, …"""

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.origin.plugin

    @property
    def is_ok(self) -> bool:
        """Whether everything about the plugin worked so far."""
        return self.cause is None


class Hooks(Protocol):
    """Events and further hooks; a plugin that fails is reported, and the rest goes on."""

    def run_started(self, run: Any) -> None:
        """Tell the plugins that a run starts or resumes."""

    def task_finished(self, run: Any, outcome: Any) -> None:
        """Tell the plugins that an outcome was recorded."""

    def run_finished(self, run: Any) -> None:
        """Tell the plugins that a run ended."""

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call any hook of every plugin that implements it; returns what the plugins that didn't fail returned."""


class Registry:
    """Everything that was registered, by kind and name. Made by `arcsolve.plugins.load`."""

    def __init__(self) -> None:
        self.solvers: Table[SolverEntry] = Table("solver")
        self.datasets: Table[DatasetEntry] = Table("data set")
        self.stores: Table[FactoryEntry] = Table("store")
        self.executors: Table[FactoryEntry] = Table("executor")
        self.features: Table[FeatureEntry] = Table("feature set")
        self.commands: Table[CommandEntry] = Table("command")
        self.statuses: list[PluginStatus] = []
        self.plugin_files: tuple[str, ...] = ()
        self.hooks: Hooks

    def solver(self, name: str) -> SolverEntry:
        """The solver's entry.

        Raises:
            ArcsolveError: no such solver (near names are suggested), two plugins claim the name, or its plugin is
                broken (the cause is quoted).
        """
        return self.find(self.solvers, name)

    def solver_class(self, name: str) -> "type[Solver]":
        """The solver's class, imported now.

        Raises:
            ArcsolveError: as `solver`, or the class can't be imported.
        """
        return self.solver(name).load()

    def make_solver(self, name: str, options: Mapping[str, Any] | None = None) -> "Solver":
        """Create a solver with validated options.

        Args:
            name: the solver.
            options: values by option name; command-line text is converted.

        Raises:
            ArcsolveError: as `solver_class`, or an option is wrong.
        """
        return self.solver(name).make(options)

    def find(self, table: Table[E], name: str) -> E:
        """The entry `name` of one of the tables.

        Raises:
            ArcsolveError: there is none; says what is near, what there is, and which broken plugin might be why.
        """
        if name in table:
            return table[name]
        if name in table.clashes:
            raise ArcsolveError(table.clash_message(name))
        what = table.kind
        broken = [status for status in self.statuses if not status.is_ok]
        for status in broken:
            if status.name == name:
                raise ArcsolveError(
                    f"{what.capitalize()} {name!r} is not available: its plugin {status.name!r} ({status.origin}) is "
                    f"broken: {status.cause}"
                )
        message = f"Unknown {what} {name!r}.{did_you_mean(name, table)} Available: {', '.join(table) or 'none'}."
        for status in broken[:2]:
            message += f"\nPlugin {status.name!r} ({status.origin}) is broken: {status.cause}"
        raise ArcsolveError(message)

    # What the hooks' `register` does, one method per kind; `origin` is bound by the loader.

    def add_solver(self, origin: Origin, solver: Any, *, name: str | None = None) -> None:
        """Register a solver class, or ``"module:Class"`` with its name."""
        if isinstance(solver, str):
            if name is None:
                raise ArcsolveError(f"register({solver!r}): a solver registered by reference needs name=….")
            reference = _reference(solver, origin)
        else:
            from arcsolve.solver import Solver

            if not (isinstance(solver, type) and issubclass(solver, Solver)):
                raise ArcsolveError(f"register({solver!r}): not a subclass of arcsolve.Solver.")
            given = getattr(solver, "name", None)
            if not isinstance(given, str):
                raise ArcsolveError(f'Solver class {solver.__qualname__} has no name. Add: name = "my-solver"')
            if name not in (None, given):
                raise ArcsolveError(
                    f"Solver class {solver.__qualname__} says name = {given!r} but is registered as {name!r}."
                )
            name = given
            reference = _reference_to(solver, origin)
        _check_name(name, "solver", _KEBAB)
        self._add(self.solvers, SolverEntry(name, reference, origin))

    def add_dataset(self, origin: Origin, name: str, load: Any, *, description: str = "") -> None:
        """Register a data set: its name and ``load()``, or where that function lives."""
        _check_name(name, "data set", _DATASET)
        self._add(self.datasets, DatasetEntry(name, _callable(load, origin, f"data set {name!r}"), description, origin))

    def add_store(self, origin: Origin, scheme: str, open: Any) -> None:  # noqa: A002 (the hook's word)
        """Register a store: its URL scheme and ``open(url)``."""
        _check_name(scheme, "store", re.compile(r"[a-z][a-z0-9+.-]*"))
        self._add(self.stores, FactoryEntry(scheme, _importable(open, origin), "store", origin))

    def add_executor(self, origin: Origin, name: str, executor: Any) -> None:
        """Register an executor class."""
        _check_name(name, "executor", _KEBAB)
        self._add(self.executors, FactoryEntry(name, _importable(executor, origin), "executor", origin))

    def add_features(self, origin: Origin, name: str, compute: Any, *, version: str = "1") -> None:
        """Register a set of task features."""
        _check_name(name, "feature set", _KEBAB)
        function = _callable(compute, origin, f"feature set {name!r}")
        self._add(self.features, FeatureEntry(name, str(version), function, origin))

    def add_command(self, origin: Origin, command: Any, *, name: str | None = None, help: str = "") -> None:  # noqa: A002
        """Register a click command, or where it lives with its name and help."""
        if isinstance(command, str):
            if name is None:
                raise ArcsolveError(f"register({command!r}): a command registered by reference needs name=….")
            command = _reference(command, origin)
        else:
            name = name or getattr(command, "name", None)
            help = help or getattr(command, "short_help", None) or getattr(command, "help", None) or ""  # noqa: A001
        checked = _check_name(name, "command", _KEBAB)
        self._add(self.commands, CommandEntry(checked, help.strip().partition("\n")[0], command, origin))

    def _add(self, table: Table[E], entry: E) -> None:
        table.add(entry)
        for status in self.statuses:
            if status.origin == entry.origin:
                status.provides.append(f"{table.kind} {entry.name}")


def _check_name(name: Any, kind: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(name, str) or not pattern.fullmatch(name):
        raise ArcsolveError(f"{name!r} is no name for a {kind}. Use lower-case letters, digits and single hyphens.")
    return name


def _reference(target: str, origin: Origin) -> Reference:
    if not _TARGET.fullmatch(target):
        raise ArcsolveError(f'{target!r} is no reference to an object. Write it as "module:name".')
    return Reference(target, None)


def _reference_to(value: Any, origin: Origin) -> Reference:
    module, qualname = value.__module__, value.__qualname__
    if "<locals>" in qualname:
        raise ArcsolveError(
            f"{qualname} is defined inside a function; define it at module level, where workers find it."
        )
    is_in_file = origin.file is not None and module == import_plugin_file(origin.file).__name__
    return Reference(f"{module}:{qualname}", origin.file if is_in_file else None)


def _importable(value: Any, origin: Origin) -> Reference:
    return _reference(value, origin) if isinstance(value, str) else _reference_to(value, origin)


def _callable(value: Any, origin: Origin, what: str) -> Any:
    if isinstance(value, str):
        return _reference(value, origin)
    if not callable(value):
        raise ArcsolveError(f"The {what} needs a function, found {type(value).__name__}.")
    return value
