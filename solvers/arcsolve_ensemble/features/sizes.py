"""Features of grid sizes: how large, how constant, how the output's size follows the input's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arcsolve import Grid


def size_features(pairs: Sequence[tuple[Grid, Grid]], tests: Sequence[Grid]) -> dict[str, float]:
    """Return size features of (input, output) *pairs* and *tests* inputs."""
    ins = np.array([a.shape for a, _ in pairs], dtype=np.float64)
    outs = np.array([b.shape for _, b in pairs], dtype=np.float64)
    test = np.array([g.shape for g in tests], dtype=np.float64)
    in_area, out_area, test_area = ins.prod(axis=1), outs.prod(axis=1), test.prod(axis=1)
    ratio = outs / ins
    up = (ratio >= 1) & (ratio == np.round(ratio))
    down = (ratio <= 1) & (1 / ratio == np.round(1 / ratio))
    same = (ins == outs).all(axis=1)
    return {
        "n_train": float(len(pairs)),
        "n_test": float(len(tests)),
        "in_height": ins[:, 0].mean(),
        "in_width": ins[:, 1].mean(),
        "in_area": in_area.mean(),
        "out_height": outs[:, 0].mean(),
        "out_width": outs[:, 1].mean(),
        "out_area": out_area.mean(),
        "test_area": test_area.mean(),
        "test_width": test[:, 1].mean(),
        "log_area_ratio": np.log(out_area / in_area).mean(),
        "test_train_ratio": np.log(test_area.mean() / in_area.mean()),
        "same_size": same.mean(),
        "in_size_constant": float((ins == ins[0]).all()),
        "out_size_constant": float((outs == outs[0]).all()),
        "ratio_constant": float((ratio == ratio[0]).all()),
        "scaled_up": (up.all(axis=1) & ~same).mean(),
        "scaled_down": (down.all(axis=1) & ~same).mean(),
        "out_square": (outs[:, 0] == outs[:, 1]).mean(),
        "out_single_cell": (out_area == 1).mean(),
        "out_smaller": (out_area < in_area).mean(),
    }
