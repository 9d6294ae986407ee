"""What is drawn: rows of captioned grids, the same for every output format."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arcsolve.grid import Grid
from arcsolve.outcome import Outcome
from arcsolve.task import Task


@dataclass(frozen=True, eq=False)
class Panel:
    """A grid with its caption."""

    caption: str
    grid: Grid
    truth: Grid | None = None
    """The right answer, where `grid` is an attempt at it: cells that differ are marked."""

    @cached_property
    def is_wrong(self) -> NDArray[np.bool_]:
        """(height, width): the cells that differ from the truth or lie outside of it."""
        wrong = np.zeros(self.grid.shape, bool)
        if self.truth is not None:
            wrong[:] = True
            height = min(self.grid.shape[0], self.truth.shape[0])
            width = min(self.grid.shape[1], self.truth.shape[1])
            wrong[:height, :width] = self.grid[:height, :width] != self.truth[:height, :width]
        return wrong

    @cached_property
    def verdict(self) -> str:
        """``right``, how many cells are wrong, or which shape it should have; empty where there is no truth."""
        if self.truth is None:
            return ""
        if self.grid.shape != self.truth.shape:
            return f"wrong shape, should be {_size(self.truth)}"
        wrong = int(self.is_wrong.sum())
        return "right" if wrong == 0 else f"{wrong} cell{'s' if wrong > 1 else ''} wrong"


@dataclass(frozen=True, eq=False)
class Row:
    """Panels that belong together, with a title."""

    title: str
    panels: tuple[Panel, ...]


def task_sheet(task: Task, outcomes: Iterable[Outcome] = ()) -> list[Row]:
    """The rows of a task: its demonstrations, its tests, and what solvers answered.

    Args:
        task: the task; its solution is shown where there is one.
        outcomes: outcomes on this task; each solver's attempts are put into a row per test input.
    """
    rows = [
        Row(f"train {index}", (_panel("input", pair.input), _panel("output", pair.output)))
        for index, pair in enumerate(task.challenge.train)
    ]
    listed = list(outcomes)
    for index, grid in enumerate(task.challenge.test_inputs):
        truth = None if task.solution is None else task.solution[index]
        panels = [_panel("input", grid)]
        if truth is not None:
            panels.append(_panel("output", truth))
        rows.append(Row(f"test {index}", tuple(panels)))
        for outcome in listed:
            attempts = [candidate for candidate in outcome.attempts if candidate.test_index == index]
            shown = tuple(
                Panel(f"attempt {rank} ({candidate.confidence:.2f}) {_size(candidate.grid)}", candidate.grid, truth)
                for rank, candidate in enumerate(attempts, 1)
            )
            status = "" if outcome.status == "finished" else f", {outcome.status}"
            rows.append(Row(f"test {index}: {outcome.solver}{status}{'' if shown else ', no attempt'}", shown))
    return rows


def _panel(caption: str, grid: Grid) -> Panel:
    return Panel(f"{caption} {_size(grid)}", grid)


def _size(grid: Grid) -> str:
    return f"{grid.shape[0]}x{grid.shape[1]}"
