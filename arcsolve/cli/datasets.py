"""``arcsolve datasets``: the named data sets."""

from pathlib import Path

import click

from arcsolve import plugins
from arcsolve.cli.output import print_json, print_table
from arcsolve.cli.parameters import json_option, plugin_option


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME|PATH]...")
@json_option
@plugin_option
def datasets(names: tuple[str, ...], as_json: bool, plugin: tuple[Path, ...]) -> None:
    """List the data sets with their number of tasks and content hash; all of them, or those named."""
    from arcsolve.data import load

    registry = plugins.load(plugin)
    rows = []
    for name in names or tuple(registry.datasets):
        dataset = load(name, registry)
        entry = registry.datasets.get(name)
        rows.append(
            {
                "name": name,
                "tasks": len(dataset),
                "solved": sum(task.solution is not None for task in dataset),
                "sha256": dataset.sha256,
                "source": dataset.source,
                "description": entry.description if entry else "",
            }
        )
    if as_json:
        print_json(rows)
        return
    print_table(
        ["name", "tasks", "with solution", "sha256", "source", "description"],
        [[r["name"], r["tasks"], r["solved"], str(r["sha256"])[:12], r["source"], r["description"]] for r in rows],
        wrap=5,
    )
