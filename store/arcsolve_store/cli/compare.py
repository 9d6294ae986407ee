"""``arcsolve compare``: two runs, task by task."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Literal, cast

import click

import arcsolve_store
from arcsolve.cli.output import print_json, print_table
from arcsolve.cli.parameters import json_option, store_option

if TYPE_CHECKING:
    from arcsolve_store.comparison import Comparison


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--at", type=click.Choice(["1", "2"]), default="2", show_default=True, help="Attempts that count.")
@click.option(
    "--allow-different-data", is_flag=True, help="Compare runs on different data, on the tasks that are the same."
)
@json_option
@store_option
def compare(a: str, b: str, at: str, allow_different_data: bool, as_json: bool, store: str) -> None:
    """Compare two runs, or two solvers: RUN or RUN:SOLVER, e.g. latest:hrm latest:dsl.

    Pairs each task's two outcomes: which tasks flipped, the exact McNemar test, and the 95 % interval of the
    difference by a paired bootstrap. A task without an outcome counts as not solved.
    """
    with arcsolve_store.open(store, readonly=True) as opened:
        comparisons = opened.compare(a, b, at=cast(Literal[1, 2], int(at)), allow_different_data=allow_different_data)
    if as_json:
        print_json([asdict(comparison) for comparison in comparisons])
        return
    for index, comparison in enumerate(comparisons):
        if index:
            click.echo()
        _print(comparison)


def _print(c: "Comparison") -> None:
    print_table(
        ["", "run", "solver", "version", f"pass@{c.at}", "rate", "missing"],
        [
            [name, side.run, side.solver, side.version, side.n_solved, f"{side.n_solved / c.n_tasks:.4f}", side.missing]
            for name, side in (("A", c.a), ("B", c.b))
        ],
    )
    low, high = c.interval
    left_out = f" ({c.n_left_out} left out: not the same in both)" if c.n_left_out else ""
    click.echo(
        f"{c.n_tasks} tasks{left_out}: both {c.n_both}, only A {len(c.only_a)}, only B {len(c.only_b)}, "
        f"neither {c.n_neither}"
    )
    click.echo(f"B - A = {c.difference:+.4f}, 95 % interval {low:+.4f} to {high:+.4f} (paired bootstrap)")
    click.echo(f"exact McNemar p = {c.p_value:.4g}")
    for name, flips in (("A", c.only_a), ("B", c.only_b)):
        if flips:
            click.echo(f"only {name}: {' '.join(flips)}")
