"""The task features: about fifty numbers a task, from sizes, colours, changes and structure, in a millisecond.

A challenge holds no test output, so no feature can read one. The groups follow the field's usual static features of
ARC tasks; the costlier measurements look at the first `MAX_PAIRS` demonstrations only.
"""

from __future__ import annotations

import numpy as np

from arcsolve import Challenge
from arcsolve_ensemble.features.change import change_features
from arcsolve_ensemble.features.colours import colour_features
from arcsolve_ensemble.features.sizes import size_features
from arcsolve_ensemble.features.structure import structure_features

VERSION = "1"
MAX_PAIRS = 5


def task_features(challenge: Challenge) -> dict[str, float]:
    """Compute the features of *challenge*.

    Args:
        challenge: demonstrations and test inputs.

    Returns:
        Finite floats by name, the same names in the same order for every task (`FEATURE_NAMES`).
    """
    pairs = [(pair.input, pair.output) for pair in challenge.train]
    tests = list(challenge.test_inputs)
    few, few_tests = pairs[:MAX_PAIRS], tests[:MAX_PAIRS]
    values = {
        **size_features(pairs, tests),
        **colour_features(pairs, tests),
        **change_features(few),
        **structure_features(few, few_tests),
    }
    return {name: float(value) if np.isfinite(value) else 0.0 for name, value in values.items()}


def _names() -> tuple[str, ...]:
    cell = np.zeros((1, 1), dtype=np.int8)
    pairs = [(cell, cell)]
    groups = (
        size_features(pairs, [cell]),
        colour_features(pairs, [cell]),
        change_features(pairs),
        structure_features(pairs, [cell]),
    )
    return tuple(name for group in groups for name in group)


FEATURE_NAMES: tuple[str, ...] = _names()
