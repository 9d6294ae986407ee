"""``arcsolve ensemble``: the command group; each command lives in a module of its own."""

import click

from arcsolve_ensemble.cli.analyse import analyse_command
from arcsolve_ensemble.cli.evaluate import evaluate_command
from arcsolve_ensemble.cli.forecast import forecast_command
from arcsolve_ensemble.cli.train import ablate_command, train_command


@click.group(name="ensemble")
def ensemble() -> None:
    """Analyse a portfolio of solvers, train the router, forecast scores, evaluate it on ASlib scenarios."""


for command in (analyse_command, ablate_command, evaluate_command, forecast_command, train_command):
    ensemble.add_command(command)
