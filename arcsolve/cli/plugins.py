"""``arcsolve plugins``: what is installed, what it brings, and why something is broken."""

from pathlib import Path

import click

from arcsolve import plugins as loader
from arcsolve.cli.output import print_json, print_table
from arcsolve.cli.parameters import json_option, plugin_option


@click.command()
@json_option
@plugin_option
def plugins(as_json: bool, plugin: tuple[Path, ...]) -> None:
    """List the plugins: whether each works, the distribution that brought it, and what it offers.

    ARCSOLVE_PLUGINS=a,b limits the plugins that are loaded.
    """
    registry = loader.load(plugin)
    if as_json:
        print_json(
            [
                {
                    "name": status.name,
                    "ok": status.is_ok,
                    "cause": status.cause,
                    "distribution": status.origin.distribution,
                    "version": status.origin.version,
                    "target": status.target,
                    "provides": status.provides,
                }
                for status in registry.statuses
            ]
        )
        return
    rows = [
        [
            status.name,
            "ok" if status.is_ok else "broken",
            str(status.origin),
            ", ".join(status.provides) if status.is_ok else f"{status.cause}",
        ]
        for status in registry.statuses
    ]
    print_table(["plugin", "state", "from", "provides / cause"], rows, wrap=3)
