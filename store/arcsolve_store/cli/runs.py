"""``arcsolve runs``: what is in the store."""

from pathlib import Path

import click

import arcsolve_store
from arcsolve.cli.output import note, print_json, print_table
from arcsolve.cli.parameters import json_option, store_option


@click.command()
@click.option("--data", metavar="NAME", help="Only runs on this data set.")
@click.option(
    "--state", type=click.Choice(["running", "complete", "interrupted", "abandoned"]), help="Only runs in this state."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N.")
@click.option("--upgrade", is_flag=True, help="First upgrade a store of an older version; a copy of it is kept.")
@json_option
@store_option
def runs(data: str | None, state: str | None, limit: int | None, upgrade: bool, as_json: bool, store: str) -> None:
    """List the runs, newest first.

    A run whose process is gone is abandoned, not failed: the command that started it takes it up again.
    """
    if upgrade:
        _upgrade(store)
    with arcsolve_store.open(store, readonly=True) as opened:
        rows = opened.runs(dataset=data, state=state)[:limit]
    if as_json:
        print_json([row._asdict() for row in rows])
        return
    print_table(
        ["run", "started (UTC)", "state", "data", "tasks", "outcomes", "solvers"],
        [
            [r.run, f"{r.created_at:%Y-%m-%d %H:%M}", r.state, r.dataset, r.n_tasks, r.n_outcomes, r.solvers]
            for r in rows
        ],
        wrap=6,
    )


def _upgrade(store: str) -> None:
    from arcsolve_store.location import check_file, locate

    path = locate(store).path
    if path is not None:
        check_file(path, for_writing=False)  # an upgrade makes no new store
    with arcsolve_store.open(store) as opened:
        backup: Path | None = opened.backup
    note("The store is of the newest version." if backup is None else f"Upgraded; the old store is kept as {backup}.")
