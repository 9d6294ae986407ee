"""A store that keeps nothing: for trying things out (``--store none``) and for tests."""

from collections.abc import Iterable, Mapping

from arcsolve.outcome import Outcome
from arcsolve.recording import Run


class Unrecorded:
    """An `arcsolve.RunStore` in memory."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._outcomes: dict[tuple[str, str], Outcome] = {}

    def resume_or_start(self, run: Run, *, fresh: bool) -> tuple[Run, frozenset[tuple[str, str]]]:
        """See `arcsolve.RunStore.resume_or_start`."""
        if fresh or self._run is None or self._run.key != run.key:
            self._run, self._outcomes = run, {}
        return self._run, frozenset(self._outcomes)

    def record(self, run: Run, outcome: Outcome) -> None:
        """See `arcsolve.RunStore.record`."""
        self._outcomes[outcome.solver, outcome.task_id] = outcome

    def record_features(self, rows: Iterable[tuple[str, str, Mapping[str, float]]]) -> None:
        """Features are not kept either."""

    def featured(self, feature_set: str) -> frozenset[str]:
        """See `arcsolve.RunStore.featured`."""
        return frozenset()

    def finish(self, run: Run, *, is_complete: bool) -> None:
        """Nothing to give up."""

    def outcomes_of(self, run: Run) -> list[Outcome]:
        """See `arcsolve.RunStore.outcomes_of`."""
        return list(self._outcomes.values())

    def close(self) -> None:
        """Nothing to release."""
