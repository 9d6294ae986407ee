"""Features of structure: objects, symmetry, separator lines, edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arcsolve import Grid
from arcsolve_ensemble.arrays import Ints


def object_sizes(grid: Grid, background: int) -> Ints:
    """Return the cell counts of the 4-connected, one-coloured objects that are not *background*.

    Runs of equal cells are found by numpy and joined across rows by union-find, so the cost follows the number of
    runs, not of cells.
    """
    height, width = grid.shape
    begins = np.ones(grid.shape, dtype=bool)
    begins[:, 1:] = grid[:, 1:] != grid[:, :-1]
    run = np.cumsum(begins.ravel()).reshape(height, width) - 1
    lengths = np.bincount(run.ravel())
    colours = grid[begins]
    parent = list(range(len(lengths)))

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    joined = grid[1:] == grid[:-1]
    joined &= grid[1:] != background
    edges = np.unique(run[:-1][joined].astype(np.int64) * len(lengths) + run[1:][joined])
    for upper, lower in zip((edges // len(lengths)).tolist(), (edges % len(lengths)).tolist(), strict=True):
        parent[find(upper)] = find(lower)
    kept = np.flatnonzero(colours != background)
    roots = np.array([find(node) for node in kept.tolist()], dtype=np.int64)
    if len(roots) == 0:
        return np.zeros(0, dtype=np.int64)
    sizes = np.bincount(roots, weights=lengths[kept])
    return sizes[sizes > 0].astype(np.int64)


def edge_density(grid: Grid) -> float:
    """Return the share of neighbouring cells that differ in colour."""
    across = grid[:, 1:] != grid[:, :-1]
    down = grid[1:] != grid[:-1]
    total = across.size + down.size
    return float((across.sum() + down.sum()) / total) if total else 0.0


def separators(grid: Grid, background: int) -> int:
    """Count the inner rows and columns of one colour that is not *background*."""
    rows = (grid == grid[:, :1]).all(axis=1) & (grid[:, 0] != background)
    columns = (grid == grid[:1]).all(axis=0) & (grid[0] != background)
    return int(rows[1:-1].sum() + columns[1:-1].sum())


def _symmetries(grid: Grid) -> tuple[bool, bool, bool]:
    return (
        bool((grid == grid[:, ::-1]).all()),
        bool((grid == grid[::-1]).all()),
        grid.shape[0] == grid.shape[1] and bool((grid == grid.T).all()),
    )


def structure_features(pairs: Sequence[tuple[Grid, Grid]], tests: Sequence[Grid]) -> dict[str, float]:
    """Return structure features of (input, output) *pairs* and *tests* inputs."""
    rows = []
    for a, b in pairs:
        background = int(np.bincount(a.ravel()).argmax())
        sizes_in, sizes_out = object_sizes(a, background), object_sizes(b, background)
        sym_in, sym_out = _symmetries(a), _symmetries(b)
        rows.append(
            (
                len(sizes_in),
                len(sizes_out),
                np.log((1 + len(sizes_out)) / (1 + len(sizes_in))),
                sizes_in.mean() if len(sizes_in) else 0.0,
                sizes_out.mean() if len(sizes_out) else 0.0,
                sizes_in.max() / a.size if len(sizes_in) else 0.0,
                sum(sym_in[:2]),
                sum(sym_out[:2]),
                sym_out[2],
                separators(a, background),
                separators(b, background),
                edge_density(a),
                edge_density(b),
            )
        )
    names = (
        "in_objects",
        "out_objects",
        "log_object_ratio",
        "in_object_size",
        "out_object_size",
        "in_largest_object",
        "in_mirror_symmetries",
        "out_mirror_symmetries",
        "out_transpose_symmetric",
        "in_separators",
        "out_separators",
        "in_edge_density",
        "out_edge_density",
    )
    means = np.array(rows, dtype=np.float64).mean(axis=0)
    values = dict(zip(names, means.tolist(), strict=True))
    values["test_edge_density"] = float(np.mean([edge_density(grid) for grid in tests]))
    return values
