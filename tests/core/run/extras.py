"""A plugin file with everything a run may use besides solvers: an executor, events, features."""

import os

import arcsolve
from arcsolve.outcome import Status
from arcsolve.run.executor import Report


class Inline:
    """Solve in this process: no isolation, for debugging."""

    def anticipate(self, solvers, settings):
        note("anticipate", *(entry.name for entry, _ in solvers))

    def execute(self, works, settings, stop):
        for work in works:
            solver = work.entry.make(work.options)
            for index in work.pending:
                if stop.is_requested:
                    return
                challenge = work.challenges[index]
                found = list(solver.solve(challenge, arcsolve.Budget(settings.timeout_s).started()))
                yield Report(work.entry.name, challenge.id, Status.FINISHED, candidates=found, n_candidates=len(found))

    def close(self):
        note("close")


def note(*words):
    with open(os.environ["EXTRAS_LOG"], "a") as file:
        print(*words, file=file)


def corners(challenge):
    note("corners", challenge.id)
    return {"corner": float(challenge.test_inputs[0][0, 0]), "nothing": float("nan")}


def broken(challenge):
    raise ValueError("no features today")


@arcsolve.hookimpl
def register_executors(register):
    register("inline", Inline)


@arcsolve.hookimpl
def register_features(register):
    register("corners", corners, version="3")
    register("broken", broken)


@arcsolve.hookimpl
def run_started(run):
    note("started", run.id)


@arcsolve.hookimpl
def task_finished(run, outcome):
    note("finished", outcome.solver, outcome.task_id, outcome.status)


@arcsolve.hookimpl
def run_finished(run):
    note("over", run.id)
