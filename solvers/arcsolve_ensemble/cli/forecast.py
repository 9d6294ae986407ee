"""``arcsolve ensemble forecast``: the score to expect on tasks whose solutions nobody has."""

from __future__ import annotations

import json

import click

from arcsolve import ArcsolveError


@click.command(name="forecast")
@click.argument("run", default="latest")
@click.option("--store", envvar="ARCSOLVE_STORE", metavar="FILE|URL", help="The store to read.")
@click.option(
    "--model", default="default", show_default=True, help="Router model: 'default' (shipped), or a file from training."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def forecast_command(run: str, store: str | None, model: str, as_json: bool) -> None:
    """Tell what share of a data set's tasks the members will solve, without any of its solutions.

    RUN asked for held-out demonstrations: arcsolve run --data held-out:DATA. The model knows from training how much
    easier tasks are to each member than their held-out demonstrations.
    """
    import numpy as np

    from arcsolve.data.held_out import PREFIX
    from arcsolve_ensemble.cli.analyse import print_table
    from arcsolve_ensemble.records import open_records
    from arcsolve_ensemble.router.measure import forecast_table
    from arcsolve_ensemble.router.model import load_model

    known = load_model(model)
    found: dict[str, list[bool]] = {}
    with open_records(store) as records:
        name = records.run(records.resolve(run)).dataset
        if not name.startswith(PREFIX):
            raise ArcsolveError(
                f"Run {run} is on {name!r}, and a forecast needs held-out demonstrations. "
                f"Make them with: arcsolve run --solver dsl --data {PREFIX}{name}"
            )
        for outcome in records.outcomes_of(records.resolve(run)):
            found.setdefault(outcome.solver, []).append(outcome.is_solved_at_2)
    table = forecast_table({solver: np.array(solved) for solver, solved in found.items()}, known)
    if as_json:
        click.echo(json.dumps({"data": name.removeprefix(PREFIX), "forecast": table.records()}))
        return
    print_table(f"Expected on {name.removeprefix(PREFIX)}, from its held-out demonstrations", table)
    if not any(row[3] is not None for row in table.rows):
        click.echo(
            "No forecast: the model has no record of these solvers on held-out demonstrations (or there are too few "
            "tasks). Train one: arcsolve ensemble train --runs RUN,HELD_OUT_RUN",
            err=True,
        )
