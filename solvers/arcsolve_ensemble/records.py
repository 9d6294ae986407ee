"""What the ensemble asks of a store: arrays and outcomes of recorded runs, through the registry, never by SQL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from arcsolve import Outcome, Run
from arcsolve_ensemble.arrays import Bools, Floats, Ints

if TYPE_CHECKING:
    from collections.abc import Iterator


class ColumnLike(Protocol):
    """A solver in a run."""

    run: str
    solver: str


class TaskLike(Protocol):
    """A task and its content."""

    task_id: str
    task_sha256: str


class MatrixLike(Protocol):
    """n tasks by s (run, solver) columns."""

    tasks: Sequence[TaskLike]
    columns: Sequence[ColumnLike]
    is_present: Bools
    is_solved_at_2: Bools
    wall_s: Floats
    is_right_anywhere: Bools


class ConfidencesLike(Protocol):
    """Candidates whose correctness is known, flat."""

    columns: Sequence[ColumnLike]
    column: Ints
    confidence: Floats
    is_correct: Bools


class NearMissLike(Protocol):
    """A task nobody solved, and who came nearest."""

    task_id: str
    run: str
    solver: str
    pixel_accuracy_strict: float
    cells_wrong: int


class Records(Protocol):
    """A store, opened for reading; `arcsolve_store` is the implementation that ships."""

    def resolve(self, name: str) -> str:
        """Return the run id that *name* (an id, its beginning, or ``latest``) means."""

    def run(self, name: str) -> Run:
        """Return a run as it was started."""

    def runs(self) -> Sequence[Any]:
        """Return every run, newest first; rows have ``run``, ``dataset`` and ``dataset_sha256``."""

    def outcome_matrix(
        self, runs: Sequence[str] | None = None, *, with_times: bool = True, with_oracle: bool = False
    ) -> MatrixLike:
        """Return solved flags and times (and oracle@all) as arrays."""

    def confidences(self, runs: Sequence[str] | None = None, *, only_attempts: bool = True) -> ConfidencesLike:
        """Return confidence and correctness of attempts or of all candidates."""

    def near_misses(self, runs: Sequence[str] | None = None, *, limit: int = 20) -> Sequence[NearMissLike]:
        """Return tasks that nobody solved, nearest miss first."""

    def outcomes_of(self, run: Run | str) -> list[Outcome]:
        """Return every task's latest outcome per solver, with candidates."""

    def outcomes(self, run: Sequence[str] | None = None) -> Sequence[Any]:
        """Return latest outcomes as rows with ``run``, ``solver``, ``task_id`` and more."""

    def close(self) -> None:
        """Release the connections."""


class Table(NamedTuple):
    """Column names and rows, for printing and for data frames."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def frame(self) -> Any:
        """Return a pandas data frame.

        Raises:
            ArcsolveError: if pandas is not installed.
        """
        from arcsolve import ArcsolveError

        try:
            import pandas
        except ImportError:
            raise ArcsolveError(
                "Data frames need pandas, which is not installed. Run: pip install 'arcsolve[frames]'."
            ) from None
        return pandas.DataFrame(self.rows, columns=list(self.columns))

    def records(self) -> list[dict[str, Any]]:
        """Return one mapping per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@contextmanager
def open_records(store: str | None) -> Iterator[Records]:
    """Open a store for reading through the registry.

    Args:
        store: a file or URL; None takes ``ARCSOLVE_STORE``, else ``arcsolve.db``.

    Raises:
        ArcsolveError: if there is none, or nothing reads its kind.
    """
    from arcsolve import plugins

    registry = plugins.load()
    where = store or os.environ.get("ARCSOLVE_STORE")
    scheme = where.partition("://")[0].partition("+")[0] if where and "://" in where else "sqlite"
    records = cast("Records", registry.find(registry.stores, scheme).load()(store, readonly=True))
    try:
        yield records
    finally:
        records.close()
