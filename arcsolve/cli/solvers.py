"""``arcsolve solvers``: the solvers, and one in detail: options, defaults, resources, whether it can be used."""

import inspect
from pathlib import Path
from typing import Any

import click

from arcsolve import plugins
from arcsolve.cli.output import print_json, print_table
from arcsolve.cli.parameters import json_option, plugin_option
from arcsolve.entries import SolverEntry
from arcsolve.errors import ArcsolveError, describe


@click.command()
@click.argument("name", required=False)
@json_option
@plugin_option
def solvers(name: str | None, as_json: bool, plugin: tuple[Path, ...]) -> None:
    """List the solvers, or describe the solver NAME with its options."""
    registry = plugins.load(plugin)
    if name is None:
        rows = [_describe(entry) for entry in registry.solvers.values()]
        for clash in registry.solvers.clashes:
            rows.append({"name": clash, "problem": registry.solvers.clash_message(clash)})
        if as_json:
            print_json(rows)
            return
        print_table(
            ["solver", "version", "state", "from", "summary"],
            [
                [
                    row["name"],
                    row.get("version", ""),
                    "broken" if row["problem"] else "ok",
                    row.get("distribution", ""),
                    row["problem"] or row["summary"],
                ]
                for row in rows
            ],
            wrap=4,
        )
        return
    row = _describe(registry.solver(name))
    if as_json:
        print_json(row)
        return
    if row["problem"]:
        raise ArcsolveError(row["problem"])
    click.echo(f"{click.style(name, bold=True)} {row['version']}  ({row['distribution']}, plugin {row['plugin']!r})\n")
    click.echo(row["doc"])
    resources = row["resources"]
    threads = "all cores" if resources["threads"] == 0 else f"{resources['threads']} thread(s)"
    memory = "the run's memory limit" if resources["memory_mb"] is None else f"{resources['memory_mb']} MiB"
    gpu = ", the GPU where there is one" if resources["gpu"] else ""
    batch = f", batches of {resources['batch_size']}" if resources["batch_size"] > 1 else ""
    click.echo(f"\nA worker takes {threads}, {memory}{gpu}{batch}.\n")
    if not row["options"]:
        click.echo("It has no options.")
        return
    print_table(
        ["option", "type", "default", "description"],
        [
            [
                option["name"],
                option["type"],
                "required" if option["is_required"] else option["default"],
                option["description"],
            ]
            for option in row["options"]
        ],
        wrap=3,
    )
    first = row["options"][0]
    click.echo(f"\nGive options as -o {name}.{first['name']}={'VALUE' if first['is_required'] else first['default']}")


def _describe(entry: SolverEntry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": entry.name,
        "plugin": entry.origin.plugin,
        "distribution": str(entry.origin),
        "problem": None,
    }
    try:
        cls = entry.load()
        doc = inspect.cleandoc(cls.__doc__ or "")
        return row | {
            "version": cls.version,
            "summary": doc.partition("\n")[0],
            "doc": doc,
            "resources": {
                "threads": cls.resources.threads,
                "memory_mb": cls.resources.memory_mb,
                "gpu": cls.resources.gpu,
                "batch_size": cls.resources.batch_size,
            },
            "options": [_option(name, field) for name, field in cls.Options.model_fields.items()],
        }
    except ArcsolveError as error:
        return row | {"problem": str(error)}
    except Exception as error:
        return row | {"problem": f"Solver {entry.name!r} can't be described: {describe(error)}"}


def _option(name: str, field: Any) -> dict[str, Any]:
    annotation = field.annotation
    limits = [str(item) for item in field.metadata]
    kind = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return {
        "name": name,
        "type": kind.replace("typing.", "") + "".join(f" {_limit(limit)}" for limit in limits if _limit(limit)),
        "default": default,
        "is_required": field.is_required(),
        "description": field.description or "",
    }


def _limit(text: str) -> str:
    """``Ge(ge=0)`` becomes ``>=0``."""
    for begin, sign in (("Ge(ge=", ">="), ("Le(le=", "<="), ("Gt(gt=", ">"), ("Lt(lt=", "<")):
        if text.startswith(begin):
            return sign + text[len(begin) : -1]
    return ""
