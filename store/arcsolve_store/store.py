"""`Store`: what `arcsolve_store.open` returns, a recorder and its read-only counterpart in one."""

import os
from functools import cached_property
from pathlib import Path
from types import TracebackType

from sqlalchemy import Engine, select

from arcsolve.outcome import Outcome
from arcsolve.recording import Run
from arcsolve_store import engines, schema
from arcsolve_store.engines import explained
from arcsolve_store.location import Location, StoreError, locate
from arcsolve_store.models import RunRecord
from arcsolve_store.recorder import Recorder
from arcsolve_store.restoring import load_outcomes


class Store(Recorder):
    """A store, opened for writing and reading: an `arcsolve.RunStore` and the analyst's typed queries.

    Opening makes the store where there is none and upgrades an older one, after a backup. Reading goes through
    connections of its own that can't write. Use it from one process; several processes may each open the same store.
    """

    def __init__(self, url_or_path: str | os.PathLike[str] | None = None, *, timeout_s: float = 30.0) -> None:
        """Open a store.

        Args:
            url_or_path: a file, or a database URL of SQLAlchemy's; None takes ``ARCSOLVE_STORE``, else ``arcsolve.db``.
            timeout_s: how long to wait for another process's transaction.

        Raises:
            arcsolve.ArcsolveError: it can't be opened, made or upgraded; the message says why and what to do.
        """
        location = locate(url_or_path)
        engine = engines.writer(location, timeout_s=timeout_s)
        self._timeout_s = timeout_s
        try:
            with explained(location):
                self.backup: Path | None = schema.prepare(engine, location)
                """The copy made before an upgrade, None where none was needed."""
        except BaseException:
            engine.dispose()
            raise
        super().__init__(engine, location)

    @property
    def location(self) -> Location:
        """Where the store is."""
        return self._location

    @cached_property
    def _reader(self) -> Engine:
        return engines.reader(self._location, timeout_s=self._timeout_s)

    def outcomes_of(self, run: Run) -> list[Outcome]:
        """See `arcsolve.RunStore.outcomes_of`."""
        with explained(self._location), self._reader.connect() as connection:
            run_pk = connection.execute(select(RunRecord.run_pk).where(RunRecord.id == run.id)).scalar()
            if run_pk is None:
                raise StoreError(f"Store {self._location} holds no run {run.id}.")
            return load_outcomes(connection, run_pk)

    def close(self) -> None:
        """Release the connections."""
        super().close()
        if "_reader" in self.__dict__:
            self._reader.dispose()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
