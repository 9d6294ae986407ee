"""Tasks by solvers: stored outcomes as arrays, for portfolio analysis over a million of them in under a second.

The database joins each solver's values into one string, which numpy parses: several times faster than a million rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, String, and_, case, cast, func, select

from arcsolve_store import tables as db

_MICRO = 1_000_000
_MOST_PARAMETERS = 1000


class Column(NamedTuple):
    """One column of a matrix: a solver in a run."""

    run: str
    solver: str
    n_tasks: int
    """Tasks the run was asked for: the denominator."""


class TaskKey(NamedTuple):
    """One row of a matrix: a task and its content."""

    task_id: str
    task_sha256: str
    """Empty where no outcome tells it."""


class NearMiss(NamedTuple):
    """A task that no solver of the runs solved, and who came nearest with attempt 1."""

    task_id: str
    run: str
    solver: str
    pixel_accuracy_strict: float
    cells_wrong: int
    """Cells of attempt 1 that differ, over all test inputs; a wrong shape counts every cell."""


@dataclass(frozen=True, eq=False)
class OutcomeMatrix:
    """n tasks by s solvers. Where there is no outcome, `is_present` and the solved flags are False, the times NaN."""

    tasks: tuple[TaskKey, ...]
    """n tasks by id: every one that any of the runs was asked for."""
    columns: tuple[Column, ...]
    """s (run, solver), in the order of the runs asked for and of their solvers."""
    is_present: NDArray[np.bool_]
    """(n, s)"""
    is_solved_at_1: NDArray[np.bool_]
    """(n, s)"""
    is_solved_at_2: NDArray[np.bool_]
    """(n, s)"""
    cpu_s: NDArray[np.float64]
    """(n, s) CPU seconds, to the microsecond."""
    wall_s: NDArray[np.float64]
    """(n, s) wall seconds, to the microsecond."""
    is_right_anywhere: NDArray[np.bool_]
    """(n, s) the right grid is among the candidates kept for every test input (oracle@all); False unless asked for."""


@dataclass(frozen=True, eq=False)
class Confidences:
    """c candidates whose correctness is known, flat, for calibration."""

    columns: tuple[Column, ...]
    column: NDArray[np.int64]
    """(c,) index into `columns`."""
    confidence: NDArray[np.float64]
    """(c,) in [0, 1], to a millionth."""
    is_correct: NDArray[np.bool_]
    """(c,)"""
    attempt: NDArray[np.int64]
    """(c,) 1 or 2 where it was handed in, else 0."""


def outcome_matrix(
    connection: Connection, run_pks: list[int], *, with_times: bool = True, with_oracle: bool = False
) -> OutcomeMatrix:
    """The latest outcomes of some runs as arrays."""
    columns = _columns(connection, run_pks)
    times = (db.outcomes.c.cpu_s, db.outcomes.c.wall_s) if with_times else ()
    more = [cast(time * _MICRO, BigInteger) for time in times] + ([_right_anywhere()] if with_oracle else [])
    values = by_solver(connection, run_pks, *more)
    tasks, row_of = _tasks(connection, run_pks, [arrays[0] for arrays in values.values()])
    shape = (len(tasks), len(columns))
    present, at_1, at_2, anywhere = (np.zeros(shape, dtype=bool) for _ in range(4))
    cpu_s, wall_s = (np.full(shape, np.nan) for _ in range(2))
    for position, run_solver_pk in enumerate(columns):
        if run_solver_pk not in values:
            continue
        task_pks, solved_from, *micros = values[run_solver_pk]
        if with_oracle:
            anywhere[row_of[task_pks], position] = micros.pop() == 1
        index = row_of[task_pks]
        present[index, position] = True
        at_1[index, position] = solved_from == 1
        at_2[index, position] = solved_from > 0
        for target, value in zip((cpu_s, wall_s), micros, strict=False):
            target[index, position] = value / _MICRO
    return OutcomeMatrix(tasks, tuple(columns.values()), present, at_1, at_2, cpu_s, wall_s, anywhere)


def union(connection: Connection, run_pks: list[int]) -> int:
    """How many tasks some solver of the runs solved within two attempts: the virtual best solver's score."""
    solved = _of_runs(run_pks) & db.outcomes.c.is_latest & db.outcomes.c.is_solved_at_2
    return connection.execute(select(func.count(db.outcomes.c.task_pk.distinct())).where(solved)).scalar_one()


def by_solver(connection: Connection, run_pks: list[int], *more: Any) -> dict[int, list[NDArray[np.int64]]]:
    """Per run solver with outcomes: task keys, attempts it took to solve each (1 or 2, 0 unsolved), and `more`.

    Args:
        connection: a reading connection.
        run_pks: the runs.
        more: further integer expressions over the latest outcomes.
    """
    solved_from = case((db.outcomes.c.is_solved_at_1, 1), (db.outcomes.c.is_solved_at_2, 2), else_=0)
    rows = connection.execute(
        select(db.outcomes.c.run_solver_pk, *(_joined(value) for value in (db.outcomes.c.task_pk, solved_from, *more)))
        .where(_of_runs(run_pks), db.outcomes.c.is_latest)
        .group_by(db.outcomes.c.run_solver_pk)
    ).all()
    return {row[0]: [_parsed(text) for text in row[1:]] for row in rows}


def confidences(connection: Connection, run_pks: list[int], *, only_attempts: bool) -> Confidences:
    """The confidence and correctness of the candidates of some runs' latest outcomes."""
    columns = _columns(connection, run_pks)
    statement = (
        select(
            db.outcomes.c.run_solver_pk,
            _joined(cast(db.candidates.c.confidence * _MICRO, BigInteger)),
            _joined(2 * func.coalesce(db.candidates.c.attempt, 0) + case((db.candidates.c.is_correct, 1), else_=0)),
        )
        .join(db.candidates, db.candidates.c.outcome_pk == db.outcomes.c.outcome_pk)
        .where(
            _of_runs(run_pks),
            db.outcomes.c.is_latest,
            db.candidates.c.is_correct.is_not(None),
        )
        .group_by(db.outcomes.c.run_solver_pk)
    )
    if only_attempts:
        statement = statement.where(db.candidates.c.attempt.is_not(None))
    values = {row[0]: [_parsed(text) for text in row[1:]] for row in connection.execute(statement)}
    empty = [np.zeros(0, dtype=np.int64)] * 2
    ordered = [values.get(pk, empty) for pk in columns]
    micro, packed = (np.concatenate([v[i] for v in ordered] or [empty[i]]) for i in range(2))
    return Confidences(
        columns=tuple(columns.values()),
        column=np.repeat(np.arange(len(columns)), [len(v[0]) for v in ordered]),
        confidence=micro / _MICRO,
        is_correct=packed % 2 == 1,
        attempt=packed // 2,
    )


def near_misses(connection: Connection, run_pks: list[int], limit: int) -> list[NearMiss]:
    """The tasks no solver of the runs solved, with the attempt 1 that came nearest."""
    accuracy = 1.0 * db.outcomes.c.cells_matched_strict / db.outcomes.c.cells
    judged = _of_runs(run_pks) & db.outcomes.c.is_latest & (db.outcomes.c.cells > 0)
    best = (
        select(db.outcomes.c.task_pk, func.max(accuracy).label("accuracy"))
        .where(judged)
        .group_by(db.outcomes.c.task_pk)
        .having(func.max(case((db.outcomes.c.is_solved_at_2, 1), else_=0)) == 0)
        .order_by(func.max(accuracy).desc(), db.outcomes.c.task_pk)
        .limit(limit)
        .subquery()
    )
    rows = connection.execute(
        select(
            db.tasks.c.task_id,
            db.runs.c.id,
            db.run_solvers.c.solver,
            accuracy,
            db.outcomes.c.cells - db.outcomes.c.cells_matched_strict,
        )
        .join(best, best.c.task_pk == db.outcomes.c.task_pk)
        .join(db.tasks, db.tasks.c.task_pk == db.outcomes.c.task_pk)
        .join(db.run_solvers, db.run_solvers.c.run_solver_pk == db.outcomes.c.run_solver_pk)
        .join(db.runs, db.runs.c.run_pk == db.run_solvers.c.run_pk)
        .where(judged, accuracy == best.c.accuracy)
        .order_by(accuracy.desc(), db.tasks.c.task_id, db.runs.c.id, db.run_solvers.c.position)
    )
    first: dict[str, NearMiss] = {}
    for row in rows:
        first.setdefault(row[0], NearMiss(row[0], row[1], row[2], float(row[3]), row[4]))
    return list(first.values())


def _right_anywhere() -> Any:
    """1 where every test result of the outcome knows a rank of the right grid, else 0."""
    tests, found = func.count(), func.count(db.test_results.c.rank_of_correct)
    return (
        select(case((and_(tests > 0, tests == found), 1), else_=0))
        .where(db.test_results.c.outcome_pk == db.outcomes.c.outcome_pk)
        .correlate(db.outcomes)
        .scalar_subquery()
    )


def _of_runs(run_pks: list[int]) -> Any:
    """The outcomes of these runs."""
    return db.outcomes.c.run_solver_pk.in_(
        select(db.run_solvers.c.run_solver_pk).where(db.run_solvers.c.run_pk.in_(run_pks))
    )


def _columns(connection: Connection, run_pks: list[int]) -> dict[int, Column]:
    """Every (run, solver) by its key, in the order of `run_pks` and of the run's solvers."""
    rows = connection.execute(
        select(
            db.run_solvers.c.run_pk,
            db.run_solvers.c.run_solver_pk,
            db.runs.c.id,
            db.run_solvers.c.solver,
            db.runs.c.n_tasks,
        )
        .join(db.runs, db.runs.c.run_pk == db.run_solvers.c.run_pk)
        .where(db.run_solvers.c.run_pk.in_(run_pks))
        .order_by(db.run_solvers.c.position)
    ).all()
    order = {run_pk: position for position, run_pk in enumerate(run_pks)}
    return {row[1]: Column(*row[2:]) for row in sorted(rows, key=lambda row: order[row.run_pk])}


def _tasks(
    connection: Connection, run_pks: list[int], used: list[NDArray[np.int64]]
) -> tuple[tuple[TaskKey, ...], NDArray[np.int64]]:
    """The tasks by id, and the row of each task key."""
    pks = np.unique(np.concatenate(used)) if used else np.zeros(0, dtype=np.int64)
    keys = {pk: TaskKey(*key) for pk, *key in task_keys(connection, pks)}
    with_outcome = {key.task_id for key in keys.values()}
    asked = connection.execute(
        select(db.run_tasks.c.task_id).distinct().where(db.run_tasks.c.run_pk.in_(run_pks))
    ).all()
    missing = [TaskKey(task_id, "") for (task_id,) in asked if task_id not in with_outcome]
    ordered = tuple(sorted([*keys.values(), *missing]))
    position = {key: row for row, key in enumerate(ordered)}
    row_of = np.zeros(int(pks.max(initial=0)) + 1, dtype=np.int64)
    for pk, key in keys.items():
        row_of[pk] = position[key]
    return ordered, row_of


def task_keys(connection: Connection, task_pks: NDArray[np.int64]) -> Sequence[Any]:
    """(key, task id, task sha256) of tasks."""
    wanted = set(task_pks.tolist())
    statement = select(db.tasks.c.task_pk, db.tasks.c.task_id, db.tasks.c.task_sha256)
    if len(wanted) <= _MOST_PARAMETERS:
        return connection.execute(statement.where(db.tasks.c.task_pk.in_(wanted))).all()
    return [row for row in connection.execute(statement).all() if row[0] in wanted]


def _joined(value: Any) -> Any:
    """The group's values joined by commas; every such column of a group has the same order."""
    return func.aggregate_strings(cast(value, String), ",")


def _parsed(text: str) -> NDArray[np.int64]:
    return np.fromstring(text, dtype=np.int64, sep=",")
