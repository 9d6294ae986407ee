"""``arcsolve export``: stored results for other programs.

Another plugin adds a format by registering a command named ``export-NAME``; it appears here as ``NAME`` too.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import arcsolve_store
from arcsolve import plugins
from arcsolve.cli.output import note, print_json
from arcsolve.cli.parameters import json_option, store_option
from arcsolve.errors import ArcsolveError
from arcsolve_store.cli.writing import explained_writing, text_output, write_csv

F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    from arcsolve.recording import Run
    from arcsolve_store.reader import Reader

_PREFIX = "export-"
_TABLES = ["runs", "solvers", "results", "outcomes", "test_results", "candidates", "features"]
_EMPTY_ANSWER = [[0, 0], [0, 0]]
"""Kaggle's own placeholder for a test input without an attempt."""


class Formats(click.Group):
    """The formats here, then those of other plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All formats, sorted."""
        others = (name.removeprefix(_PREFIX) for name in plugins.load().commands if name.startswith(_PREFIX))
        return sorted({*super().list_commands(ctx), *others})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The format's command; None where there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        registry = plugins.load()
        if _PREFIX + cmd_name not in registry.commands:
            return None
        command: click.Command = registry.commands[_PREFIX + cmd_name].load()
        return command


@click.group(cls=Formats)
def export() -> None:
    """Write stored results for other programs."""


def _output_option(is_required: bool) -> Callable[[F], F]:
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path, dir_okay=False),
        required=is_required,
        metavar="FILE",
        help="The file to write." + ("" if is_required else "  [default: standard output]"),
    )


_table_option = click.option(
    "--table", type=click.Choice(_TABLES), default="outcomes", show_default=True, help="Which of the views."
)


@export.command("csv")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@_table_option
@_output_option(False)
@json_option
@store_option
def export_csv(runs: tuple[str, ...], table: str, output: Path | None, as_json: bool, store: str) -> None:
    """Write a table of the runs named (all runs without a name) as CSV."""
    from arcsolve_store.rows import VIEWS

    if as_json and output is None:
        raise ArcsolveError("With --json, standard output is for the report: name the CSV file with --output.")
    rows = _rows(store, table, runs)
    with text_output(output) as file:
        write_csv(file, VIEWS[f"v_{table}"]._fields, rows)
    _report(output, len(rows), as_json)


@export.command("parquet")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@_table_option
@_output_option(True)
@json_option
@store_option
def export_parquet(runs: tuple[str, ...], table: str, output: Path, as_json: bool, store: str) -> None:
    """Write a table of the runs named (all runs without a name) as Parquet; needs the extra 'frames'."""
    from arcsolve_store import frames
    from arcsolve_store.rows import VIEWS

    rows = _rows(store, table, runs)
    frame = frames.make([_flat(row) for row in rows], VIEWS[f"v_{table}"], "polars")
    with explained_writing(output):
        frame.write_parquet(output)
    _report(output, len(rows), as_json)


@export.command("kaggle")
@click.argument("run", default="latest")
@click.option("--solver", help="Whose attempts; needed where the run has several solvers.")
@click.option("--data", metavar="NAME|PATH", help="Where the run's tasks are, if they moved.")
@_output_option(False)
@json_option
@store_option
def export_kaggle(
    run: str, solver: str | None, data: str | None, output: Path | None, as_json: bool, store: str
) -> None:
    """Write one solver's attempts as Kaggle's submission.json, with every task and test input of the run.

    A test input without any attempt gets Kaggle's placeholder, a 2x2 grid of zeros; one with a single attempt gets it
    twice.
    """
    if as_json and output is None:
        raise ArcsolveError("With --json, standard output is for the report: name the submission with --output.")
    with arcsolve_store.open(store, readonly=True) as opened:
        found = opened.run(run)
        name = _solver(found, solver)
        submission, n_empty = _submission(opened, found, name, data)
    with text_output(output) as file:
        json.dump(submission, file, separators=(",", ":"))
        file.write("\n")
    if n_empty:
        note(f"{n_empty} test inputs have no attempt by {name}; they got the placeholder.")
    _report(output, len(submission), as_json, without_attempt=n_empty)


def _rows(store: str, table: str, runs: tuple[str, ...]) -> list[Any]:
    with arcsolve_store.open(store, readonly=True) as opened:
        if table == "features":
            if runs:
                raise ArcsolveError("Features belong to tasks, not to runs: leave the run out.")
            return list(opened.features())
        if table == "runs":
            wanted = {opened.resolve(name) for name in runs}
            return [row for row in opened.runs() if not runs or row.run in wanted]
        rows: list[Any] = getattr(opened, table)(runs or None)
        return rows


def _flat(row: Any) -> Any:
    return row._make(json.dumps(value) if isinstance(value, dict) else value for value in row)


def _solver(run: "Run", solver: str | None) -> str:
    names = [spec.name for spec in run.solvers]
    if solver is None and len(names) == 1:
        return names[0]
    if solver is None:
        raise ArcsolveError(f"Run {run.id} has several solvers. Choose one: --solver {' | '.join(names)}.")
    if solver not in names:
        raise ArcsolveError(f"Run {run.id} has no solver {solver!r}. It has: {', '.join(names)}.")
    return solver


def _submission(
    opened: "Reader", run: "Run", solver: str, data: str | None
) -> tuple[dict[str, list[dict[str, Any]]], int]:
    """Kaggle's form, and how many test inputs have no attempt."""
    from arcsolve_store.grids import decode

    grids: dict[tuple[str, int], dict[int, Any]] = defaultdict(dict)
    for row in opened.candidates(run.id, solver=solver, only_attempts=True):
        grids[row.task_id, row.test_index][row.attempt or 0] = decode(row.cells, row.height, row.width).tolist()
    submission: dict[str, list[dict[str, Any]]] = {}
    n_empty = 0
    for task_id, n_tests in _tests_per_task(run, data).items():
        submission[task_id] = []
        for test_index in range(n_tests):
            attempts = grids[task_id, test_index]
            n_empty += not attempts
            first = attempts.get(1, _EMPTY_ANSWER)
            submission[task_id].append({"attempt_1": first, "attempt_2": attempts.get(2, first)})
    return submission, n_empty


def _tests_per_task(run: "Run", data: str | None) -> dict[str, int]:
    if run.tests_per_task:
        return dict(zip(run.task_ids, run.tests_per_task, strict=True))
    from arcsolve_store.cli.results import run_tasks

    return {task.id: len(task.challenge.test_inputs) for task in run_tasks(run, data)}


def _report(output: Path | None, rows: int, as_json: bool, **more: int) -> None:
    if output is None:
        return
    if as_json:
        print_json({"file": str(output), "rows": rows, **more})
    else:
        note(f"Wrote {output} ({rows} rows).")
