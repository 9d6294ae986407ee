"""Where a plugin's objects live: named without importing them, imported when asked for."""

import importlib
import importlib.util
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from arcsolve.errors import ArcsolveError, describe


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
