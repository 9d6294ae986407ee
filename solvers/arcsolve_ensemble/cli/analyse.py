"""``arcsolve ensemble analyse``: what stored results say about the solvers together."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from arcsolve_ensemble.records import Table

HEADINGS = {
    "oracle_at_all": "oracle@all",
    "mean_wall_s": "s/task",
    "is_pareto": "Pareto",
    "mean_confidence": "confidence",
    "pixel_accuracy_strict": "pixels right",
    "cells_wrong": "cells wrong",
    "share_of_union": "of union",
    "closed_gap": "closed gap",
    "ece": "ECE",
    "brier": "Brier",
    "auc": "AUC",
    "solved_at_1": "solved@1",
    "solved_at_2": "solved@2",
    "rate_at_2": "rate@2",
    "budget_s": "budget s",
    "used_s": "used s",
    "held_out": "held-out solved",
    "share_of_time": "of all members' time",
}


@click.command(name="analyse")
@click.argument("runs", nargs=-1)
@click.option("--store", envvar="ARCSOLVE_STORE", metavar="FILE|URL", help="The store to read.")
@click.option("--each-run", is_flag=True, help="Keep a solver's runs apart instead of taking its newest outcomes.")
@click.option("--misses", type=click.IntRange(0), default=10, show_default=True, help="Near misses to list.")
@click.option("--plots", type=click.Path(path_type=Path), metavar="DIR", help="Write plots (PNG) into this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def analyse_command(
    runs: tuple[str, ...], store: str | None, each_run: bool, misses: int, plots: Path | None, as_json: bool
) -> None:
    """Say who adds what: SBS, VBS, complementarity, marginal contributions, Shapley values, calibration, near misses.

    RUNS are ids, beginnings of ids, or 'latest'; without any, all runs on the newest run's data set are taken.
    """
    from arcsolve_ensemble.analysis.report import analyse
    from arcsolve_ensemble.records import open_records

    with open_records(store) as records:
        analysis = analyse(records, runs, each_run, misses)
    if plots is not None:
        from arcsolve_ensemble.analysis.plots import write_plots

        for path in write_plots(analysis, plots):
            click.echo(f"Wrote {path}", err=True)
    if as_json:
        click.echo(json.dumps(analysis.to_json()))
        return
    figures = analysis.figures
    n = figures.tasks
    click.echo(
        f"{', '.join(analysis.gathered.datasets)}: {n} tasks, {_counted(len(figures.solvers), 'solver')}, "
        f"{_counted(len(analysis.gathered.runs), 'run')}\n"
        f"SBS {figures.sbs}: {figures.sbs_solved} ({figures.sbs_solved / n:.1%}); "
        f"VBS (union): {figures.vbs_solved} ({figures.vbs_solved / n:.1%}); "
        f"oracle@all: {figures.right_anywhere} ({figures.right_anywhere / n:.1%})"
    )
    print_table("Solvers", analysis.solvers)
    print_table("Ensembles", analysis.composites)
    if len(figures.solvers) > 1:
        print_table("Complementarity: solved by the row, not by the column", analysis.complementarity)
        print_table("Solved by exactly these", analysis.overlaps)
    print_table("Calibration of the attempts' confidences", analysis.calibration)
    print_table("Solved by task property", analysis.by_property)
    print_table("Unsolved, nearest misses", analysis.near_misses)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def print_table(title: str, table: Table) -> None:
    """Print a table, unless it is empty."""
    if not table.rows:
        return
    from rich.console import Console
    from rich.table import Table as RichTable

    drawn = RichTable()
    for at, name in enumerate(table.columns):
        is_text = isinstance(table.rows[0][at], str)
        drawn.add_column(HEADINGS.get(name, name.replace("_", " ")), justify="left" if is_text else "right")
    for row in table.rows:
        drawn.add_row(*(_shown(value) for value in row))
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(f"\n[bold]{title}[/bold]")
    console.print(drawn)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value) if value != "" else "nobody"
