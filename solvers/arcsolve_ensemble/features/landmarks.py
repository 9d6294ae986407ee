"""The landmarks: some eighty numbers from very cheap solvers' attempts, the second feature step, in ten milliseconds.

Landmarking (Pfahringer, Bensusan, Giraud-Carrier 2000) lets simple learners probe a problem: how far do cell rules,
neighbourhoods, simple views and object matches get with the demonstrations? A challenge holds no test output.
"""

from __future__ import annotations

import numpy as np

from arcsolve import Challenge
from arcsolve_ensemble.features.neighbourhoods import NEIGHBOURHOOD_NAMES, neighbourhood_landmarks
from arcsolve_ensemble.features.relations import RELATION_NAMES, relation_landmarks
from arcsolve_ensemble.features.views import VIEW_NAMES, view_landmarks

MAX_PAIRS = 5
MAX_TESTS = 3
LANDMARK_NAMES: tuple[str, ...] = (*RELATION_NAMES, *NEIGHBOURHOOD_NAMES, *VIEW_NAMES)


def landmarks(challenge: Challenge) -> dict[str, float]:
    """Compute the landmarks of *challenge*.

    Args:
        challenge: demonstrations and test inputs; the first `MAX_PAIRS` demonstrations are looked at.

    Returns:
        Finite floats by name, the same names in the same order for every task (`LANDMARK_NAMES`).
    """
    pairs = [(pair.input, pair.output) for pair in challenge.train[:MAX_PAIRS]]
    tests = list(challenge.test_inputs[:MAX_TESTS])
    values = {
        **relation_landmarks(pairs, tests),
        **neighbourhood_landmarks(pairs, tests),
        **view_landmarks(pairs, tests[0]),
    }
    return {name: float(value) if np.isfinite(value) else 0.0 for name, value in values.items()}
