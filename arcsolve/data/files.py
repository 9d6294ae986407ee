"""Read tasks from files and folders: single tasks, folders of them, Kaggle's pairs of files, RE-ARC's lists."""

import json
from pathlib import Path
from typing import Any

from arcsolve.data.parse import parse_task
from arcsolve.errors import ArcsolveError
from arcsolve.task import Dataset, Task

_CHALLENGES = "_challenges.json"
_SOLUTIONS = "_solutions.json"


def read_path(path: Path, *, rearc_demos: int = 3, rearc_tests: int = 1) -> Dataset:
    """Read a data set from a file or a folder; the format is told from the content.

    - A folder of ``<id>.json`` files, each a task or a RE-ARC list. Files with other endings are left alone.
    - A single such file.
    - Kaggle's ``*_challenges.json`` (``{id: task}``), with ``*_solutions.json`` (``{id: [grid, …]}``) beside it where
      there is one; also a folder that holds one such pair.

    Args:
        path: the file or folder.
        rearc_demos: how many pairs of a RE-ARC list (``[{"input", "output"}, …]``), from the first, are demonstrations.
        rearc_tests: how many pairs after those are tests.

    Returns:
        The data set, named after the path; tasks in the order of their ids (folder) or of the file.

    Raises:
        ArcsolveError: nothing there, not readable, not JSON, none of these formats, or a malformed task; the message
            names file, task and place.
    """
    if path.is_dir():
        return _read_folder(path, rearc_demos, rearc_tests)
    value = _read_json(path)
    if path.name.endswith(_SOLUTIONS):
        raise ArcsolveError(f"{path}: this file holds solutions. Name the file that ends in {_CHALLENGES} instead.")
    if isinstance(value, dict) and not ("train" in value or "test" in value):
        return _read_many(path, value)
    tasks = (_one(path, value, rearc_demos, rearc_tests),)
    return Dataset(path.stem, tasks, str(path))


def _read_folder(folder: Path, demos: int, tests: int) -> Dataset:
    try:
        files = sorted(p for p in folder.iterdir() if p.suffix == ".json" and p.is_file() and p.name[0] != ".")
        folders = sorted(p.name for p in folder.iterdir() if p.is_dir() and any(p.glob("*.json")))
    except OSError as error:
        raise ArcsolveError(f"{folder}: can't be read: {error.strerror}.") from error
    challenges = [file for file in files if file.name.endswith(_CHALLENGES)]
    if len(challenges) == 1:
        return read_path(challenges[0])
    if challenges:
        names = ", ".join(file.name for file in challenges)
        raise ArcsolveError(f"{folder}: holds several data sets. Name one of its files: {names}.")
    if not files:
        hint = f" Its folders do: {', '.join(folders)}. Name one of them." if folders else ""
        raise ArcsolveError(f"{folder}: holds no .json files.{hint}")
    tasks = []
    for file in files:
        value = _read_json(file)
        if isinstance(value, dict) and "train" not in value and "test" not in value:
            keys = ", ".join(map(repr, list(value)[:3])) or "none"
            raise ArcsolveError(
                f"{file}: not a task: it has neither 'train' nor 'test' (keys: {keys}). "
                "In a folder of tasks every .json file is one task; move this file elsewhere."
            )
        tasks.append(_one(file, value, demos, tests))
    return Dataset(folder.resolve().name, tuple(tasks), str(folder))


def _one(file: Path, value: Any, demos: int, tests: int) -> Task:
    if not isinstance(value, list):
        return parse_task(file.stem, value, where=str(file))
    if len(value) < demos + tests:
        raise ArcsolveError(
            f"{file}: a RE-ARC list needs at least {demos + tests} pairs ({demos} demonstrations, {tests} tests), "
            f"this one has {len(value)}."
        )
    split = {"train": value[:demos], "test": value[demos : demos + tests]}
    return parse_task(file.stem, split, where=str(file))


def _read_many(path: Path, value: dict[str, Any]) -> Dataset:
    if not value:
        raise ArcsolveError(f"{path}: holds no tasks (an empty object).")
    first = next(iter(value.values()))
    if isinstance(first, list) and first and isinstance(first[0], dict) and "attempt_1" in first[0]:
        raise ArcsolveError(f"{path}: this is a submission (attempts), not a data set. Name the challenges' file.")
    solutions: dict[str, Any] = {}
    solutions_path = path.with_name(path.name.removesuffix(_CHALLENGES) + _SOLUTIONS)
    if path.name.endswith(_CHALLENGES) and solutions_path.exists():
        solutions = _read_solutions(solutions_path, path, value)
    tasks = tuple(parse_task(key, task, solutions.get(key), where=str(path)) for key, task in value.items())
    source = f"{path}, {solutions_path.name}" if solutions else str(path)
    return Dataset(path.name.removesuffix(_CHALLENGES).removesuffix(".json"), tasks, source)


def _read_solutions(path: Path, challenges: Path, tasks: dict[str, Any]) -> dict[str, Any]:
    solutions = _read_json(path)
    if not isinstance(solutions, dict):
        raise ArcsolveError(f"{path}: expected an object {{id: [grid, …]}}.")
    for kind, ids in (
        ("no solution for", tasks.keys() - solutions),
        ("solutions for unknown", solutions.keys() - tasks),
    ):
        if ids:
            shown = ", ".join(sorted(ids)[:3]) + (", …" if len(ids) > 3 else "")
            raise ArcsolveError(
                f"{path}: {kind} {len(ids)} task(s): {shown}. It should go with {challenges.name}; move it away to "
                "read the challenges alone."
            )
    return solutions


def _read_json(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique)
    except FileNotFoundError:
        raise ArcsolveError(f"{path}: there is no such file or folder.") from None
    except OSError as error:
        raise ArcsolveError(f"{path}: can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ArcsolveError(f"{path}: not text in UTF-8 (byte {error.start}); a task file is JSON text.") from error
    except json.JSONDecodeError as error:
        what = "the file is empty" if not text.strip() else f"{error.msg} (line {error.lineno}, column {error.colno})"
        raise ArcsolveError(f"{path}: not JSON: {what}.") from error
    except RecursionError:
        raise ArcsolveError(f"{path}: not a task file: its lists are nested too deeply.") from None
    except _DuplicateKeyError as error:
        raise ArcsolveError(
            f"{path}: the key {error.args[0]!r} occurs twice in one object; ids must be unique."
        ) from None


class _DuplicateKeyError(Exception):
    """A JSON object with one key twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
    return value
