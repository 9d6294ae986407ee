"""``arcsolve hrm robustness``: originals and disturbed copies side by side."""

from __future__ import annotations

import json

import click

from arcsolve.cli.output import note
from arcsolve.cli.parameters import data_option
from arcsolve.errors import Abstain, ArcsolveError
from arcsolve.run.plan import choose_tasks
from arcsolve.task import Task
from arcsolve_hrm.cli.options import checkpoint_options, data_set, plural, serve
from arcsolve_hrm.robustness import Probe, probe, total
from arcsolve_hrm.solver import refuse_large


@click.command("robustness")
@click.argument("task_ids", metavar="[TASK]...", nargs=-1)
@data_option("arc1:training")
@click.option("--limit", default=20, show_default=True, help="Without TASK: the first so many known tasks.")
@click.option("--recolourings", default=8, show_default=True, help="Views with permuted colours per test input.")
@click.option("--cells", default=8, show_default=True, help="Copies with one changed cell per test input.")
@click.option("--seed", default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@checkpoint_options
def command(
    task_ids: tuple[str, ...],
    data: str,
    limit: int,
    recolourings: int,
    cells: int,
    seed: int,
    as_json: bool,
    checkpoint: str,
    max_cycles: int,
    dtype: str,
    device: str,
) -> None:
    """Measure how answers hold under one changed cell, symmetries and permuted colours."""
    dataset = data_set(data)
    server = serve(checkpoint, max_cycles, dtype, device)
    probes: dict[str, Probe] = {}
    asked: list[Task] = []
    for task in choose_tasks(dataset, task_ids, None):
        rows = server.rows(task.challenge)
        if not rows and task_ids:
            raise ArcsolveError(f"The checkpoint never saw the demonstrations of {task.id!r}.")
        if not rows or (not task_ids and len(probes) >= limit):
            continue
        try:
            refuse_large(task.challenge)
        except Abstain as reason:
            note(f"{task.id} left out: {reason}.")
            continue
        asked.append(task)
        probes[task.id] = total(
            probe(
                server.predictor,
                server.question(task.challenge, index, rows),
                None if task.solution is None else task.solution[index],
                recolourings=recolourings,
                cells=cells,
                seed=seed,
            )
            for index in range(len(task.challenge.test_inputs))
        )
    if not probes:
        raise ArcsolveError(f"The checkpoint knows none of the tasks of {data!r} by their demonstrations.")
    whole = total(probes.values())
    if as_json:
        click.echo(json.dumps({"tasks": {name: p.to_dict() for name, p in probes.items()}, "total": whole.to_dict()}))
        return
    click.echo(_table(whole, len(probes)))
    remembered = sum(server.is_training_task(server.rows(task.challenge)) for task in asked)
    if remembered:
        click.echo(
            f"training tasks among them: {remembered}; their test pairs may have been trained on, so that exact "
            "answers are partly memory"
        )


def _table(whole: Probe, n_tasks: int) -> str:
    def line(what: str, part: int, of: int, meaning: str) -> str:
        return f"{what:<28} {part:>5} of {of:<6} {part / of if of else 0:>7.1%}  {meaning}"

    augmented = whole.symmetries + whole.recolourings
    return "\n".join(
        (
            f"{plural(n_tasks, 'task')}, {plural(whole.originals, 'test input')}, one view per answer (no voting)",
            line("exact on originals", whole.originals_exact, whole.originals, "the score of a single view"),
            line(
                "exact on augmented copies",
                whole.symmetries_exact + whole.recolourings_exact,
                augmented,
                "the same rule, turned or recoloured",
            ),
            line("symmetry consistency", whole.symmetries_agree, whole.symmetries, "same answer as the original"),
            line("colour consistency", whole.recolourings_agree, whole.recolourings, "same answer as the original"),
            line("unchanged by one cell", whole.perturbations_same, whole.perturbations, "one input cell recoloured"),
            line("cells changed by one cell", whole.cells_changed, whole.cells_compared, "where the shape stayed"),
            f"{whole.no_answer} views or perturbed inputs gave no answer at all",
        )
    )
