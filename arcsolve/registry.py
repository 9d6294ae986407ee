"""What the loaded plugins offer: solvers, data sets, stores, executors, features, commands, by name.

An entry holds where its object lives, not the object: listing costs no import, and a solver's entry can be sent to a
worker process, which imports that solver's module and no other plugin.
"""

import difflib
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from arcsolve.errors import ArcsolveError

if TYPE_CHECKING:
    from arcsolve.solver import Solver
    from arcsolve.task import Dataset

_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DATASET = re.compile(r"[A-Za-z0-9]+([.:_-][A-Za-z0-9]+)*")
_TARGET = re.compile(r"[\w.]+:[\w.]+")


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`` Did you mean: hrm?`` (with a leading space), or nothing where no name is near."""
    near = difflib.get_close_matches(name, list(names), n=3)
    return f" Did you mean: {', '.join(near)}?" if near else ""


@dataclass(frozen=True)
class Origin:
    """Who registered an entry."""

    plugin: str
    distribution: str
    """Name of the distribution; the path for a plugin file."""
    version: str = ""
    file: str | None = None
    """Path of the plugin file; None for an installed plugin."""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".rstrip()


def import_plugin_file(path: str) -> ModuleType:
    """Import a plugin file under a module name of its own, once per process.

    Args:
        path: the file; the same path gives the same module name in every process.
    """
    from hashlib import sha256

    resolved = Path(path).resolve()
    digest = sha256(str(resolved).encode()).hexdigest()[:8]
    name = f"_arcsolve_plugin_{re.sub(r'[^0-9A-Za-z]', '_', resolved.stem)}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise ArcsolveError(f"Plugin file {path}: not a Python file. Give a file whose name ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs, so that its classes can be found by their module's name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@dataclass(frozen=True)
class Reference:
    """Where a Python object lives; small, picklable, resolved on demand."""

    target: str
    """``module:qualified.name``; the module is ignored for a plugin file."""
    file: str | None = None
    """Path of the plugin file that holds it, else None."""

    def resolve(self, what: str, distribution: str = "arcsolve") -> Any:
        """Import the object.

        Args:
            what: names the thing in messages, e.g. ``Solver 'hrm'``.
            distribution: name of the distribution whose extras may bring a missing package.

        Raises:
            ArcsolveError: the module can't be imported, or has no such name.
        """
        module_name, _, qualname = self.target.partition(":")
        try:
            value: Any = import_plugin_file(self.file) if self.file else importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if not missing or missing == module_name.partition(".")[0]:
                raise ArcsolveError(f"{what} can't be loaded: {error}.") from error
            raise ArcsolveError(
                f"{what} needs {missing}, which is not installed.{_remedy(missing, distribution)}"
            ) from error
        except ArcsolveError:
            raise
        except Exception as error:
            raise ArcsolveError(f"{what} can't be loaded: {describe(error)}") from error
        for part in qualname.split("."):
            if not hasattr(value, part):
                raise ArcsolveError(f"{what} can't be loaded: {self.file or module_name} has no {qualname!r}.")
            value = getattr(value, part)
        return value


def _remedy(package: str, distribution: str) -> str:
    """Which extra of the distribution brings the missing package."""
    import importlib.metadata

    try:
        requirements = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        requirements = []
    wanted = (
        {"sklearn": "scikit-learn", "yaml": "pyyaml", "PIL": "pillow"}.get(package, package).lower().replace("_", "-")
    )
    extras: dict[str, list[str]] = {}
    for requirement in requirements:
        match = re.match(r"([A-Za-z0-9._-]+).*extra\s*==\s*['\"]([\w-]+)['\"]", requirement)
        if match:
            extras.setdefault(match[2], []).append(match[1].lower().replace("_", "-"))
    bringing = sorted((len(packages), extra) for extra, packages in extras.items() if wanted in packages)
    if bringing:  # the extra that brings the least besides
        return f" Run: pip install '{distribution}[{bringing[0][1]}]'."
    return f" Run: pip install {wanted}."


def describe(error: BaseException) -> str:
    """One line for an exception raised by a plugin: type, message, and where it was raised."""
    if isinstance(error, ArcsolveError):
        return str(error)
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or isinstance(error, SyntaxError) or trace.tb_frame.f_code.co_filename.startswith("<"):
        return text
    return f"{text} ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"


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
        cls = self.load()
        values = validate_options(self.name, cls, options or {})
        try:
            return cls(values)
        except ArcsolveError:
            raise
        except Exception as error:
            raise ArcsolveError(f"Solver {self.name!r} can't be created: {describe(error)}") from error


def validate_options(name: str, cls: "type[Solver]", options: Mapping[str, Any]) -> Any:
    """Make the solver class's ``Options`` from values or command-line text.

    Text that a field refuses as it is, is tried as JSON: ``-o hrm.heads=[1,2]``.

    Raises:
        ArcsolveError: names solver, option, the value given and what is allowed.
    """
    import json

    from pydantic import ValidationError

    values = dict(options)
    try:
        return cls.Options.model_validate(values)
    except ValidationError as first:
        error = first
    for problem in error.errors():
        key = problem["loc"][0] if problem["loc"] else None
        if isinstance(key, str) and isinstance(values.get(key), str):
            try:
                values[key] = json.loads(values[key])
            except ValueError:
                continue
    try:
        return cls.Options.model_validate(values)
    except ValidationError:
        raise ArcsolveError(_options_message(name, cls, error)) from error


def _options_message(name: str, cls: "type[Solver]", error: Any) -> str:
    known = list(cls.Options.model_fields)
    listing = f"Options: {', '.join(known)}." if known else "It has no options."
    parts = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            parts.append(f"Solver {name!r} has no option {key!r}.{did_you_mean(key, known)} {listing}")
        elif problem["type"] == "missing":
            parts.append(f"Solver {name!r} needs the option {key!r}. Give it: -o {name}.{key}=VALUE")
        else:
            given = f" Given: {problem['input']!r}." if problem["loc"] else ""
            parts.append(f"Solver {name!r}, option {key!r}: {problem['msg']}.{given}")
    return "\n".join(parts[:3])


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
