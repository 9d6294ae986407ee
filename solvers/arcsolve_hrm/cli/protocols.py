"""``arcsolve hrm protocols``: a run's score, per protocol."""

from __future__ import annotations

import click

from arcsolve import plugins
from arcsolve.cli.output import print_json, print_table
from arcsolve.cli.parameters import open_for_reading, store_option
from arcsolve.errors import ArcsolveError
from arcsolve_hrm.protocols import by_protocol


@click.command("protocols")
@click.argument("run_name", metavar="RUN", default="latest")
@store_option
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(run_name: str, store: str, as_json: bool) -> None:
    """Report the solver hrm in RUN: tasks known by their demonstrations and unseen ones apart."""
    reader = open_for_reading(plugins.load(), store)
    try:
        run = reader.run(run_name)
        outcomes = [outcome for outcome in reader.outcomes_of(run) if outcome.solver == "hrm"]
    finally:
        reader.close()
    if not outcomes:
        raise ArcsolveError(f"Run {run.id} has no outcome of the solver 'hrm'.")
    scores = by_protocol(outcomes)
    if as_json:
        print_json([{**score._asdict(), "of_the_run": len(outcomes), "interval": score.interval} for score in scores])
        return
    print_table(
        ("protocol", "tasks", "pass@1", "pass@2", "95 % interval"),
        [
            (
                score.protocol,
                score.tasks,
                f"{score.solved_at_1 / score.tasks:.1%}",
                f"{score.solved_at_2 / score.tasks:.1%}",
                "{:.1%} to {:.1%}".format(*score.interval),
            )
            for score in scores
        ],
    )
