"""Summing up a run: the honest table as data.

Every rate's denominator is the number of tasks asked for: a task without an outcome is missing, not forgotten.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from arcsolve.outcome import Category, Outcome, Status
from arcsolve.recording import Run
from arcsolve.score.agent_zero import agent_zero_outcome
from arcsolve.score.collapse import find_collapse
from arcsolve.score.groups import BANDS, PROPERTIES, band
from arcsolve.score.interval import wilson
from arcsolve.score.merge import merged_outcome
from arcsolve.task import Task


@dataclass(frozen=True)
class GroupSummary:
    """Tasks that share a property."""

    tasks: int
    solved_at_2: int


@dataclass(frozen=True)
class SolverSummary:
    """One solver's scores on a run's tasks."""

    tasks: int
    """All that were asked for."""
    judged: int
    """Those of them with a known solution."""
    solved_at_1: int
    """All test inputs right with the first attempt."""
    solved_at_2: int
    """All test inputs right within two attempts: the score."""
    interval_at_2: tuple[float, float]
    """95 % Wilson interval of the rate of `solved_at_2`."""
    fraction_at_2: float
    """Mean over tasks of the share of test inputs right within two attempts."""
    solved_cropped: int
    """All test inputs right after cropping the first attempt to the true shape. Not a score."""
    pixel_accuracy: float
    """Mean over tasks, forgiving: the first attempt cropped to the true shape; without attempt, 0."""
    pixel_accuracy_median: float
    pixel_accuracy_std: float
    """Standard deviation over the tasks (population)."""
    pixel_accuracy_strict: float
    """The same mean with a wrong shape counted as 0."""
    missing: int
    """Tasks without outcome, or without attempt for some test input and no fault to explain it."""
    abstained: int
    timeouts: int
    errors: int
    """Errors, crashes, memory beyond the limit."""
    cpu_s: float
    """CPU seconds, summed over tasks."""
    wall_s: float
    """Wall seconds, summed over tasks."""
    collapse: str | None
    """How the answers ignore their input; None where they don't."""
    bands: Mapping[str, int] = field(default_factory=dict)
    """Tasks per band of forgiving pixel accuracy."""
    groups: Mapping[str, Mapping[str, GroupSummary]] = field(default_factory=dict)
    """Tasks by property and its value."""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        data = dict(vars(self))
        data["interval_at_2"] = list(self.interval_at_2)
        data["groups"] = {
            prop: {value: vars(group) for value, group in values.items()} for prop, values in self.groups.items()
        }
        return data


@dataclass(frozen=True)
class Summary:
    """A run's scores."""

    run: Run
    solvers: Mapping[str, SolverSummary]
    agent_zero: SolverSummary
    """What a canvas of zeros gets on the same tasks."""
    union_at_2: int
    """Tasks that at least one of the solvers solves: what a perfect choice among them would (the virtual best)."""
    ensemble_at_2: int
    """Tasks solved by two attempts out of all solvers' candidates (`arcsolve.score.merge`)."""
    is_complete: bool = True
    skipped: int = 0
    """Outcomes taken over from an earlier session of the same run."""

    def to_json(self) -> dict[str, Any]:
        """The object that ``arcsolve run --json`` prints."""
        return {
            "run": self.run.id,
            "is_complete": self.is_complete,
            "skipped": self.skipped,
            "dataset": {
                "name": self.run.dataset,
                "tasks": len(self.run.task_ids),
                "sha256": self.run.dataset_sha256,
            },
            "solvers": {name: solver.to_json() for name, solver in self.solvers.items()},
            "agent_zero": self.agent_zero.to_json(),
            "union": {"solved_at_2": self.union_at_2},
            "ensemble": {"solved_at_2": self.ensemble_at_2},
        }


def summarise(
    run: Run, tasks: Sequence[Task], outcomes: Iterable[Outcome], *, is_complete: bool = True, skipped: int = 0
) -> Summary:
    """Sum up a run.

    Args:
        run: the run.
        tasks: all its tasks.
        outcomes: what there is, at most one per solver and task.
        is_complete: whether every task was done.
        skipped: how many of the outcomes were there before.
    """
    by_solver: dict[str, dict[str, Outcome]] = {spec.name: {} for spec in run.solvers}
    for outcome in outcomes:
        by_solver[outcome.solver][outcome.task_id] = outcome
    values = {prop: [value_of(task.challenge) for task in tasks] for prop, value_of in PROPERTIES.items()}
    zero = [agent_zero_outcome(task) for task in tasks]
    by_task = [[done[task.id] for done in by_solver.values() if task.id in done] for task in tasks]
    return Summary(
        run=run,
        solvers={
            name: summarise_solver(tasks, [done.get(task.id) for task in tasks], values)
            for name, done in by_solver.items()
        },
        agent_zero=summarise_solver(tasks, zero, values),
        union_at_2=sum(any(outcome.is_solved_at_2 for outcome in done) for done in by_task),
        ensemble_at_2=sum(_is_solved_together(task, done) for task, done in zip(tasks, by_task, strict=True)),
        is_complete=is_complete,
        skipped=skipped,
    )


def _is_solved_together(task: Task, outcomes: Sequence[Outcome]) -> bool:
    if len(outcomes) == 1:  # nobody to be merged with
        return outcomes[0].is_solved_at_2
    return merged_outcome(task, outcomes).is_solved_at_2


def summarise_solver(
    tasks: Sequence[Task], outcomes: Sequence[Outcome | None], values: Mapping[str, Sequence[str]]
) -> SolverSummary:
    """Sum up one solver.

    Args:
        tasks: the run's tasks.
        outcomes: the solver's on each of them; None where there is none.
        values: each task's value of each property to group by.
    """
    there = [outcome for outcome in outcomes if outcome is not None]
    judged = sum(task.solution is not None for task in tasks)
    accuracies = [
        0.0 if outcome is None else outcome.pixel_accuracy
        for task, outcome in zip(tasks, outcomes, strict=True)
        if task.solution is not None
    ]
    strict = [outcome.pixel_accuracy_strict for outcome in there if outcome.tests]
    statuses = Counter(outcome.status for outcome in there)
    is_solved = [outcome is not None and outcome.is_solved_at_2 for outcome in outcomes]
    in_band = Counter(map(band, accuracies))
    return SolverSummary(
        tasks=len(tasks),
        judged=judged,
        solved_at_1=sum(outcome.is_solved_at_1 for outcome in there),
        solved_at_2=sum(is_solved),
        interval_at_2=wilson(sum(is_solved), judged),
        fraction_at_2=sum(outcome.fraction_at_2 for outcome in there) / judged if judged else 0.0,
        solved_cropped=sum(bool(o.tests) and all(t.is_solved_cropped for t in o.tests) for o in there),
        pixel_accuracy=_mean(accuracies),
        pixel_accuracy_median=statistics.median(accuracies) if accuracies else 0.0,
        pixel_accuracy_std=statistics.pstdev(accuracies) if accuracies else 0.0,
        pixel_accuracy_strict=sum(strict) / judged if judged else 0.0,
        missing=len(tasks) - len(there) + sum(_is_missing(outcome) for outcome in there),
        abstained=statuses[Status.ABSTAINED],
        timeouts=statuses[Status.TIMEOUT],
        errors=statuses[Status.ERROR] + statuses[Status.CRASHED] + statuses[Status.OUT_OF_MEMORY],
        cpu_s=sum(outcome.cpu_s for outcome in there),
        wall_s=sum(outcome.wall_s for outcome in there),
        collapse=find_collapse(there, tasks),
        bands={name: in_band[name] for name, _ in BANDS},
        groups={prop: _group(of_tasks, is_solved) for prop, of_tasks in values.items()},
    )


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0


def _is_missing(outcome: Outcome) -> bool:
    if outcome.category is not None:
        return outcome.category is Category.MISSING
    return len({attempt.test_index for attempt in outcome.attempts}) < outcome.n_tests


def _group(values: Sequence[str], is_solved: Sequence[bool]) -> dict[str, GroupSummary]:
    totals = Counter(values)
    solved = Counter(value for value, is_right in zip(values, is_solved, strict=True) if is_right)
    return {value: GroupSummary(totals[value], solved[value]) for value in sorted(totals, key=_natural)}


def _natural(value: str) -> tuple[int, str]:
    digits = "".join(character for character in value.partition("-")[0] if character.isdigit())
    return (1000 if value.startswith("over") else int(digits or 0)), value
