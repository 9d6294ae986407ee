"""Features of what changes between input and output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from arcsolve import Grid

MAX_COMPARISONS = 60_000


def contains(large: Grid, small: Grid) -> bool:
    """Tell whether *small* is a sub-grid of *large*; a search that would cost too much counts as no."""
    rows, columns = large.shape[0] - small.shape[0] + 1, large.shape[1] - small.shape[1] + 1
    if rows < 1 or columns < 1:
        return False
    starts = np.argwhere(large[:rows, :columns] == small[0, 0])
    if len(starts) == 0 or len(starts) * small.size > MAX_COMPARISONS:
        return False
    windows = sliding_window_view(large, small.shape)[starts[:, 0], starts[:, 1]]
    return bool((windows == small).all(axis=(1, 2)).any())


def change_features(pairs: Sequence[tuple[Grid, Grid]]) -> dict[str, float]:
    """Return features of the changes in (input, output) *pairs*."""
    changed, on_background, monochrome, rows_hit = [], [], [], []
    mapping: dict[int, int] = {}
    consistent = True
    crop = grow = 0
    for a, b in pairs:
        if a.shape == b.shape:
            differs = a != b
            count = int(differs.sum())
            changed.append(count / a.size)
            if count:
                background = int(np.bincount(a.ravel()).argmax())
                on_background.append(float((a[differs] == background).mean()))
                monochrome.append(float(len(np.unique(b[differs])) == 1))
                rows_hit.append(float(differs.any(axis=1).mean()))
            codes = np.unique(a.astype(np.int64).ravel() * 10 + b.ravel())
            for code in codes.tolist():
                consistent = consistent and mapping.setdefault(code // 10, code % 10) == code % 10
        else:
            consistent = False
            crop += contains(a, b)
            grow += contains(b, a)

    def mean(values: list[float], default: float) -> float:
        return float(np.mean(values)) if values else default

    return {
        "changed": mean(changed, 1.0),
        "changed_on_background": mean(on_background, 0.0),
        "changed_to_one_colour": mean(monochrome, 0.0),
        "changed_rows": mean(rows_hit, 0.0),
        "colour_map_consistent": float(consistent),
        "out_in_input": crop / len(pairs),
        "in_in_output": grow / len(pairs),
    }
