"""``arcsolve show``: a task, and what a run's solvers answered, drawn in ARC's colours."""

import os
import shutil
import sys
from pathlib import Path

import click

from arcsolve import plugins
from arcsolve.cli.output import note
from arcsolve.cli.parameters import data_option, open_for_reading, plugin_option, store_option
from arcsolve.data import load
from arcsolve.errors import ArcsolveError
from arcsolve.outcome import Outcome
from arcsolve.registry import Registry
from arcsolve.run.plan import choose_tasks
from arcsolve.show import task_sheet
from arcsolve.task import Dataset, Task

_EVERYWHERE = ("arc1:evaluation", "arc1:training", "arc2:evaluation", "arc2:training")
"""Where a task is looked for when no data set is named."""


@click.command()
@click.argument("task_id", metavar="TASK")
@data_option(default=None)
@click.option(
    "--run", "run_name", metavar="RUN", help="Add the attempts of this run's solvers; wrong cells are marked."
)
@click.option("--solver", "solvers", multiple=True, help="With --run: only this solver (repeatable).")
@store_option
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write an SVG picture.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Write a PNG picture.")
@click.option(
    "--colour",
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="24-bit colours in the terminal; without colour, grids are digits.",
)
@plugin_option
def show(
    task_id: str,
    data: str | None,
    run_name: str | None,
    solvers: tuple[str, ...],
    store: str,
    svg: Path | None,
    png: Path | None,
    colour: str,
    plugin: tuple[Path, ...],
) -> None:
    """Draw the task TASK: its demonstrations, its tests and, with --run, the attempts at it.

    Without --data the task is looked for in the run's data set, else in the public ones. With --svg or --png the
    picture goes to the file and nothing to the terminal.
    """
    registry = plugins.load(plugin)
    outcomes: list[Outcome] = []
    if run_name is not None:
        recorder = open_for_reading(registry, store)
        try:
            run = recorder.run(run_name)
            outcomes = [outcome for outcome in recorder.outcomes_of(run) if outcome.task_id == task_id]
        finally:
            recorder.close()
        if not outcomes:
            raise ArcsolveError(
                f"Run {run.id} has no outcome for the task {task_id!r}; its data set is {run.dataset!r}."
            )
        if solvers:
            names = sorted({outcome.solver for outcome in outcomes})
            unknown = [solver for solver in solvers if solver not in names]
            if unknown:
                raise ArcsolveError(f"Run {run.id} has no solver {unknown[0]!r}. Its solvers: {', '.join(names)}.")
            outcomes = [outcome for outcome in outcomes if outcome.solver in solvers]
        data = data or run.dataset
    dataset, task = _find(task_id, data, registry)
    for outcome in outcomes:
        if outcome.task_sha256 != task.sha256:
            raise ArcsolveError(
                f"Task {task_id!r} of {dataset.name!r} is not the one that run {run_name} solved: its content differs. "
                "Name the run's data set with --data."
            )
    rows = task_sheet(task, outcomes)
    if svg is not None:
        from arcsolve.show.svg import render as render_svg

        _write(svg, render_svg(rows).encode())
    if png is not None:
        from arcsolve.show.png import render as render_png

        _write(png, render_png(rows))
    if svg is None and png is None:
        from arcsolve.show.terminal import render

        width = shutil.get_terminal_size((120, 24)).columns
        is_coloured = colour == "always" or (colour == "auto" and sys.stdout.isatty() and "NO_COLOR" not in os.environ)
        note(f"{task_id}  {dataset.name}")
        click.echo(render(rows, width=width, colour=is_coloured), color=is_coloured)


def _find(task_id: str, data: str | None, registry: Registry) -> tuple[Dataset, Task]:
    if data is not None:
        dataset = load(data, registry)
        return dataset, choose_tasks(dataset, [task_id], None)[0]
    known = [name for name in _EVERYWHERE if name in registry.datasets]
    for name in known:
        dataset = load(name, registry)
        if task_id in dataset:
            return dataset, dataset[task_id]
    raise ArcsolveError(
        f"None of {', '.join(known) or 'the data sets'} has a task {task_id!r}. Name its data set: --data."
    )


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ArcsolveError(f"{path}: can't be written: {error.strerror}.") from error
    note(f"Wrote {path} ({len(content)} bytes).")
