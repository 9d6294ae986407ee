"""From a task's JSON value to a `Task`, with errors that say where."""

from collections.abc import Sequence
from typing import Any

from arcsolve.errors import ArcsolveError
from arcsolve.grid import Grid, as_grid
from arcsolve.task import Challenge, Pair, Task


def parse_task(task_id: str, value: Any, solution: Any = None, *, where: str = "") -> Task:
    """Make a task of its JSON value.

    Args:
        task_id: the task's id.
        value: ``{"train": [{"input", "output"}, …], "test": [{"input"[, "output"]}, …]}``; other keys are ignored.
        solution: the list of test outputs where they stand apart from the task (Kaggle), else None.
        where: put before every message, e.g. the file's name.

    Raises:
        ArcsolveError: the id is no printable text, keys are missing, lists are empty, a grid is malformed, only some
            tests have outputs, or the number of solutions is another than that of the test inputs.
    """
    place = f"{where}: task {task_id!r}" if where else f"task {task_id!r}"
    if not task_id or not task_id.isprintable():
        raise ArcsolveError(f"{place}: an id is printable text, at least one character.")
    if not isinstance(value, dict):
        raise ArcsolveError(f"{place}: expected an object with 'train' and 'test', found {_kind(value)}.")
    train = tuple(
        Pair(_grid(pair, "input", at), _grid(pair, "output", at)) for at, pair in _pairs(value, "train", place)
    )
    inputs, outputs = [], []
    tests = _pairs(value, "test", place)
    for at, pair in tests:
        inputs.append(_grid(pair, "input", at))
        if isinstance(pair, dict) and pair.get("output") is not None:
            outputs.append(_grid(pair, "output", at))
    if outputs and len(outputs) != len(inputs):
        raise ArcsolveError(
            f"{place}: {len(outputs)} of {len(inputs)} tests have an output. Give the outputs of all tests or of none."
        )
    if solution is not None:
        outputs = _solution(solution, len(inputs), place)
    return Task(Challenge(task_id, train, tuple(inputs)), tuple(outputs) or None)


def _solution(value: Any, n_tests: int, place: str) -> list[Grid]:
    if not isinstance(value, list):
        raise ArcsolveError(f"{place}: its solution should be a list of grids, found {_kind(value)}.")
    if len(value) != n_tests:
        raise ArcsolveError(f"{place}: {n_tests} test inputs but {len(value)} solutions.")
    return [as_grid(grid, f"{place}: solution[{index}]") for index, grid in enumerate(value)]


def _pairs(value: dict[str, Any], key: str, place: str) -> Sequence[tuple[str, Any]]:
    if key not in value:
        found = ", ".join(map(repr, list(value)[:5])) or "none"
        raise ArcsolveError(f"{place}: the key {key!r} is missing (found: {found}).")
    pairs = value[key]
    if not isinstance(pairs, list):
        raise ArcsolveError(f"{place}: {key!r} should be a list of pairs, found {_kind(pairs)}.")
    if not pairs:
        raise ArcsolveError(f"{place}: {key!r} is empty; a task needs at least one pair there.")
    return [(f"{place}: {key}[{index}]", pair) for index, pair in enumerate(pairs)]


def _grid(pair: Any, key: str, place: str) -> Grid:
    if not isinstance(pair, dict):
        raise ArcsolveError(f"{place}: expected an object with 'input' and 'output', found {_kind(pair)}.")
    if key not in pair:
        raise ArcsolveError(f"{place}: the key {key!r} is missing.")
    return as_grid(pair[key], f"{place}.{key}")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true/false", int: "a number", float: "a number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)
