"""Find a data set by name or path."""

from pathlib import Path

from arcsolve.data.files import read_path
from arcsolve.data.held_out import PREFIX, held_out
from arcsolve.errors import ArcsolveError
from arcsolve.registry import Registry
from arcsolve.task import Dataset


def load(name_or_path: str | Path, registry: Registry | None = None) -> Dataset:
    """Load a data set.

    Args:
        name_or_path: a registered name (``arc1:evaluation``), or a path in one of the formats of
            `arcsolve.data.read_path`. A registered name goes before a path of the same name. With ``held-out:`` before
            it, the tasks of `arcsolve.data.held_out`.
        registry: where names are looked up; None loads the installed plugins.

    Raises:
        ArcsolveError: there is no such name and no such path, or what is there is no data set.
    """
    if registry is None:
        from arcsolve import plugins

        registry = plugins.load()
    name = str(name_or_path)
    if name.startswith(PREFIX):
        return held_out(load(name.removeprefix(PREFIX), registry))
    is_known = name in registry.datasets or name in registry.datasets.clashes
    if not is_known and Path(name_or_path).exists():
        return read_path(Path(name_or_path))
    try:
        entry = registry.find(registry.datasets, name)
    except ArcsolveError as error:
        if is_known:
            raise
        first, *rest = str(error).split("\n")
        raise ArcsolveError("\n".join([f"{first} There is no file or folder of that name either.", *rest])) from None
    return entry.load()
