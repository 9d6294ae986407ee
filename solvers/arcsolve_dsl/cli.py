"""``arcsolve dsl``: explain tasks by programs, apply programs, list the language's words."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from arcsolve.cli.output import note, print_json
from arcsolve.cli.parameters import json_option
from arcsolve.errors import ArcsolveError
from arcsolve.show import Row
from arcsolve.task import Task

PUBLIC = ("arc1:training", "arc1:evaluation", "arc2:training", "arc2:evaluation")
"""Where a task is looked for when no data set is named."""


@click.group()
def dsl() -> None:
    """The DSL solver: programs one can read."""


_data = click.option("--data", metavar="NAME|PATH", help="Data set; by default the public ones are searched.")
_svg = click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write an SVG picture instead.")
_no_steps = click.option("--no-steps", is_flag=True, help="Leave out the intermediate values.")


@dsl.command()
@click.argument("task_id", metavar="TASK")
@_data
@click.option("--timeout", default=10.0, show_default=True, help="Wall seconds to search.")
@click.option(
    "--effort", type=click.IntRange(1, 2), default=1, show_default=True, help="2 searches one operation deeper."
)
@click.option("--attempt", type=click.IntRange(1), default=1, show_default=True, help="Explain the n-th best answer.")
@_no_steps
@_svg
@json_option
def explain(
    task_id: str,
    data: str | None,
    timeout: float,
    effort: int,
    attempt: int,
    no_steps: bool,
    svg: Path | None,
    as_json: bool,
) -> None:
    """Solve TASK and show the program found, with its intermediate grids."""
    from arcsolve_dsl.assembly import solve_task
    from arcsolve_dsl.explain import program_rows
    from arcsolve_dsl.lane import Clock
    from arcsolve_dsl.registry import REGISTRY
    from arcsolve_dsl.solver import as_dsl_task
    from arcsolve_dsl.warmup import warm_up

    task = as_dsl_task(_find(task_id, data).challenge)
    REGISTRY.load_plugins()
    warm_up()
    choices = solve_task(task, Clock(deadline=time.monotonic() + timeout), effort)[0]
    if as_json:
        keys = ("confidence", "lane", "explained", "program", "grid")
        values = [
            (c.confidence, c.hypothesis.lane, c.hypothesis.explained, c.hypothesis.program.text, c.grid.tolist())
            for c in choices
        ]
        print_json([dict(zip(keys, row, strict=True)) for row in values])
        return
    if len(choices) < attempt:
        raise ArcsolveError(f"The solver has {len(choices)} answers to {task_id!r}; there is no number {attempt}.")
    chosen = choices[attempt - 1]
    explained = f"{sum(chosen.hypothesis.explained)} of {len(task.demos)} demonstrations reproduced"
    note(f"{task_id}: {explained}, confidence {chosen.confidence:.2f}, found by {chosen.hypothesis.lane}")
    click.echo(chosen.hypothesis.program.text)
    _draw(program_rows(chosen.hypothesis.program, task, not no_steps), svg)


@dsl.command()
@click.argument("program", metavar="PROGRAM")
@click.argument("task_id", metavar="TASK")
@_data
@_no_steps
@_svg
def apply(program: str, task_id: str, data: str | None, no_steps: bool, svg: Path | None) -> None:
    """Run PROGRAM (a text, or @FILE) on the demonstrations and test inputs of TASK."""
    from arcsolve_dsl.errors import DslError
    from arcsolve_dsl.explain import program_rows
    from arcsolve_dsl.program import parse
    from arcsolve_dsl.registry import REGISTRY
    from arcsolve_dsl.solver import as_dsl_task

    REGISTRY.load_plugins()
    text = program
    if program.startswith("@"):
        path = Path(program[1:])
        if not path.is_file():
            raise ArcsolveError(f"Program file {path} does not exist.")
        text = path.read_text()
    try:
        rows = program_rows(parse(text), as_dsl_task(_find(task_id, data).challenge), not no_steps)
    except DslError as error:
        raise ArcsolveError(str(error)) from error
    _draw(rows, svg)


@dsl.command()
@click.argument("word", required=False)
@json_option
def primitives(word: str | None, as_json: bool) -> None:
    """List the words of the language, or show one with its example."""
    from arcsolve_dsl.errors import DslError
    from arcsolve_dsl.reference import word_text
    from arcsolve_dsl.registry import REGISTRY

    REGISTRY.load_plugins()
    if word is not None:
        try:
            click.echo(word_text(REGISTRY.get(word)))
        except DslError as error:
            raise ArcsolveError(str(error)) from error
        return
    if as_json:
        print_json([{"name": p.name, "family": p.family, "signature": p.signature, "doc": p.doc} for p in REGISTRY])
        return
    family = ""
    for primitive in REGISTRY:
        if primitive.family != family:
            family = primitive.family
            click.echo(click.style(family, bold=True))
        click.echo(f"  {primitive.signature}\n      {primitive.doc}")


def _find(task_id: str, data: str | None) -> Task:
    """Look a task up in a data set, or in the public ones."""
    from arcsolve import plugins
    from arcsolve.data import load

    registry = plugins.load()
    names = [name for name in PUBLIC if name in registry.datasets] if data is None else [data]
    for name in names:
        dataset = load(name, registry)
        if task_id in dataset:
            return dataset[task_id]
    where = f"None of {', '.join(names)} has" if data is None else f"The data set {data!r} does not have"
    raise ArcsolveError(f"{where} a task {task_id!r}. Name its data set with --data.")


def _draw(rows: Sequence[Row], svg: Path | None) -> None:
    if svg is not None:
        from arcsolve.show.svg import render as render_svg

        try:
            svg.write_text(render_svg(rows))
        except OSError as error:
            raise ArcsolveError(f"{svg}: can't be written: {error.strerror}.") from error
        note(f"Wrote {svg}.")
        return
    from arcsolve.show.terminal import render

    colour = sys.stdout.isatty()
    click.echo(render(rows, width=shutil.get_terminal_size((120, 24)).columns, colour=colour), color=colour)
