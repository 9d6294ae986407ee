"""From what the user asked for to a plan: which solvers with which options on which tasks, and the run's identity."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arcsolve.entries import SolverEntry
from arcsolve.errors import ArcsolveError, describe, did_you_mean
from arcsolve.options import validate_options
from arcsolve.recording import Run, SolverSpec
from arcsolve.registry import Registry
from arcsolve.run.environment import describe_environment
from arcsolve.run.executor import Settings, Work
from arcsolve.solver import Solver
from arcsolve.task import Dataset, Task


@dataclass(frozen=True, eq=False)
class Choice:
    """A solver as chosen for a run: its class is imported, its options are valid."""

    entry: SolverEntry
    solver: type[Solver]
    options_given: Mapping[str, Any]
    options: Any
    """An instance of the solver's ``Options``."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything a run needs to know, before anything is recorded or started."""

    run: Run
    tasks: tuple[Task, ...]
    choices: tuple[Choice, ...]
    settings: Settings

    def works(self, run: Run, done: frozenset[tuple[str, str]]) -> list[Work]:
        """What is left to do, per solver; challenges only.

        Args:
            run: the run to continue.
            done: (solver, task id) already recorded.
        """
        challenges = tuple(task.challenge for task in self.tasks)
        works = []
        for choice in self.choices:
            name = choice.entry.name
            pending = tuple(i for i, challenge in enumerate(challenges) if (name, challenge.id) not in done)
            if pending:
                works.append(
                    Work(choice.entry, dict(choice.options_given), choice.solver.resources, challenges, pending)
                )
        return works


def choose_solvers(registry: Registry, names: Sequence[str], options: Sequence[str]) -> tuple[Choice, ...]:
    """Look up the solvers and check their options.

    Args:
        registry: the installed solvers.
        names: solver names, each once.
        options: ``solver.option=value`` as on the command line.

    Raises:
        ArcsolveError: no such solver, one named twice, an option of none of them, a bad value.
    """
    for name in names:
        if list(names).count(name) > 1:
            raise ArcsolveError(f"Solver {name!r} is named twice. Name each solver once.")
    entries = [registry.solver(name) for name in names]
    given = parse_options(options, names)
    choices = []
    for entry in entries:
        solver = entry.load()
        values = validate_options(entry.name, solver.Options, given.get(entry.name, {}))
        choices.append(Choice(entry, solver, given.get(entry.name, {}), values))
    return tuple(choices)


def warm_up(choice: Choice) -> None:
    """Let a solver prepare this machine, in this process, before any worker starts.

    Raises:
        ArcsolveError: it can't, and why.
    """
    try:
        choice.solver.warm_up(choice.options)
    except ArcsolveError:
        raise
    except Exception as error:
        raise ArcsolveError(
            f"Solver {choice.entry.name!r} ({choice.entry.origin}) failed in warm_up: {describe(error)}"
        ) from error


def parse_options(options: Sequence[str], solvers: Sequence[str]) -> dict[str, dict[str, str]]:
    """Sort ``solver.option=value`` texts by solver.

    Raises:
        ArcsolveError: not of that form, given twice, or for a solver that does not take part.
    """
    given: dict[str, dict[str, str]] = {}
    for text in options:
        path, has_value, value = text.partition("=")
        solver, _, option = path.strip().partition(".")
        if not (has_value and solver and option):
            raise ArcsolveError(f"Option {text!r} is not of the form SOLVER.OPTION=VALUE, e.g. -o dsl.depth=3")
        if solver not in solvers:
            raise ArcsolveError(
                f"Option {text!r} is for the solver {solver!r}, which does not take part."
                f"{did_you_mean(solver, solvers)} Solvers of this run: {', '.join(solvers)}."
            )
        if option in given.setdefault(solver, {}):
            raise ArcsolveError(f"Option {solver}.{option} is given twice. Give it once.")
        given[solver][option] = value
    return given


def choose_tasks(dataset: Dataset, ids: Sequence[str], limit: int | None) -> tuple[Task, ...]:
    """The data set's tasks, or those named, or the first `limit` of either.

    Raises:
        ArcsolveError: an id that the data set does not hold.
    """
    for task_id in ids:
        if task_id not in dataset:
            near = did_you_mean(task_id, (task.id for task in dataset))
            raise ArcsolveError(f"Data set {dataset.name!r} holds no task {task_id!r}.{near} It has {len(dataset)}.")
    tasks = tuple(dataset[task_id] for task_id in dict.fromkeys(ids)) if ids else dataset.tasks
    return tasks if limit is None else tasks[:limit]


def make_plan(
    dataset: Dataset,
    tasks: tuple[Task, ...],
    choices: tuple[Choice, ...],
    settings: Settings,
    *,
    command: Sequence[str] = (),
    data: str = "",
) -> Plan:
    """Fix a run's identity.

    Args:
        dataset: the whole data set.
        tasks: those of its tasks that are to be solved.
        choices: the solvers.
        settings: the rules of execution.
        command: the command line, for the record.
        data: by what name or path the data set can be loaded again.
    """
    specs = tuple(
        SolverSpec(
            name=choice.entry.name,
            version=choice.solver.version,
            distribution=str(choice.entry.origin),
            options_given=choice.options_given,
            options=choice.options.model_dump(mode="json"),
        )
        for choice in choices
    )
    now = datetime.now(UTC)
    task_ids = tuple(task.id for task in tasks)
    run = Run(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}",
        key=_key(dataset, task_ids, specs, settings),
        created_at=now,
        dataset=dataset.name,
        dataset_sha256=dataset.sha256,
        task_ids=task_ids,
        solvers=specs,
        seed=settings.seed,
        timeout_s=settings.timeout_s,
        memory_mb=settings.memory_mb,
        environment=describe_environment(
            {choice.entry.origin.distribution for choice in choices if choice.entry.origin.file is None},
            command=list(command),
            data=data,
            workers=settings.workers,
            device=settings.device,
        ),
        tests_per_task=tuple(len(task.challenge.test_inputs) for task in tasks),
    )
    return Plan(run, tasks, choices, settings)


def _key(
    dataset: Dataset,
    task_ids: Sequence[str],
    specs: Sequence[SolverSpec],
    settings: Settings,
) -> str:
    """What decides the answers; the number of workers does not."""
    identity = {
        "data": [dataset.sha256, list(task_ids)],
        "solvers": [[spec.name, spec.version, spec.distribution, dict(spec.options)] for spec in specs],
        "plugin files": [_file_hash(file) for file in settings.plugin_files],
        "seed": settings.seed,
        "limits": [settings.timeout_s, settings.memory_mb, settings.prepare_timeout_s],
        "device": settings.device,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _file_hash(path: str) -> str:
    """Content hash of a plugin file: an edited one starts a new run."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
