"""``arcsolve ensemble evaluate``: cross-validate the selector on an ASlib scenario."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arcsolve import ArcsolveError

if TYPE_CHECKING:
    from arcsolve_ensemble.evaluate import Evaluation, FoldResult
    from arcsolve_ensemble.metrics import Measures


@click.command(name="evaluate")
@click.option(
    "--aslib",
    "folders",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder of an ASlib scenario; may be given several times.",
)
@click.option("--measure", help="Performance measure, where the scenario has several; the first by default.")
@click.option("--folds", type=click.IntRange(2), help="Make this many folds instead of reading cv.arff.")
@click.option("--models", help="Comma-separated models to choose from; all by default.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=min(2, os.cpu_count() or 1),
    show_default=True,
    help="Processes; the figures don't depend on it.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds inner folds and forests.")
@click.option(
    "--schedules",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write every instance's schedule as JSON, feature steps as names, slots as [algorithm, seconds].",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per scenario instead of tables.")
def evaluate_command(
    folders: tuple[Path, ...],
    measure: str | None,
    folds: int | None,
    models: str | None,
    workers: int,
    seed: int,
    schedules: Path | None,
    as_json: bool,
) -> None:
    """Cross-validate the selector on ASlib scenarios.

    Official folds; the single best solver (SBS) is that of the training folds; presolving and feature costs are
    charged; everything the selector decides is decided on the training folds by inner cross-validation.
    """
    from arcsolve_ensemble.aslib import read_scenario
    from arcsolve_ensemble.evaluate import evaluate, summarise
    from arcsolve_ensemble.selection.modelset import MODELS, ModelSet

    names = tuple(name.strip() for name in models.split(",") if name.strip()) if models else MODELS
    ModelSet(names)
    results: list[Evaluation] = []
    for folder in folders:
        scenario = read_scenario(folder, measure, folds)
        for note in scenario.notes:
            click.echo(f"{scenario.name}: {note}.", err=True)
        done: list[FoldResult] = []
        for fold in evaluate(scenario, names, workers, seed):
            done.append(fold)
            if sys.stderr.isatty():
                click.echo(f"{scenario.name}: fold {fold.fold} closed gap {fold.measures.closed_gap:.3f}", err=True)
        evaluation = summarise(scenario, done)
        results.append(evaluation)
        if as_json:
            click.echo(json.dumps(as_record(evaluation)))
        else:
            print_table(evaluation, scenario.is_runtime, list(scenario.algorithms))
    if schedules is not None:
        table = {r.scenario: {name: s for fold in r.folds for name, s in fold.schedules.items()} for r in results}
        try:
            schedules.write_text(json.dumps(table))
        except OSError as error:
            raise ArcsolveError(f"Cannot write {schedules}: {error.strerror or error}.") from error
    if len(results) > 1 and not as_json:
        mean = sum(result.pooled.closed_gap for result in results) / len(results)
        click.echo(f"Mean pooled closed gap over {len(results)} scenarios: {mean:.3f}")


def measures_record(measures: Measures) -> dict[str, Any]:
    """Return *measures* as plain numbers, closed gap included; what is not finite becomes None."""
    values = {
        "n": measures.n,
        "par10": measures.par10,
        "mcp": measures.mcp,
        "solved": measures.solved,
        "sbs": measures.sbs,
        "sbs_solved": measures.sbs_solved,
        "vbs": measures.vbs,
        "vbs_solved": measures.vbs_solved,
        "closed_gap": measures.closed_gap,
    }
    return {key: value if abs(value) != float("inf") else None for key, value in values.items()}


def as_record(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as a JSON object."""
    return {
        "scenario": evaluation.scenario,
        "pooled": measures_record(evaluation.pooled),
        "folds": [
            {
                "fold": fold.fold,
                "sbs_algorithm": fold.sbs,
                "model": fold.choice.way.model,
                "style": fold.choice.way.style,
                "feature_steps": list(fold.choice.steps),
                "presolver": [[algorithm, seconds] for algorithm, seconds in fold.choice.presolver],
                **measures_record(fold.measures),
            }
            for fold in evaluation.folds
        ],
    }


def print_table(evaluation: Evaluation, is_runtime: bool, algorithms: list[str]) -> None:
    """Print per-fold and pooled measures."""
    from rich.console import Console
    from rich.table import Table

    cost = "PAR10" if is_runtime else "cost"
    table = Table(title=f"{evaluation.scenario}: the selector, fold by fold", title_justify="left")
    table.add_column("fold")
    for heading in ("n", cost, "SBS", "VBS", "MCP", "solved", "SBS solved", "VBS solved", "closed gap"):
        table.add_column(heading, justify="right")
    table.add_column("chosen")
    rows: list[tuple[str, Measures, str]] = []
    for fold in evaluation.folds:
        chosen = f"{fold.choice.way.model}, {fold.choice.way.style}"
        if fold.choice.presolver:
            chosen += "; first " + ", ".join(f"{algorithms[a]} {s:g} s" for a, s in fold.choice.presolver)
        rows.append((str(fold.fold), fold.measures, chosen))
    rows.append(("pooled", evaluation.pooled, ""))
    digits = ".1f" if is_runtime else ".4g"
    for label, m, chosen in rows:
        table.add_row(
            label,
            str(m.n),
            *(format(value, digits) for value in (m.par10, m.sbs, m.vbs, m.mcp)),
            *(f"{value:.1%}" for value in (m.solved, m.sbs_solved, m.vbs_solved)),
            f"{m.closed_gap:.3f}",
            chosen,
            end_section=label == str(evaluation.folds[-1].fold),
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)
