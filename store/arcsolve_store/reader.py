"""Reading: every typed query of the store. All of it goes through connections that can't write."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, cached_property
from types import TracebackType, UnionType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, get_args, get_type_hints, overload

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    Select,
    String,
    TableClause,
    column,
    select,
    table,
)

from arcsolve.outcome import Outcome
from arcsolve.recording import Run
from arcsolve_store import engines, lease, restoring, schema
from arcsolve_store import tables as db
from arcsolve_store.engines import explained
from arcsolve_store.location import Location, StoreError, locate
from arcsolve_store.rows import VIEWS, CandidateRow, FeatureRow, JudgedTestRow, OutcomeRow, ResultRow, RunRow, SolverRow
from arcsolve_store.tables import UtcDateTime

if TYPE_CHECKING:
    import pandas
    import polars

    from arcsolve_store import comparison, matrix, sql_query

View = Literal["runs", "solvers", "results", "outcomes", "test_results", "candidates", "features"]
"""What `Reader.frame` makes a data frame of."""
Names = str | Sequence[str] | None
"""One name, several, or None for all."""

_Row = TypeVar("_Row", bound=NamedTuple)
_TYPES: dict[Any, Any] = {
    bool: Boolean,
    bytes: LargeBinary,
    datetime: UtcDateTime,
    float: Float,
    int: Integer,
    str: String,
}


class Reader:
    """The reading half of a store. Rows are named tuples whose fields are the columns of the documented views."""

    def __init__(self, url_or_path: str | os.PathLike[str] | None = None, *, timeout_s: float = 30.0) -> None:
        """Open a store for reading only; nothing is made or upgraded.

        Args:
            url_or_path: a file or URL; None takes ``ARCSOLVE_STORE``, else ``arcsolve.db``.
            timeout_s: how long to wait for a lock.

        Raises:
            arcsolve.ArcsolveError: there is none, or it is not of this version.
        """
        self._location = locate(url_or_path)
        self._timeout_s = timeout_s
        try:
            with explained(self._location):
                schema.require_current(self._reading_engine, self._location)
        except BaseException:
            self.close()
            raise

    @property
    def location(self) -> Location:
        """Where the store is."""
        return self._location

    @cached_property
    def _reading_engine(self) -> Engine:
        return engines.reader(self._location, timeout_s=self._timeout_s)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(self._location), self._reading_engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Release the connections."""
        if "_reading_engine" in self.__dict__:
            self._reading_engine.dispose()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Runs

    def resolve(self, name: str) -> str:
        """The id of the run that `name` means.

        Args:
            name: an id, any unique beginning of one, or ``latest``.

        Raises:
            arcsolve.ArcsolveError: none or several runs match.
        """
        with self._reading() as connection:
            return str(self._resolve(connection, name).id)

    def _resolve(self, connection: Connection, name: str) -> Any:
        runs = select(db.runs.c.run_pk, db.runs.c.id).order_by(db.runs.c.created_at.desc(), db.runs.c.run_pk.desc())
        if name == "latest":
            found = connection.execute(runs.limit(1)).all()
        else:
            found = connection.execute(runs.where(db.runs.c.id == name)).all() or (
                connection.execute(runs.where(db.runs.c.id.startswith(name, autoescape=True)).limit(6)).all()
            )
        if len(found) == 1:
            return found[0]
        if found:
            shown = ", ".join(row.id for row in found[:5]) + (", …" if len(found) > 5 else "")
            raise StoreError(f"{name!r} is the beginning of several runs: {shown}. Give more of the id.")
        newest = ", ".join(row.id for row in connection.execute(runs.limit(3)))
        hint = f"The newest are: {newest}; 'arcsolve runs' lists all." if newest else "It holds no runs yet."
        raise StoreError(f"No run {name!r} in store {self._location}. {hint}")

    def _run_pks(self, connection: Connection, runs: Names) -> list[int]:
        if runs is None:
            return list(connection.execute(select(db.runs.c.run_pk).order_by(db.runs.c.run_pk)).scalars())
        names = [runs] if isinstance(runs, str) else runs
        return list(dict.fromkeys(self._resolve(connection, name).run_pk for name in names))

    def runs(self, *, dataset: Names = None, state: Names = None) -> list[RunRow]:
        """Every run, newest first. A run whose process is gone is ``abandoned`` (the same command takes it up again).

        Args:
            dataset: only runs on these data sets.
            state: only runs in these states.
        """
        with self._reading() as connection:
            rows = self._rows(connection, "v_runs", RunRow, {"dataset": dataset})
            abandoned = _abandoned(connection)
        told = [row._replace(state="abandoned") if row.run in abandoned else row for row in rows]
        wanted = None if state is None else {state} if isinstance(state, str) else set(state)
        kept = [row for row in told if wanted is None or row.state in wanted]
        return sorted(kept, key=lambda row: (row.created_at, row.run), reverse=True)

    def run(self, name: str) -> Run:
        """The run as it was started; `name` as for `resolve`."""
        with self._reading() as connection:
            return restoring.load_run(connection, self._resolve(connection, name).run_pk)

    def outcomes_of(self, run: Run | str) -> list[Outcome]:
        """Every task's latest outcome per solver, with attempts, candidates and explanations.

        Args:
            run: the run, or a name as for `resolve`.
        """
        with self._reading() as connection:
            name = run if isinstance(run, str) else run.id
            return restoring.load_outcomes(connection, self._resolve(connection, name).run_pk)

    # Rows of the documented views

    def solvers(self, run: Names = None, *, solver: Names = None) -> list[SolverRow]:
        """The solvers of runs, with versions and options."""
        with self._reading() as connection:
            where = {"run": self._ids(connection, run), "solver": solver}
            return self._rows(connection, "v_solvers", SolverRow, where)

    def results(self, run: Names = None, *, solver: Names = None, dataset: Names = None) -> list[ResultRow]:
        """Totals per run and solver."""
        with self._reading() as connection:
            where = {"run": self._ids(connection, run), "solver": solver, "dataset": dataset}
            return self._rows(connection, "v_results", ResultRow, where)

    def outcomes(
        self,
        run: Names = None,
        *,
        solver: Names = None,
        dataset: Names = None,
        task_id: Names = None,
        status: Names = None,
        category: Names = None,
        with_retries: bool = False,
    ) -> list[OutcomeRow]:
        """Outcomes, by run, solver and task.

        Args:
            run: runs, each named as for `resolve`.
            solver: only these solvers.
            dataset: only these data sets.
            task_id: only these tasks.
            status: only these statuses.
            category: only these categories.
            with_retries: also the outcomes that a retry replaced.
        """
        where = {"solver": solver, "dataset": dataset, "task_id": task_id, "status": status, "category": category}
        with self._reading() as connection:
            where["run"] = self._ids(connection, run)
            return self._rows(connection, "v_retries" if with_retries else "v_outcomes", OutcomeRow, where)

    def test_results(self, run: Names = None, *, solver: Names = None, task_id: Names = None) -> list[JudgedTestRow]:
        """The judged results per test input."""
        with self._reading() as connection:
            where = {"run": self._ids(connection, run), "solver": solver, "task_id": task_id}
            return self._rows(connection, "v_test_results", JudgedTestRow, where)

    def candidates(
        self, run: Names = None, *, solver: Names = None, task_id: Names = None, only_attempts: bool = False
    ) -> list[CandidateRow]:
        """The candidates kept; `arcsolve_store.grids.decode(row.cells, row.height, row.width)` gives the grid."""
        with self._reading() as connection:
            where = {"run": self._ids(connection, run), "solver": solver, "task_id": task_id}
            only = [column("attempt").is_not(None)] if only_attempts else []
            return self._rows(connection, "v_candidates", CandidateRow, where, *only)

    def features(self, feature_set: Names = None) -> list[FeatureRow]:
        """Task features, one row per value."""
        with self._reading() as connection:
            return self._rows(connection, "v_features", FeatureRow, {"feature_set": feature_set})

    def _ids(self, connection: Connection, runs: Names) -> list[str] | None:
        if runs is None:
            return None
        return [self._resolve(connection, name).id for name in ([runs] if isinstance(runs, str) else runs)]

    def _rows(
        self,
        connection: Connection,
        view: str,
        row_type: type[_Row],
        where: Mapping[str, Names],
        *conditions: ColumnElement[bool],
    ) -> list[_Row]:
        return [row_type(*row) for row in connection.execute(_select(view, where, *conditions))]

    # Arrays

    def outcome_matrix(
        self, runs: Names = None, *, with_times: bool = True, with_oracle: bool = False
    ) -> "matrix.OutcomeMatrix":
        """Solved flags and times of runs as tasks x solvers arrays.

        Args:
            runs: runs, each named as for `resolve`; None takes every run.
            with_times: False leaves the times NaN, in half the time.
            with_oracle: also look for the right grid among all candidates.
        """
        from arcsolve_store import matrix

        with self._reading() as connection:
            pks = self._run_pks(connection, runs)
            return matrix.outcome_matrix(connection, pks, with_times=with_times, with_oracle=with_oracle)

    def union(self, runs: Names = None) -> int:
        """How many tasks some solver of the runs solved within two attempts: the virtual best solver's score."""
        from arcsolve_store import matrix

        with self._reading() as connection:
            return matrix.union(connection, self._run_pks(connection, runs))

    def confidences(self, runs: Names = None, *, only_attempts: bool = True) -> "matrix.Confidences":
        """Confidence and correctness of the attempts (or of all candidates) of runs as flat arrays."""
        from arcsolve_store import matrix

        with self._reading() as connection:
            return matrix.confidences(connection, self._run_pks(connection, runs), only_attempts=only_attempts)

    def near_misses(self, runs: Names = None, *, limit: int = 20) -> "list[matrix.NearMiss]":
        """The tasks that no solver of the runs solved, the nearest miss first."""
        from arcsolve_store import matrix

        with self._reading() as connection:
            return matrix.near_misses(connection, self._run_pks(connection, runs), limit)

    # Data frames

    @overload
    def frame(self, what: View, *, library: Literal["polars"] = ..., **filters: Any) -> "polars.DataFrame": ...

    @overload
    def frame(self, what: View, *, library: Literal["pandas"], **filters: Any) -> "pandas.DataFrame": ...

    def frame(self, what: View, *, library: Literal["polars", "pandas"] = "polars", **filters: Any) -> Any:
        """One of the row queries as a data frame, with the columns of its documented view.

        Args:
            what: ``runs``, ``solvers``, ``results``, ``outcomes``, ``test_results``, ``candidates`` or ``features``.
            library: ``polars`` or ``pandas``; both need the extra ``frames``.
            filters: as for the method of that name.

        Raises:
            arcsolve.ArcsolveError: the library is not installed, or a run does not exist.
        """
        from arcsolve_store import frames

        if what not in get_args(View):
            raise StoreError(f"There is no table {what!r} to make a frame of. There are: {', '.join(get_args(View))}.")
        rows = getattr(self, what)(**filters)
        return frames.make(rows, VIEWS[f"v_{what}"], library)

    # Comparison and SQL

    def compare(
        self, a: str, b: str, *, at: Literal[1, 2] = 2, allow_different_data: bool = False
    ) -> "list[comparison.Comparison]":
        """Compare two runs task by task; see `arcsolve_store.comparison.compare`."""
        from arcsolve_store import comparison

        with self._reading() as connection:
            return comparison.compare(connection, self._resolve, a, b, at=at, allow_different_data=allow_different_data)

    def query(self, sql: str) -> "sql_query.Table":
        """Run one SQL statement that only reads; see `arcsolve_store.sql_query.run`."""
        from arcsolve_store import sql_query

        with self._reading() as connection:
            return sql_query.run(connection, sql)


def _select(view: str, where: Mapping[str, Names], *conditions: ColumnElement[bool]) -> Select[Any]:
    source = _table(view)
    statement = select(*source.columns).where(*conditions)
    for name, wanted in where.items():
        if isinstance(wanted, str):
            statement = statement.where(source.c[name] == wanted)
        elif wanted is not None:
            statement = statement.where(source.c[name].in_(list(wanted)))
    return statement


@cache
def _table(view: str) -> TableClause:
    """A view as SQLAlchemy sees it: names and types from its row type."""
    hints = get_type_hints(VIEWS[view])
    return table(view, *(column(name, _type(hints[name])) for name in VIEWS[view]._fields))


def _type(hint: Any) -> Any:
    kinds = [part for part in get_args(hint) if part is not type(None)] if isinstance(hint, UnionType) else [hint]
    return _TYPES.get(kinds[0], JSON)()


def _abandoned(connection: Connection) -> set[str]:
    """Runs in state ``running`` that no live process holds."""
    rows = connection.execute(
        select(
            db.runs.c.id,
            db.sessions.c.host,
            db.sessions.c.pid,
            db.sessions.c.process_started,
            db.sessions.c.heartbeat_at,
        )
        .join(db.sessions, db.sessions.c.run_pk == db.runs.c.run_pk)
        .where(db.runs.c.state == "running", db.sessions.c.ended_at.is_(None))
    ).all()
    held = {row[0] for row in rows if lease.is_alive(lease.Holder(*row[1:4]), row.heartbeat_at)}
    return {row[0] for row in rows} - held
