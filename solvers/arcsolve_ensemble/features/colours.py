"""Features of colours: how many, which are new or lost, and how they are spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arcsolve import Grid
from arcsolve_ensemble.arrays import Floats


def histogram(grid: Grid) -> Floats:
    """Return the (10,) share of each colour."""
    return np.bincount(grid.ravel(), minlength=10)[:10] / grid.size


def entropy(shares: Floats) -> float:
    """Return the entropy of *shares* in bits."""
    some = shares[shares > 0]
    return float(-(some * np.log2(some)).sum())


def colour_features(pairs: Sequence[tuple[Grid, Grid]], tests: Sequence[Grid]) -> dict[str, float]:
    """Return colour features of (input, output) *pairs* and *tests* inputs."""
    ins = np.array([histogram(a) for a, _ in pairs])
    outs = np.array([histogram(b) for _, b in pairs])
    test = np.array([histogram(g) for g in tests])
    has_in, has_out, has_test = ins > 0, outs > 0, test > 0
    return {
        "in_colours": has_in.sum(axis=1).mean(),
        "out_colours": has_out.sum(axis=1).mean(),
        "test_colours": has_test.sum(axis=1).mean(),
        "all_colours": float((has_in.any(axis=0) | has_out.any(axis=0)).sum()),
        "new_colours": (has_out & ~has_in).sum(axis=1).mean(),
        "lost_colours": (has_in & ~has_out).sum(axis=1).mean(),
        "in_palette_constant": float((has_in == has_in[0]).all()),
        "out_palette_constant": float((has_out == has_out[0]).all()),
        "test_unseen_colours": float((has_test & ~has_in.any(axis=0)).any(axis=0).sum()),
        "in_background": ins.max(axis=1).mean(),
        "out_background": outs.max(axis=1).mean(),
        "in_black": ins[:, 0].mean(),
        "out_black": outs[:, 0].mean(),
        "in_entropy": float(np.mean([entropy(row) for row in ins])),
        "out_entropy": float(np.mean([entropy(row) for row in outs])),
        "histogram_distance": np.abs(ins - outs).sum(axis=1).mean() / 2,
    }
