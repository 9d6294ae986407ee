"""``arcsolve hrm …``: one module per command, imported when the command is used (most need torch)."""

from __future__ import annotations

from importlib import import_module

import click

from arcsolve.errors import ArcsolveError

_COMMANDS = {
    "bench": "Time the parts of a training step on this machine.",
    "convert": "Turn a published HRM or TRM file into a checkpoint.",
    "data": "Write the training and evaluation data as two compact files.",
    "evaluate": "Answer held-out or evaluation inputs with a trained checkpoint; print the exact score.",
    "info": "Show what a checkpoint holds: shape, parameters, tasks, training.",
    "protocols": "Report a run's score per protocol: demonstrations trained on, or truly unseen.",
    "robustness": "Measure how answers hold under a changed cell, symmetries and permuted colours.",
    "sweep": "Train short runs side by side and compare them on held-out pairs.",
    "trace": "Watch the network come to its answer, cycle by cycle.",
    "train": "Train the sequence model, or continue a run.",
}
"""Name and one-line help; command ``x`` is ``arcsolve_hrm.cli.x:command`` unless it stands in ``_SEQUENCE``."""
_SEQUENCE = ("bench", "data", "evaluate", "sweep", "train")
"""Commands of ``arcsolve_hrm.cli.sequence``, by name in its ``COMMANDS``."""


class _LazyGroup(click.Group):
    """Lists its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        try:
            if cmd_name in _SEQUENCE:
                found: click.Command = import_module("arcsolve_hrm.cli.sequence").COMMANDS[cmd_name]
                return found
            module = import_module(f"arcsolve_hrm.cli.{cmd_name.replace('-', '_')}")
        except ModuleNotFoundError as error:
            if error.name not in ("torch", "safetensors"):
                raise
            raise ArcsolveError(
                f"'arcsolve hrm {cmd_name}' needs {error.name}, which is not installed. "
                "Run: pip install 'arcsolve[hrm]'."
            ) from error
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.command("hrm", cls=_LazyGroup)
def hrm() -> None:
    """Train, convert, inspect and trace HRM models."""
