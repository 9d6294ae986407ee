"""``arcsolve results``: a run's scores, as the run's own summary shows them."""

import sys
from typing import TYPE_CHECKING

import click

import arcsolve_store
from arcsolve.cli.output import note, print_json, print_table
from arcsolve.cli.parameters import json_option, store_option
from arcsolve.errors import ArcsolveError

if TYPE_CHECKING:
    from arcsolve.recording import Run
    from arcsolve.task import Task
    from arcsolve_store.reader import Reader
    from arcsolve_store.rows import ResultRow


@click.command()
@click.argument("run", default="latest")
@click.option("--data", metavar="NAME|PATH", help="Where the run's tasks are, if they moved.")
@click.option("--stored", is_flag=True, help="Only what the store itself tells: needs no data set, takes no time.")
@click.option("--tables", is_flag=True, help="Also print tables by task property and by pixel accuracy.")
@json_option
@store_option
def results(run: str, data: str | None, stored: bool, tables: bool, as_json: bool, store: str) -> None:
    """Show the scores of RUN: an id, any unique beginning of one, or 'latest'.

    The table is the one that ended the run, Agent Zero's figures on the same tasks included. Where the data set can't
    be read any more, the store's own totals are shown.
    """
    with arcsolve_store.open(store, readonly=True) as opened:
        found = opened.run(run)
        if not stored:
            try:
                tasks = run_tasks(found, data)
            except ArcsolveError as error:
                if data is not None:
                    raise
                note(f"{error}\nShown is what the store itself tells; Agent Zero's figures need the data set.")
            else:
                _summarise(opened, found, tasks, as_json, tables)
                return
        order = [spec.name for spec in found.solvers]
        rows = sorted(opened.results(found.id), key=lambda row: order.index(row.solver))
        union = opened.union(found.id)
    if as_json:
        print_json(_stored_json(found, rows, union))
        return
    print_table(
        [
            *("solver", "tasks", "solved@2", "solved@1", "fraction", "pixels", "strict"),
            *("missing", "timeout", "error", "CPU s/task"),
        ],
        map(_stored_cells, rows),
    )
    click.echo(f"union (VBS): {union} of {len(found.task_ids)}")


def run_tasks(run: "Run", data: str | None) -> "list[Task]":
    """The tasks of a run, read anew, in the run's order.

    Raises:
        ArcsolveError: the data set can't be read, lacks a task, or has other content than the run saw.
    """
    from arcsolve.data import load

    dataset = load(data or run.environment.get("data") or run.dataset)
    missing = [task_id for task_id in run.task_ids if task_id not in dataset]
    if missing:
        raise ArcsolveError(
            f"Data set {dataset.name!r} lacks {len(missing)} of the tasks of run {run.id} ({missing[0]}, …). "
            f"Name the right one with --data."
        )
    return [dataset[task_id] for task_id in run.task_ids]


def _summarise(opened: "Reader", run: "Run", tasks: "list[Task]", as_json: bool, tables: bool) -> None:
    from arcsolve.score.summary import summarise

    outcomes = opened.outcomes_of(run)
    by_id = {task.id: task for task in tasks}
    for outcome in outcomes:
        if by_id[outcome.task_id].sha256 != outcome.task_sha256:
            raise ArcsolveError(
                f"Task {outcome.task_id!r} is not the one that run {run.id} saw: its content differs. Name the run's "
                f"data set with --data, or add --stored for what the store itself tells."
            )
    n_done = len(outcomes)
    summary = summarise(run, tasks, outcomes, is_complete=n_done == len(tasks) * len(run.solvers))
    if as_json:
        print_json(summary.to_json())
        return
    from rich.console import Console

    from arcsolve.score.report import print_summary

    print_summary(summary, Console(width=None if sys.stdout.isatty() else 140), with_tables=tables)


def _stored_json(run: "Run", rows: "list[ResultRow]", union: int) -> dict[str, object]:
    return {
        "run": run.id,
        "dataset": {"name": run.dataset, "tasks": len(run.task_ids), "sha256": run.dataset_sha256},
        "solvers": {
            row.solver: {
                "tasks": row.n_tasks,
                **{name: getattr(row, name) for name in _STORED_FIGURES},
            }
            for row in rows
        },
        "union": {"solved_at_2": union},
    }


_STORED_FIGURES = (
    *("solved_at_1", "solved_at_2", "fraction_at_2", "solved_cropped", "pixel_accuracy", "pixel_accuracy_strict"),
    *("missing", "timeouts", "errors", "cpu_s", "wall_s"),
)


def _stored_cells(row: "ResultRow") -> list[object]:
    return [
        *(row.solver, row.n_tasks, row.solved_at_2, row.solved_at_1, f"{100 * row.fraction_at_2:.2f} %"),
        *(f"{100 * row.pixel_accuracy:.2f} %", f"{100 * row.pixel_accuracy_strict:.2f} %"),
        *(row.missing, row.timeouts, row.errors, f"{row.cpu_s / max(1, row.n_tasks):.3f}"),
    ]
