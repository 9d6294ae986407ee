"""``arcsolve query``: read-only SQL over the documented views."""

import sys

import click

import arcsolve_store
from arcsolve.cli.output import print_json, print_table
from arcsolve.cli.parameters import json_option, store_option
from arcsolve_store.cli.writing import json_value, write_csv


@click.command()
@click.argument("sql", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print the rows.",
)
@json_option
@store_option
def query(sql: str | None, form: str, as_json: bool, store: str) -> None:
    """Run one SQL statement that reads; '-' takes it from standard input.

    The connection can't write, whatever the statement says. Without SQL, the views and their columns are listed.
    """
    if sql is None:
        _list_views(as_json or form == "json")
        return
    if sql == "-":
        sql = sys.stdin.read()
    with arcsolve_store.open(store, readonly=True) as opened:
        answer = opened.query(sql)
    if as_json or form == "json":
        print_json([dict(zip(answer.columns, map(json_value, row), strict=True)) for row in answer.rows])
    elif form == "csv":
        write_csv(sys.stdout, answer.columns, answer.rows)
    else:
        print_table(answer.columns, [["" if v is None else json_value(v) for v in row] for row in answer.rows])


def _list_views(as_json: bool) -> None:
    from arcsolve_store.rows import VIEWS

    if as_json:
        print_json({view: list(row_type._fields) for view, row_type in VIEWS.items()})
        return
    print_table(["view", "columns"], [[view, ", ".join(row_type._fields)] for view, row_type in VIEWS.items()], wrap=1)
