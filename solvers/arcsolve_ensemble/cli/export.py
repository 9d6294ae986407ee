"""``arcsolve export aslib``: stored outcomes as an ASlib scenario."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="aslib")
@click.argument("runs", nargs=-1)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--store", envvar="ARCSOLVE_STORE", metavar="FILE|URL", help="The store to read.")
@click.option("--name", default="ARC", show_default=True, help="The scenario's name.")
@click.option("--folds", type=click.IntRange(2), default=10, show_default=True, help="Cross-validation folds.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the folds.")
def export_aslib(runs: tuple[str, ...], folder: Path, store: str | None, name: str, folds: int, seed: int) -> None:
    """Write runs as an ASlib scenario: tasks are instances, solvers algorithms, wall time the runtime.

    RUNS are ids, beginnings of ids, or 'latest'; without any, all runs on the newest run's data set are taken. Wrong
    answers have the status 'other'.
    """
    from arcsolve_ensemble.aslib import write_scenario
    from arcsolve_ensemble.aslib.from_runs import scenario_of
    from arcsolve_ensemble.records import open_records

    with open_records(store) as records:
        scenario, states = scenario_of(records, runs, name, folds, seed)
    write_scenario(scenario, folder, states)
    click.echo(
        f"Wrote {folder}: {len(scenario.instances)} instances, {len(scenario.algorithms)} algorithms, "
        f"{len(scenario.feature_names)} features, cutoff {scenario.cutoff_s:g} s.",
        err=True,
    )
