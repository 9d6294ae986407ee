"""`Store`: what `arcsolve_store.open` returns, recorder and reader in one."""

import os
from pathlib import Path
from types import TracebackType

from arcsolve_store import engines, schema
from arcsolve_store.engines import explained
from arcsolve_store.location import Location, check_file, locate
from arcsolve_store.reader import Reader
from arcsolve_store.recorder import Recorder


class Store(Recorder, Reader):
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
        is_current = _is_current(location, timeout_s)
        engine = engines.writer(location, timeout_s=timeout_s)
        try:
            with explained(location):
                self.backup: Path | None = None if is_current else schema.prepare(engine, location)
                """The copy made before an upgrade, None where none was needed."""
        except BaseException:
            engine.dispose()
            raise
        Recorder.__init__(self, engine, location)
        self._timeout_s = timeout_s

    def close(self) -> None:
        """Release the connections. A run that was not finished stays resumable."""
        Recorder.close(self)
        Reader.close(self)

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_current(location: Location, timeout_s: float) -> bool:
    """Look at an existing file through a reader: a writer would take a lock, and change another program's file."""
    if location.path is None or not check_file(location.path.absolute(), for_writing=True):
        return False
    engine = engines.reader(location, timeout_s=timeout_s)
    try:
        with explained(location):
            return schema.is_current(engine, location)
    finally:
        engine.dispose()
