"""Tasks and what is made of them: pairs, challenges, tasks, data sets, with content hashes."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from arcsolve.errors import ArcsolveError
from arcsolve.grid import Grid, as_grid


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Pair:
    """A demonstration: an input grid and its output grid."""

    input: Grid
    output: Grid

    def __post_init__(self) -> None:
        object.__setattr__(self, "input", as_grid(self.input, "pair.input"))
        object.__setattr__(self, "output", as_grid(self.output, "pair.output"))

    def __reduce__(self) -> tuple[Any, ...]:
        return Pair, (self.input, self.output)

    def to_json(self) -> dict[str, list[list[int]]]:
        """The pair in ARC's JSON form."""
        return {"input": self.input.tolist(), "output": self.output.tolist()}


@dataclass(frozen=True, eq=False)
class Challenge:
    """What a solver may see of a task: the demonstrations and the test inputs, never a test output.

    All grids are read-only, also after crossing a process boundary.
    """

    id: str
    train: tuple[Pair, ...]
    test_inputs: tuple[Grid, ...]

    def __post_init__(self) -> None:
        if not self.train:
            raise ArcsolveError(f"task {self.id!r}: no demonstrations ('train' is empty).")
        if not self.test_inputs:
            raise ArcsolveError(f"task {self.id!r}: no test inputs ('test' is empty).")
        object.__setattr__(self, "train", tuple(self.train))
        object.__setattr__(self, "test_inputs", tuple(as_grid(g, "test input") for g in self.test_inputs))

    def __reduce__(self) -> tuple[Any, ...]:
        return Challenge, (self.id, self.train, self.test_inputs)

    @cached_property
    def sha256(self) -> str:
        """Content hash of demonstrations and test inputs; the id is not part of it."""
        return _sha256([[p.to_json() for p in self.train], [g.tolist() for g in self.test_inputs]])


@dataclass(frozen=True, eq=False)
class Task:
    """A challenge and, where known, its solution: the test outputs in order."""

    challenge: Challenge
    solution: tuple[Grid, ...] | None = None

    def __post_init__(self) -> None:
        if self.solution is None:
            return
        if len(self.solution) != len(self.challenge.test_inputs):
            raise ArcsolveError(
                f"task {self.id!r}: {len(self.challenge.test_inputs)} test inputs but {len(self.solution)} solutions."
            )
        grids = tuple(as_grid(g, f"task {self.id!r}: solution {i}") for i, g in enumerate(self.solution))
        object.__setattr__(self, "solution", grids)

    @property
    def id(self) -> str:
        """The task's id within its data set."""
        return self.challenge.id

    @cached_property
    def sha256(self) -> str:
        """Content hash of challenge and solution; the id is not part of it."""
        solution = None if self.solution is None else [g.tolist() for g in self.solution]
        return _sha256([self.challenge.sha256, solution])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named, ordered set of tasks with unique ids."""

    name: str
    tasks: tuple[Task, ...]
    source: str = ""
    """Where it was read from, for people (a path, a package and version)."""
    _by_id: dict[str, Task] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.tasks:
            raise ArcsolveError(f"Data set {self.name!r} holds no tasks.")
        by_id: dict[str, Task] = {}
        for task in self.tasks:
            if task.id in by_id:
                raise ArcsolveError(f"Data set {self.name!r}: two tasks have the id {task.id!r}.")
            by_id[task.id] = task
        object.__setattr__(self, "tasks", tuple(self.tasks))
        object.__setattr__(self, "_by_id", by_id)

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._by_id

    def __getitem__(self, task_id: str) -> Task:
        """The task with this id.

        Raises:
            KeyError: no such id.
        """
        return self._by_id[task_id]

    @cached_property
    def sha256(self) -> str:
        """Content hash of the set: ids and task contents, whatever their order."""
        return _sha256(sorted([task.id, task.sha256] for task in self.tasks))


def grids_equal(a: Grid, b: Grid) -> bool:
    """Exact match: the same shape and the same colour in every cell."""
    return a.shape == b.shape and bool(np.array_equal(a, b))
