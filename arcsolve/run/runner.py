"""The run as data flow: challenges out to the executor, reports back, judged here, recorded at once, summed up."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from arcsolve.entries import FeatureEntry
from arcsolve.outcome import Outcome, Status
from arcsolve.recording import Run, RunStore
from arcsolve.registry import Hooks
from arcsolve.run.executor import Executor, Report, Stop
from arcsolve.run.features import record_features
from arcsolve.run.plan import Plan
from arcsolve.score.judge import judge


class Watcher(Protocol):
    """Who is told how a run goes, for a person to see."""

    def started(self, run: Run, total: int, skipped: int) -> None:
        """Told once: `total` outcomes to come, `skipped` already there."""

    def finished(self, outcome: Outcome) -> None:
        """Told after each outcome."""


@dataclass(frozen=True)
class RunResult:
    """What came of a run."""

    run: Run
    outcomes: tuple[Outcome, ...]
    """All there are, those of earlier sessions included; at most one per solver and task."""
    skipped: int
    """Outcomes of earlier sessions."""
    is_complete: bool
    notes: tuple[str, ...] = ()
    """What went wrong beside the outcomes, a line each."""


def carry_out(
    plan: Plan,
    store: RunStore,
    executor: Executor,
    *,
    fresh: bool = False,
    stop: Stop | None = None,
    hooks: Hooks | None = None,
    watcher: Watcher | None = None,
    feature_sets: Iterable[FeatureEntry] = (),
    retry: Collection[Status] = (),
) -> RunResult:
    """Carry out a plan.

    Each outcome is recorded before the next is looked at, so whatever ends this process loses at most what was in
    flight; the same plan then continues where the store left off.

    Args:
        plan: what to do; its solvers are warmed up (`arcsolve.run.plan.warm_up`).
        store: where outcomes are recorded.
        executor: what runs the solvers.
        fresh: start a new run even where one with the same key can be continued.
        stop: to be set from outside (Ctrl-C).
        hooks: the plugins' events.
        watcher: a progress display.
        feature_sets: to be recorded for tasks that have none yet.
        retry: outcomes of an earlier session that ended so are tried again; the new one stands beside the old.

    Raises:
        ArcsolveError: the store refuses, or the executor can't work here.
    """
    stop = stop or Stop()
    run, done = store.resume_or_start(plan.run, fresh=fresh)
    is_complete = False
    try:
        outcomes = {(o.solver, o.task_id): o for o in store.outcomes_of(run)} if done else {}
        done = frozenset(key for key in done if outcomes[key].status not in retry)
        skipped = len(done)
        works = plan.works(run, done)
        total, n_new = len(plan.tasks) * len(plan.choices), 0
        if watcher is not None:
            watcher.started(run, total - skipped, skipped)
        if hooks is not None:
            hooks.run_started(run)
        tasks = {task.id: task for task in plan.tasks}
        with _closed(executor.execute(works, plan.settings, stop) if works else iter(())) as reports:
            for report in reports:
                outcome = judge(report, tasks[report.task_id])
                store.record(run, outcome)
                outcomes[outcome.solver, outcome.task_id] = outcome
                n_new += 1
                if hooks is not None:
                    hooks.task_finished(run, outcome)
                if watcher is not None:
                    watcher.finished(outcome)
        is_complete = skipped + n_new == total
        notes = record_features(store, feature_sets, plan.tasks) if is_complete else []
    finally:
        store.finish(run, is_complete=is_complete)
    if hooks is not None:
        hooks.run_finished(run)
    return RunResult(run, tuple(outcomes.values()), skipped, is_complete, tuple(notes))


@contextmanager
def _closed(reports: Iterator[Report]) -> Iterator[Iterator[Report]]:
    """End a generator of reports, and with it its processes, at once whatever happens here."""
    try:
        yield reports
    finally:
        close = getattr(reports, "close", None)
        if close is not None:
            close()
