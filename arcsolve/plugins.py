"""Find, load and ask the plugins; one that fails is reported with its cause, and the rest works.

Plugins are installed distributions with an entry point in the group ``arcsolve``, and files named by ``--plugin``.
``ARCSOLVE_PLUGINS=a,b`` limits the installed ones to those named.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pluggy

from arcsolve import hookspecs
from arcsolve.errors import ArcsolveError, describe, did_you_mean
from arcsolve.reference import Origin, import_plugin_file
from arcsolve.registry import PluginStatus, Registry

GROUP = "arcsolve"
"""The entry-point group."""

LIMIT_VARIABLE = "ARCSOLVE_PLUGINS"
"""Environment variable that names the installed plugins to load, separated by commas; unset loads all."""

FILES_VARIABLE = "ARCSOLVE_PLUGIN_FILES"
"""Environment variable with the paths of plugin files to load besides those named, separated as in ``PATH``. A run's
worker processes find there what ``--plugin`` named."""

_REGISTER = {
    "register_solvers": Registry.add_solver,
    "register_datasets": Registry.add_dataset,
    "register_stores": Registry.add_store,
    "register_executors": Registry.add_executor,
    "register_features": Registry.add_features,
    "register_commands": Registry.add_command,
}


def _to_stderr(message: str) -> None:
    print(message, file=sys.stderr)


def load(plugin_files: Iterable[str | Path] = (), *, report: Callable[[str], None] = _to_stderr) -> Registry:
    """Load the installed plugins and the given plugin files.

    Args:
        plugin_files: paths of Python files with hook implementations, besides those in ``ARCSOLVE_PLUGIN_FILES``.
        report: told when a plugin fails in an event, once per plugin and event.

    Returns:
        The registry. Broken installed plugins are in `Registry.statuses` with their cause.

    Raises:
        ArcsolveError: ``ARCSOLVE_PLUGINS`` names an unknown plugin, or a plugin file is missing, raises or registers
            nothing: it was asked for by name.
    """
    registry = Registry()
    manager = pluggy.PluginManager("arcsolve")
    manager.add_hookspecs(hookspecs)
    for points in _installed():
        _load_installed(registry, manager, points)
    inherited = [file for file in os.environ.get(FILES_VARIABLE, "").split(os.pathsep) if file]
    given = {str(Path(file).resolve()): str(file) for file in [*inherited, *plugin_files]}
    registry.plugin_files = tuple(given)
    for file in registry.plugin_files:
        _load_file(registry, manager, given[file], file)

    def mark_broken(plugin: str, hook: str, error: BaseException) -> None:
        status = next(s for s in registry.statuses if s.name == plugin)
        status.cause = status.cause or describe(error)

    asking = _Caller(manager, mark_broken)
    asking.call_each("register_hooks", lambda plugin: manager.add_hookspecs)
    origins = {status.name: status.origin for status in registry.statuses}
    for hook, add in _REGISTER.items():
        asking.call_each(hook, lambda plugin, add=add: partial(add, registry, origins[plugin]))  # type: ignore[misc]
    _find_unknown_hooks(registry, manager)
    for status in registry.statuses:
        if status.origin.file is not None and status.cause is not None:
            raise ArcsolveError(f"Plugin file {status.target} is broken: {status.cause}")
    registry.hooks = GuardedHooks(manager, registry, report)
    return registry


def _installed() -> list[list[EntryPoint]]:
    """The entry points by plugin name, limited by ``ARCSOLVE_PLUGINS``; more than one per name is a clash."""
    by_name: dict[str, list[EntryPoint]] = {}
    for point in sorted(entry_points(group=GROUP)):
        by_name.setdefault(point.name, []).append(point)
    limit = os.environ.get(LIMIT_VARIABLE)
    if limit is None:
        return list(by_name.values())
    wanted = [name.strip() for name in limit.split(",") if name.strip()]
    for name in wanted:
        if name not in by_name:
            raise ArcsolveError(
                f"{LIMIT_VARIABLE} names the unknown plugin {name!r}.{did_you_mean(name, by_name)} "
                f"Installed: {', '.join(by_name) or 'none'}."
            )
    return [points for name, points in by_name.items() if name in wanted]


def _origin(point: EntryPoint) -> Origin:
    """Who brought the entry point. Two lines of the metadata are enough: parsing all of it costs more than loading."""
    text = (point.dist.read_text("METADATA") or point.dist.read_text("PKG-INFO") or "") if point.dist else ""
    fields = dict(line.partition(": ")[::2] for line in text.partition("\n\n")[0].splitlines())
    return Origin(point.name, fields.get("Name", "unknown distribution"), fields.get("Version", ""))


def _load_installed(registry: Registry, manager: pluggy.PluginManager, points: Sequence[EntryPoint]) -> None:
    origins = [_origin(point) for point in points]
    status = PluginStatus(origins[0], points[0].value)
    registry.statuses.append(status)
    if len(points) > 1:
        status.cause = (
            f"The plugin name {status.name!r} is claimed by both {' and '.join(map(str, origins))}; "
            "neither was loaded. Uninstall one."
        )
        return
    try:
        manager.register(points[0].load(), status.name)
    except (Exception, SystemExit) as error:
        status.cause = describe(error)


def _load_file(registry: Registry, manager: pluggy.PluginManager, given: str, file: str) -> None:
    if not Path(file).is_file():
        raise ArcsolveError(f"Plugin file {given} does not exist. Give the path of a Python file.")
    name = Path(file).stem
    while any(status.name == name for status in registry.statuses):
        name += "'"
    status = PluginStatus(Origin(name, file, file=file), given)
    try:
        module = import_plugin_file(file)
        manager.register(module, name)
    except (Exception, SystemExit) as error:
        raise ArcsolveError(f"Plugin file {given} can't be loaded: {describe(error)}") from error
    if not manager.get_hookcallers(module):
        raise ArcsolveError(
            f"Plugin file {given} implements no hook. "
            "Mark its functions with @arcsolve.hookimpl, e.g. register_solvers."
        )
    registry.statuses.append(status)


def _find_unknown_hooks(registry: Registry, manager: pluggy.PluginManager) -> None:
    known = [name for name, caller in vars(manager.hook).items() if caller.has_spec()]
    for status in registry.statuses:
        plugin = manager.get_plugin(status.name)
        for caller in (manager.get_hookcallers(plugin) or []) if plugin is not None else []:
            if not caller.has_spec():
                status.cause = status.cause or (
                    f"there is no hook {caller.name!r}.{did_you_mean(caller.name, known)} "
                    f"Hooks: {', '.join(sorted(known))}."
                )


class _Caller:
    """Calls a hook's implementations one by one, so that a failure is its plugin's alone."""

    def __init__(self, manager: pluggy.PluginManager, on_error: Callable[[str, str, BaseException], None]) -> None:
        self._manager = manager
        self._on_error = on_error

    def call(self, hook: str, arguments: dict[str, Any]) -> list[Any]:
        """Call each implementation with those of the arguments it takes; returns the results of the successful."""
        caller = getattr(self._manager.hook, hook, None)
        results = []
        for implementation in reversed(caller.get_hookimpls()) if caller is not None else []:
            try:
                chosen = {name: arguments[name] for name in implementation.argnames}
                results.append(implementation.function(**chosen))
            except (Exception, SystemExit) as error:
                self._on_error(implementation.plugin_name, hook, error)
        return results

    def call_each(self, hook: str, register: Callable[[str], Any]) -> None:
        """Call each implementation with a ``register`` of its own, made from the plugin's name."""
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            try:
                arguments = [register(implementation.plugin_name)] if implementation.argnames else []
                implementation.function(*arguments)
            except (Exception, SystemExit) as error:
                self._on_error(implementation.plugin_name, hook, error)


class GuardedHooks:
    """The events and further hooks (`arcsolve.registry.Hooks`): a plugin that fails is reported, not fatal."""

    def __init__(self, manager: pluggy.PluginManager, registry: Registry, report: Callable[[str], None]) -> None:
        self._caller = _Caller(manager, self._failed)
        self._registry = registry
        self._report = report
        self._reported: set[tuple[str, str]] = set()

    def run_started(self, run: Any) -> None:
        """Tell the plugins that a run starts or resumes."""
        self.call("run_started", run=run)

    def task_finished(self, run: Any, outcome: Any) -> None:
        """Tell the plugins that an outcome was recorded."""
        self.call("task_finished", run=run, outcome=outcome)

    def run_finished(self, run: Any) -> None:
        """Tell the plugins that a run ended."""
        self.call("run_finished", run=run)

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call any hook, one opened by a plugin (``register_hooks``) included.

        Returns:
            What the implementations that did not fail returned, the last loaded plugin's first.
        """
        return self._caller.call(hook, arguments)

    def _failed(self, plugin: str, hook: str, error: BaseException) -> None:
        if (plugin, hook) in self._reported:
            return
        self._reported.add((plugin, hook))
        status = next(s for s in self._registry.statuses if s.name == plugin)
        status.cause = status.cause or f"{hook}: {describe(error)}"
        self._report(f"Plugin {plugin!r} ({status.origin}) failed in {hook}: {describe(error)}. Going on without it.")
