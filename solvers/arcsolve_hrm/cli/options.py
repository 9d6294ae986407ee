"""What the commands that ask a checkpoint share: its options, the data set, the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from arcsolve import plugins
from arcsolve.data import load
from arcsolve.task import Dataset
from arcsolve_hrm.evaluate import device_named
from arcsolve_hrm.serving import Server
from arcsolve_hrm.solver import HrmSolver, checkpoint_folder

F = TypeVar("F", bound=Callable[..., Any])


def checkpoint_options(function: F) -> F:
    """``--checkpoint``, ``--max-cycles``, ``--dtype``, ``--device``."""
    for decorate in (
        click.option("--device", default="auto", show_default=True, help="cpu, cuda, or auto."),
        click.option("--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True),
        click.option("--max-cycles", default=0, show_default=True, help="ACT segments at most; 0 as trained."),
        click.option("--checkpoint", default="", metavar="FOLDER|NAME", help="Default: the largest in the package."),
    ):
        function = decorate(function)
    return function


def serve(checkpoint: str, max_cycles: int, dtype: str, device: str, **more: Any) -> Server:
    """Load a checkpoint as the solver would."""
    options = HrmSolver.Options(checkpoint=checkpoint, max_cycles=max_cycles, dtype=dtype, **more)
    return Server(checkpoint_folder(checkpoint), options, device_named(device).type)


def data_set(name: str) -> Dataset:
    """Load a data set by name or path."""
    return load(name, plugins.load())


def plural(count: int, noun: str) -> str:
    """Spell a count: ``1 task``, ``2 tasks``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
