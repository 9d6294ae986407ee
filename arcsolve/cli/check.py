"""``arcsolve check``: does a solver keep the contract?"""

import sys
from collections.abc import Sequence
from pathlib import Path
from unittest import SkipTest

import click

from arcsolve import plugins
from arcsolve.cli.output import note, print_json, print_table
from arcsolve.cli.parameters import json_option, plugin_option
from arcsolve.errors import ArcsolveError, describe
from arcsolve.run.plan import choose_solvers


@click.command()
@click.argument("solver")
@click.option("-o", "--option", "options", multiple=True, metavar="SOLVER.OPTION=VALUE", help="Set an option.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True, metavar="SECONDS",
    help="Wall time per challenge.", envvar="ARCSOLVE_TIMEOUT",
)  # fmt: skip
@json_option
@plugin_option
def check(solver: str, options: Sequence[str], timeout: float, as_json: bool, plugin: tuple[Path, ...]) -> None:
    """Try SOLVER on ordinary and awkward challenges and check the contract that every solver keeps.

    The same checks as `arcsolve.testing.SolverTestCase`. Exit code 1 where one fails.
    """
    from arcsolve.testing.contract import CHECKS, ContractError, Subject

    (choice,) = choose_solvers(plugins.load(plugin), [solver], options)
    subject = Subject(choice.solver, choice.options_given, timeout_s=timeout)
    rows = []
    for verify in CHECKS:
        verdict, detail = "ok", (verify.__doc__ or "").partition("\n")[0]
        try:
            verify(subject)
        except SkipTest as reason:
            verdict, detail = "skipped", str(reason)
        except ContractError as error:
            verdict, detail = "FAILED", str(error)
        except ArcsolveError:
            raise
        except Exception as error:
            verdict, detail = "FAILED", describe(error)
        rows.append({"check": verify.__name__.replace("_", " "), "verdict": verdict, "detail": detail})
    if as_json:
        print_json(rows)
    else:
        print_table(["check", "verdict", "detail"], [list(row.values()) for row in rows], wrap=2)
    failed = sum(row["verdict"] == "FAILED" for row in rows)
    note(f"{solver}: {len(rows) - failed} of {len(rows)} checks passed or skipped, {failed} failed.")
    if failed:
        sys.exit(1)
