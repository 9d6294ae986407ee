"""``arcsolve ensemble train`` and ``ablate``: learn from stored outcomes, and measure what each part adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arcsolve import ArcsolveError

if TYPE_CHECKING:
    from arcsolve_ensemble.records import Table
    from arcsolve_ensemble.router.stored import StoredTasks
    from arcsolve_ensemble.router.train import Lesson


def _runs(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


@click.command(name="train")
@click.option(
    "--runs",
    multiple=True,
    required=True,
    callback=_runs,
    metavar="RUN[,RUN…]",
    help="Runs to learn from, as RUN or STORE:RUN; 'STORE:all' takes every run of a store. Runs on held-out "
    "demonstrations (--data held-out:…) of the same tasks teach the forecast.",
)
@click.option("--store", envvar="ARCSOLVE_STORE", metavar="FILE|URL", help="The store of runs that name none.")
@click.option(
    "--output", "-O", type=click.Path(path_type=Path), default=Path("router.npz"), show_default=True, help="Model file."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds folds and forests.")
def train_command(runs: list[str], store: str | None, output: Path, seed: int) -> None:
    """Train the router on stored outcomes and write its model file.

    Use it with: arcsolve run --solver ensemble -o ensemble.model=FILE
    """
    from arcsolve_ensemble.cli.analyse import print_table
    from arcsolve_ensemble.router.stored import load_named
    from arcsolve_ensemble.router.train import learn

    stored = load_named(runs, store)
    lesson = learn(stored, seed)
    model = lesson.model
    model.save(output)
    print_table(f"Learnt from {model.trained_on}", members_table(stored, lesson))
    click.echo(f"Wrote {output} ({output.stat().st_size / 1024:.0f} KiB)", err=True)


def members_table(stored: StoredTasks, lesson: Lesson) -> Table:
    """Return what was learnt about each member, with held-out AUC and calibration of its success model."""
    from arcsolve_ensemble.analysis.calibration import calibration
    from arcsolve_ensemble.records import Table

    rows: list[tuple[object, ...]] = []
    for name, member in lesson.model.members.items():
        ran, solved = stored.solved(name)
        quality = calibration(lesson.held_out[name], solved[ran])
        trust = lesson.model.trust.members[name]
        rows.append(
            (
                name,
                member.tasks,
                int(solved.sum()),
                member.success.kind,
                quality.auc,
                quality.ece,
                trust.right,
                trust.method,
            )
        )
    return Table(("solver", "tasks", "solved", "success model", "auc", "ece", "right votes", "trust"), rows)


@click.command(name="ablate")
@click.option(
    "--train",
    "train_runs",
    multiple=True,
    required=True,
    callback=_runs,
    metavar="RUN[,RUN…]",
    help="Runs to learn from, as RUN or STORE:RUN.",
)
@click.option(
    "--test",
    "test_runs",
    multiple=True,
    required=True,
    callback=_runs,
    metavar="RUN[,RUN…]",
    help="Other runs; with runs on held-out demonstrations of the same tasks, predictions are recalibrated by those.",
)
@click.option("--store", envvar="ARCSOLVE_STORE", metavar="FILE|URL", help="The store of runs that name none.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def ablate_command(train_runs: list[str], test_runs: list[str], store: str | None, as_json: bool) -> None:
    """Show what each part of the merging adds, on runs that the model was not trained on."""
    from arcsolve_ensemble.cli.analyse import print_table
    from arcsolve_ensemble.router.ablation import ablation
    from arcsolve_ensemble.router.measure import success_table
    from arcsolve_ensemble.router.replay import replay_table
    from arcsolve_ensemble.router.stored import load_named
    from arcsolve_ensemble.router.train import train

    stored, others = load_named(train_runs, store), load_named(test_runs, store)
    stored = without_tasks_of(stored, others)
    model = train(stored)
    merging, success, timed = ablation(others, model), success_table(others, model), replay_table(others, model)
    if as_json:
        tables = {"merging": merging, "success": success, "timed": timed}
        shown = {name: table.records() for name, table in tables.items()}
        click.echo(json.dumps({"tasks": len(others.tasks)} | shown))
        return
    print_table(f"Merging {len(others.tasks)} tasks of {others.name}, learnt from {model.trained_on}", merging)
    print_table("Predicting who solves what", success)
    print_table("Within a time budget per task, by stored times", timed)


def without_tasks_of(stored: StoredTasks, others: StoredTasks) -> StoredTasks:
    """Return the training tasks less those whose content is among the test tasks, and say so.

    Raises:
        ArcsolveError: if that is more than a tenth of either, which is no slip but the same data.
    """
    tested = {task.challenge.sha256 for task in others.tasks}
    kept = [i for i, task in enumerate(stored.tasks) if task.challenge.sha256 not in tested]
    shared = len(stored.tasks) - len(kept)
    if shared > 0.1 * min(len(stored.tasks), len(others.tasks)):
        raise ArcsolveError(
            f"{shared} of the {len(others.tasks)} test tasks are training tasks as well, which would flatter the "
            "figures. Choose test runs on another data set."
        )
    if shared:
        click.echo(f"Left out of training: {shared} of its tasks, found among the test tasks as well.", err=True)
    return stored.subset(kept)
