"""The honest table, for the terminal."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from arcsolve.score.summary import SolverSummary, Summary

if TYPE_CHECKING:
    from rich.console import Console


def print_summary(summary: Summary, console: "Console", *, with_tables: bool = False) -> None:
    """Print a run's scores.

    Args:
        summary: the scores.
        console: where to.
        with_tables: also the tables by task property and by band.
    """
    from rich.table import Table

    run = summary.run
    console.print(
        f"Run {run.id}: {run.dataset}, {len(run.task_ids)} tasks, {run.timeout_s:g} s a task, seed {run.seed}"
        + ("" if summary.is_complete else " [interrupted: the same command continues]"),
        highlight=False,
        markup=False,
    )
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("solver")
    for column in ("solved@2", "95 %", "@1", "frac.", "pixels", "strict", "miss.", "time", "err.", "CPU s"):
        table.add_column(column, justify="right")
    for name, solver in summary.solvers.items():
        table.add_row(name, *_cells(solver))
    zero = _cells(summary.agent_zero)
    table.add_row("(Agent Zero)", *zero[:6], "", "", "", "", style="dim")
    n = summary.agent_zero.tasks
    table.add_section()
    table.add_row("union (VBS)", f"{summary.union_at_2}/{n}")
    table.add_row("ensemble", f"{summary.ensemble_at_2}/{n}")
    console.print(table)
    console.print(
        "frac., pixels, strict in %; pixels is cropped to the true shape, no score; CPU s per task", style="dim"
    )
    for note in _notes(summary):
        console.print(note, highlight=False, markup=False)
    if with_tables:
        _print_groups(summary, console)
        _print_bands(summary, console)


def _cells(solver: SolverSummary) -> list[str]:
    low, high = solver.interval_at_2
    n = max(1, solver.tasks)
    return [
        f"{solver.solved_at_2}/{solver.judged}",
        f"{100 * low:.1f}-{100 * high:.1f}",
        str(solver.solved_at_1),
        f"{100 * solver.fraction_at_2:.2f}",
        f"{100 * solver.pixel_accuracy:.2f}",
        f"{100 * solver.pixel_accuracy_strict:.2f}",
        str(solver.missing),
        str(solver.timeouts),
        str(solver.errors),
        f"{solver.cpu_s / n:.3f}",
    ]


def _notes(summary: Summary) -> Iterable[str]:
    unjudged = summary.agent_zero.tasks - summary.agent_zero.judged
    if unjudged:
        yield f"{unjudged} tasks have no known solution and are not judged."
    for name, solver in summary.solvers.items():
        if solver.collapse:
            yield f"COLLAPSED: {name}: {solver.collapse}. Its pixel accuracy says nothing."
        if solver.solved_cropped > solver.solved_at_1:
            yield (
                f"{name}: {solver.solved_cropped - solver.solved_at_1} more would count as right if answers were "
                "cropped to the true shape. They don't."
            )


def _print_groups(summary: Summary, console: "Console") -> None:
    from rich.table import Table

    for prop, groups in summary.agent_zero.groups.items():
        table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
        table.add_column(prop)
        table.add_column("tasks", justify="right")
        for name in summary.solvers:
            table.add_column(name, justify="right")
        for value, group in groups.items():
            cells = (str(solver.groups[prop][value].solved_at_2) for solver in summary.solvers.values())
            table.add_row(value, str(group.tasks), *cells)
        console.print()
        console.print(table)


def _print_bands(summary: Summary, console: "Console") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("tasks by pixel accuracy")
    everyone = {**summary.solvers, "(Agent Zero)": summary.agent_zero}
    for name in everyone:
        table.add_column(name, justify="right")
    for name in summary.agent_zero.bands:
        table.add_row(name, *(str(solver.bands[name]) for solver in everyone.values()))
    console.print()
    console.print(table)
