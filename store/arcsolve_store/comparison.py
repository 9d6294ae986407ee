"""Two runs task by task: flips, exact McNemar test, paired bootstrap interval."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from arcsolve_store import tables as db
from arcsolve_store.location import StoreError
from arcsolve_store.matrix import by_solver, task_keys

_RESAMPLES = 10_000
_SEED = 0


@dataclass(frozen=True)
class Side:
    """One side of a comparison."""

    run: str
    solver: str
    version: str
    n_solved: int
    missing: int
    """Tasks without an outcome; they count as not solved."""


@dataclass(frozen=True)
class Comparison:
    """Solver `a` against solver `b` on the same tasks."""

    a: Side
    b: Side
    at: int
    """How many attempts count: 1 or 2."""
    n_tasks: int
    """Tasks compared: the denominator."""
    n_left_out: int
    """Tasks that only one side was asked for, or whose contents differ (only with `allow_different_data`)."""
    n_both: int
    n_neither: int
    only_a: tuple[str, ...]
    """Tasks that only `a` solved: flips from right to wrong."""
    only_b: tuple[str, ...]
    """Tasks that only `b` solved: flips from wrong to right."""
    difference: float
    """Rate of `b` minus rate of `a`."""
    interval: tuple[float, float]
    """95 % percentile interval of the difference, by a paired bootstrap over tasks (10,000 resamples, seeded)."""
    p_value: float
    """Exact two-sided McNemar test: the chance of flips so lopsided if both solve equally often."""


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Two-sided exact McNemar p-value: the binomial test of the discordant pairs at one half.

    Args:
        only_a: pairs that only the first gets right.
        only_b: pairs that only the second gets right.
    """
    n, k = only_a + only_b, min(only_a, only_b)
    log_half = n * math.log(2)
    tail = sum(
        math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) - log_half) for i in range(k + 1)
    )
    return min(1.0, 2 * tail)


def paired_bootstrap(only_a: int, only_b: int, n: int) -> tuple[float, float]:
    """95 % percentile interval of rate b minus rate a, resampling the n tasks with replacement.

    A task's paired difference is -1, 0 or 1, so a resample is a draw from a multinomial distribution.
    """
    rng = np.random.default_rng(_SEED)
    counts = rng.multinomial(n, [only_a / n, only_b / n, (n - only_a - only_b) / n], size=_RESAMPLES)
    differences = (counts[:, 1] - counts[:, 0]) / n
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(low), float(high)


def compare(
    connection: Connection,
    resolve: Callable[[Connection, str], Any],
    a: str,
    b: str,
    *,
    at: Literal[1, 2] = 2,
    allow_different_data: bool = False,
) -> list[Comparison]:
    """Compare two runs, solver by solver.

    Args:
        connection: a reading connection.
        resolve: finds a run's key and id by name.
        a: a run, or ``RUN:SOLVER``.
        b: a run, or ``RUN:SOLVER``. Without solvers, those of the same name are compared; a single one on either
            side is compared with each other's single one, whatever their names.
        at: attempts that count, 1 or 2.
        allow_different_data: compare runs on different data, on the tasks that are the same in both.

    Raises:
        StoreError: no such run or solver, nothing to pair, or different data.
    """
    run_a, solvers_a = _side(connection, resolve, a)
    run_b, solvers_b = _side(connection, resolve, b)
    same_data = _is_same_data(connection, run_a.run_pk, run_b.run_pk)
    if not same_data and not allow_different_data:
        raise StoreError(
            f"Runs {run_a.id} and {run_b.id} are not on the same data ({_data(connection, run_a.run_pk)} against "
            f"{_data(connection, run_b.run_pk)}). To compare the tasks they share, add --allow-different-data."
        )
    pairs = _pairs(a, solvers_a, b, solvers_b)
    solved = by_solver(connection, [run_a.run_pk, run_b.run_pk])
    sides = [tuple(_tasks_of(solved.get(solver.run_solver_pk), at) for solver in pair) for pair in pairs]
    flips = [np.setxor1d(solved_a, solved_b) for (_, solved_a), (_, solved_b) in sides]
    names = {pk: task_id for pk, task_id, _ in task_keys(connection, np.concatenate(flips))}
    return [
        _compare(connection, run_a, run_b, x, y, at, same_data, side, names)
        for (x, y), side in zip(pairs, sides, strict=True)
    ]


def _side(connection: Connection, resolve: Callable[[Connection, str], Any], name: str) -> tuple[Any, dict[str, Any]]:
    run_name, _, solver = name.partition(":")
    run = resolve(connection, run_name)
    rows = connection.execute(
        select(db.run_solvers.c.solver, db.run_solvers.c.version, db.run_solvers.c.run_solver_pk)
        .where(db.run_solvers.c.run_pk == run.run_pk)
        .order_by(db.run_solvers.c.position)
    ).all()
    solvers = {row.solver: row for row in rows}
    if solver and solver not in solvers:
        raise StoreError(f"Run {run.id} has no solver {solver!r}. It has: {', '.join(solvers)}.")
    return run, {solver: solvers[solver]} if solver else solvers


def _pairs(a: str, solvers_a: dict[str, Any], b: str, solvers_b: dict[str, Any]) -> list[tuple[Any, Any]]:
    if len(solvers_a) == 1 and len(solvers_b) == 1:
        return [(next(iter(solvers_a.values())), next(iter(solvers_b.values())))]
    common = [name for name in solvers_a if name in solvers_b]
    if not common:
        raise StoreError(
            f"{a} and {b} share no solver ({', '.join(solvers_a)} against {', '.join(solvers_b)}). "
            f"Name one on each side, e.g. {a.partition(':')[0]}:{next(iter(solvers_a))} "
            f"{b.partition(':')[0]}:{next(iter(solvers_b))}."
        )
    return [(solvers_a[name], solvers_b[name]) for name in common]


def _is_same_data(connection: Connection, a: int, b: int) -> bool:
    if a == b:
        return True
    hashes = connection.execute(select(db.runs.c.dataset_sha256).where(db.runs.c.run_pk.in_([a, b]))).scalars()
    if len(set(hashes)) != 1:
        return False
    tasks_a, tasks_b = (select(db.run_tasks.c.task_id).where(db.run_tasks.c.run_pk == run_pk) for run_pk in (a, b))
    different = [tasks_a.except_(tasks_b), tasks_b.except_(tasks_a)]
    return all(connection.execute(statement.limit(1)).first() is None for statement in different)


def _data(connection: Connection, run_pk: int) -> str:
    row = connection.execute(
        select(db.runs.c.dataset, db.runs.c.dataset_sha256, db.runs.c.n_tasks).where(db.runs.c.run_pk == run_pk)
    ).one()
    return f"{row.dataset} {row.dataset_sha256[:8]}, {row.n_tasks} tasks"


def _compare(
    connection: Connection,
    run_a: Any,
    run_b: Any,
    solver_a: Any,
    solver_b: Any,
    at: int,
    same_data: bool,
    sides: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...],
    names: dict[int, str],
) -> Comparison:
    (present_a, solved_a), (present_b, solved_b) = sides
    asked_a, asked_b = (_n_tasks(connection, run.run_pk) for run in (run_a, run_b))
    if same_data:
        n, left_out = asked_a, 0
        missing_a, missing_b = n - len(present_a), n - len(present_b)
    else:
        shared = np.intersect1d(present_a, present_b)
        solved_a, solved_b = np.intersect1d(solved_a, shared), np.intersect1d(solved_b, shared)
        n, left_out = len(shared), max(asked_a, asked_b) - len(shared)
        missing_a = missing_b = 0
        if n == 0:
            raise StoreError(f"Runs {run_a.id} and {run_b.id} have no task in common. Run both on the same data set.")
    only_a, only_b = np.setdiff1d(solved_a, solved_b), np.setdiff1d(solved_b, solved_a)
    both = len(solved_a) - len(only_a)
    return Comparison(
        a=Side(run_a.id, solver_a.solver, solver_a.version, len(solved_a), missing_a),
        b=Side(run_b.id, solver_b.solver, solver_b.version, len(solved_b), missing_b),
        at=at,
        n_tasks=n,
        n_left_out=left_out,
        n_both=both,
        n_neither=n - both - len(only_a) - len(only_b),
        only_a=tuple(sorted(names[pk] for pk in only_a.tolist())),
        only_b=tuple(sorted(names[pk] for pk in only_b.tolist())),
        difference=(len(solved_b) - len(solved_a)) / n,
        interval=paired_bootstrap(len(only_a), len(only_b), n),
        p_value=mcnemar_exact(len(only_a), len(only_b)),
    )


def _tasks_of(arrays: list[NDArray[np.int64]] | None, at: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys of the tasks with an outcome, and of those solved within `at` attempts."""
    if arrays is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    task_pks, solved_from = arrays
    return task_pks, task_pks[(solved_from > 0) & (solved_from <= at)]


def _n_tasks(connection: Connection, run_pk: int) -> int:
    return connection.execute(
        select(func.count()).select_from(db.run_tasks).where(db.run_tasks.c.run_pk == run_pk)
    ).scalar_one()
