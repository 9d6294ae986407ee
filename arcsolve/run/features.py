"""Task features beside the outcomes: each feature set computed once per task and store."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from arcsolve.errors import describe

if TYPE_CHECKING:
    from arcsolve.entries import FeatureEntry
    from arcsolve.recording import RunStore
    from arcsolve.task import Task


def record_features(store: "RunStore", feature_sets: Iterable["FeatureEntry"], tasks: Iterable["Task"]) -> list[str]:
    """Compute and store what is not there yet.

    Args:
        store: where to.
        feature_sets: what the plugins registered.
        tasks: the run's tasks.

    Returns:
        A line for each feature set that failed; its tasks go without.
    """
    failures = []
    tasks = list(tasks)
    for entry in feature_sets:
        name = f"{entry.name} {entry.version}"
        there = store.featured(name)
        rows: list[tuple[str, str, Mapping[str, float]]] = []
        try:
            compute = entry.load()
            for task in tasks:
                if task.sha256 not in there:
                    rows.append((task.sha256, name, compute(task.challenge)))
            if rows:
                store.record_features(rows)
        except Exception as error:
            failures.append(f"Feature set {entry.name!r} ({entry.origin}) failed: {describe(error)}")
    return failures
