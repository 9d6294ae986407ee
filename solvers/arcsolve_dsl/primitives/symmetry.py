"""Symmetry and period repair: fit an axis, a centre or a period to what is known, and fill in what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.picture import Cells, Picture
from arcsolve_dsl.registry import Example, primitive

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
Motion = Callable[[Index, Index], tuple[Index, Index]]
"""Where the cells (rows, cols) land."""

KINDS: dict[str, tuple[str, ...]] = {
    "left-right": ("columns",),
    "up-down": ("rows",),
    "both": ("columns", "rows"),
    "point": ("point",),
    "diagonal": ("diagonal",),
    "turn": ("turn",),
    "all": ("turn", "columns"),
}
"""Symmetries by name, as the generators whose closure they are."""

MAX_VOTERS = 400
"""Figures with more cells than this are not fitted by voting: every pair of cells votes."""


@primitive(
    "symmetry",
    Example("mend(input, by='mirror', unknown=8)", "12321\n45854\n45654\n12328", "12321\n45654\n45654\n12321"),
)
def mend(picture: Picture, by: str, unknown: int | None = None) -> Picture:
    """Fill every cell of the colour `unknown` from the cells it should equal under a fitted symmetry or period.

    by='mirror' uses every reflection, diagonal and quarter turn that no pair of known cells contradicts and that
    maps at least half of the grid into itself; by='tile' the smallest period. Without `unknown` the colour is fitted
    too: the one without which the grid is most regular.
    """
    colour = _fitted_unknown(picture.cells, by) if unknown is None else unknown
    return Picture(_mended(picture.cells, picture.cells != colour, by)[0], picture.row, picture.col)


@primitive("symmetry", Example("mended_patch(input, by='tile', unknown=8)", "1212\n1882\n1212", "21"))
def mended_patch(picture: Picture, by: str, unknown: int | None = None) -> Picture:
    """The part of `mend` that was unknown: the bounding box of the colour `unknown`."""
    known = picture.cells != (_fitted_unknown(picture.cells, by) if unknown is None else unknown)
    rows, cols = np.nonzero(~known)
    if len(rows) == 0:
        raise EvaluationError(f"no cell has colour {unknown}")
    top, left = int(rows.min()), int(cols.min())
    patch = _mended(picture.cells, known, by)[0][top : rows.max() + 1, left : cols.max() + 1]
    return Picture(np.ascontiguousarray(patch), picture.row + top, picture.col + left)


@primitive("symmetry", Example("continue_tiling(input, height=2, width=5)", "12.\n3..", "12.12\n3..3."))
def continue_tiling(picture: Picture, height: int, width: int) -> Picture:
    """Continue the smallest period of the picture over a canvas of the given size."""
    if not (picture.height <= height <= 30 and picture.width <= width <= 30):
        raise EvaluationError("the canvas must hold the picture and be no larger than 30x30")
    canvas = np.zeros((height, width), np.int8)
    canvas[: picture.height, : picture.width] = picture.cells
    known = np.zeros((height, width), np.bool_)
    known[: picture.height, : picture.width] = True
    return Picture(_mended(canvas, known, "tile")[0], picture.row, picture.col)


@primitive(
    "symmetry", Example("continue_pattern(input, along='columns', background=0)", "1.2...\n.21...", "1.21.2\n.21.21")
)
def continue_pattern(picture: Picture, along: str, background: int | None = None) -> Picture:
    """Continue the part of the grid that is not background over the rest of it, by its smallest period.

    along: 'rows' continues downwards and upwards, 'columns' sideways, 'both' both.
    """
    rows, cols = np.nonzero(picture.cells != _ground(picture.cells, background))
    if len(rows) == 0:
        raise EvaluationError("the grid is empty")
    known = np.ones(picture.cells.shape, np.bool_)
    if along != "columns":
        known[: rows.min()], known[rows.max() + 1 :] = False, False
    if along != "rows":
        known[:, : cols.min()], known[:, cols.max() + 1 :] = False, False
    return Picture(_mended(picture.cells, known, "tile")[0], picture.row, picture.col)


@primitive("symmetry", Example("symmetrise(input, kind='left-right', background=0)", ".1.1\n23..", ".1.1\n232."))
def symmetrise(picture: Picture, kind: str, background: int | None = None, paint: int | None = None) -> Picture:
    """Complete the figure on the background so that it becomes symmetric about its own best-fitting axis or centre.

    The fit maps most cells onto cells of their colour and none onto another one. Added cells take their image's
    colour, or the colour `paint`. kind: left-right, up-down, both, point, diagonal, turn or all. The background is
    the most common colour where it is not given.
    """
    ground = _ground(picture.cells, background)
    full = _completed(picture.cells, picture.cells != ground, kind)
    added = (picture.cells == ground) & (full >= 0)
    cells = picture.cells.copy()
    cells[added] = full[added] if paint is None else paint
    return Picture(cells, picture.row, picture.col)


@primitive(
    "symmetry",
    Example(
        "symmetrise_objects(input, kind='left-right', background=0, paint=9)",
        "11....\n1.1...\n....2.\n...222",
        "119...\n1.1...\n....2.\n...222",
    ),
)
def symmetrise_objects(picture: Picture, kind: str, background: int | None = None, paint: int | None = None) -> Picture:
    """`symmetrise` for each figure by itself: figures are the 8-connected parts that are not background."""
    ground = _ground(picture.cells, background)
    cells = picture.cells.copy()
    for figure in _figures(picture.cells != ground):
        try:
            full = _completed(picture.cells, figure, kind)
        except EvaluationError:
            continue
        added = (picture.cells == ground) & (full >= 0)
        cells[added] = full[added] if paint is None else paint
    return Picture(cells, picture.row, picture.col)


def _ground(cells: Cells, background: int | None) -> int:
    return int(np.bincount(cells.ravel()).argmax()) if background is None else background


def _fitted_unknown(cells: Cells, by: str) -> int:
    """The colour whose absence leaves the most regular grid; the rarer one among equals."""
    counts = np.bincount(cells.ravel(), minlength=10)
    fits = []
    for colour in np.flatnonzero(counts).tolist():
        if 2 * counts[colour] > cells.size:
            continue
        try:
            fits.append((_mended(cells, cells != colour, by)[1], int(counts[colour]), colour))
        except EvaluationError:
            continue
    if not fits:
        raise EvaluationError("no colour hides a regular grid")
    return int(min(fits)[2])


def _mended(cells: Cells, known: Mask, by: str) -> tuple[Cells, float]:
    """The filled grid and how irregular it is: less is better, comparable for one grid and one `by`."""
    if known.all():
        return cells, 0.0
    if by == "mirror":
        return _mirrored(cells, known)
    if by == "tile":
        return _tiled(cells, known)
    raise ValueError(f"no way to mend is called '{by}'; use mirror or tile")


def _motions(height: int, width: int) -> Iterator[Motion]:
    """Every reflection and turn that maps at least half of the grid into itself."""
    for s in range(height // 2, 2 * height - 1 - height // 2 + 1):
        yield lambda r, c, s=s: (s - r, c)  # type: ignore[misc]
    for s in range(width // 2, 2 * width - 1 - width // 2 + 1):
        yield lambda r, c, s=s: (r, s - c)  # type: ignore[misc]
    reach = min(height, width) // 4
    for d in range(-reach, reach + 1):
        yield lambda r, c, d=d: (c + d, r - d)  # type: ignore[misc]
    last = min(height, width) - 1
    for s in range(last - reach, max(height, width) - 1 + reach + 1):
        yield lambda r, c, s=s: (s - c, s - r)  # type: ignore[misc]


def _mirrored(cells: Cells, known: Mask) -> tuple[Cells, float]:
    height, width = cells.shape
    index = np.indices(cells.shape)
    rows, cols = index[0], index[1]
    flat = cells.ravel().astype(np.intp)
    is_known = known.ravel().copy()
    images: list[tuple[Index, Index]] = []
    for motion in _motions(height, width):
        to_rows, to_cols = motion(rows, cols)
        inside = (to_rows >= 0) & (to_rows < height) & (to_cols >= 0) & (to_cols < width)
        source = np.flatnonzero(inside)
        target = (to_rows * width + to_cols)[inside]
        both = is_known[source] & is_known[target]
        if 2 * int(both.sum()) >= cells.size // 2 and not np.any((flat[source] != flat[target])[both]):
            images.append((source, target))
    filled = flat.copy()
    changed = bool(images)
    while changed and not is_known.all():
        changed = False
        for source, target in images:
            usable = ~is_known[source] & is_known[target]
            if usable.any():
                filled[source[usable]] = filled[target[usable]]
                is_known[source[usable]] = True
                changed = True
    if not is_known.all():
        raise EvaluationError("no fitted symmetry reaches every unknown cell")
    return filled.reshape(cells.shape).astype(np.int8), -float(len(images))


def _tilings(height: int, width: int) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """(number of classes, (row period, column period, slant)), the fewest classes first."""
    sizes = [(p * q, (p, q, 0)) for p in range(1, height + 1) for q in range(1, width + 1) if p * q < height * width]
    sizes += [(n, (0, n, slant)) for n in range(2, min(20, height + width)) for slant in (1, -1, 2, -2)]
    return iter(sorted(sizes))


def _tiled(cells: Cells, known: Mask) -> tuple[Cells, float]:
    height, width = cells.shape
    rows, cols = np.indices(cells.shape)
    flat = cells.ravel().astype(np.intp)
    is_known = known.ravel()
    wanted = ~is_known
    if not is_known.any():
        raise EvaluationError("nothing is known of the grid")
    for count, (row_period, col_period, slant) in _tilings(height, width):
        kind = (
            (cols + slant * rows) % col_period if slant else (rows % row_period) * col_period + cols % col_period
        ).ravel()
        seen = np.bincount(kind[is_known] * 10 + flat[is_known], minlength=10 * count).reshape(-1, 10) > 0
        colours = seen.sum(axis=1)
        if (colours <= 1).all() and (colours[kind[wanted]] == 1).all():
            filled = flat.copy()
            filled[wanted] = seen.argmax(axis=1)[kind[wanted]]
            return filled.reshape(cells.shape).astype(np.int8), float(count)
    raise EvaluationError("no period fits the known cells and reaches the unknown ones")


def _figures(mask: Mask) -> list[Mask]:
    """The 8-connected parts of a mask."""
    left = mask.copy()
    parts = []
    while left.any():
        part = np.zeros_like(mask)
        start = int(left.argmax())
        stack = [divmod(start, mask.shape[1])]
        left.flat[start] = False
        while stack:
            row, col = stack.pop()
            part[row, col] = True
            for r in range(max(0, row - 1), min(mask.shape[0], row + 2)):
                for c in range(max(0, col - 1), min(mask.shape[1], col + 2)):
                    if left[r, c]:
                        left[r, c] = False
                        stack.append((r, c))
        parts.append(part)
    return parts


def _completed(cells: Cells, figure: Mask, kind: str) -> Cells:
    """The figure and its images under the fitted symmetries; -1 elsewhere."""
    if kind not in KINDS:
        raise ValueError(f"no symmetry is called '{kind}'; use {', '.join(KINDS)}")
    full = np.where(figure, cells, -1).astype(np.int8)
    for generator in KINDS[kind]:
        full = _closed(full, _fit(full, generator), 3 if generator == "turn" else 1)
    return full


def _fit(full: Cells, generator: str) -> Motion:
    """The motion most cells vote for: each pair of equal-coloured cells votes for what maps one to the other.

    Only motions that map no cell onto another colour are taken; among equals the one nearest to the figure's middle.
    """
    rows, cols = np.nonzero(full >= 0)
    if not 1 <= len(rows) <= MAX_VOTERS:
        raise EvaluationError("the figure is empty or too large to fit")
    colour = full[rows, cols]
    r1, r2 = rows[:, None], rows[None, :]
    c1, c2 = cols[:, None], cols[None, :]
    same = colour[:, None] == colour[None, :]
    if generator == "rows":
        keys, same = np.stack(np.broadcast_arrays(r1 + r2, 0 * r1 + 0 * r2), -1), same & (c1 == c2)
    elif generator == "columns":
        keys, same = np.stack(np.broadcast_arrays(c1 + c2, 0 * c1 + 0 * c2), -1), same & (r1 == r2)
    elif generator == "point":
        keys = np.stack(np.broadcast_arrays(r1 + r2, c1 + c2), -1)
    elif generator == "turn":
        keys = np.stack(np.broadcast_arrays(r2 - c1, c2 + r1), -1)
    else:
        keys, same = np.stack(np.broadcast_arrays(r2 - c1, 0 * r1 + 0 * r2), -1), same & (r2 - c1 == r1 - c2)
    found, votes = np.unique(keys[same], axis=0, return_counts=True)
    middle = (rows.min() + rows.max(), cols.min() + cols.max())
    for index in np.lexsort((np.abs(found - _middle_key(generator, middle)).sum(axis=1), -votes))[:12]:
        motion = _motion(generator, int(found[index, 0]), int(found[index, 1]))
        to_rows, to_cols = motion(rows, cols)
        inside = (to_rows >= 0) & (to_rows < full.shape[0]) & (to_cols >= 0) & (to_cols < full.shape[1])
        image = full[to_rows[inside], to_cols[inside]]
        if not np.any((image >= 0) & (image != colour[inside])):
            return motion
    raise EvaluationError(f"no {generator} symmetry fits the figure")


def _middle_key(generator: str, middle: tuple[int, int]) -> NDArray[np.float64]:
    rows, cols = middle
    keys = {
        "rows": (rows, 0),
        "columns": (cols, 0),
        "point": (rows, cols),
        "turn": ((rows - cols) / 2, (rows + cols) / 2),
        "diagonal": ((rows - cols) / 2, 0),
    }
    return np.array(keys[generator], np.float64)


def _motion(generator: str, a: int, b: int) -> Motion:
    motions: dict[str, Motion] = {
        "rows": lambda r, c: (a - r, c),
        "columns": lambda r, c: (r, a - c),
        "point": lambda r, c: (a - r, b - c),
        "turn": lambda r, c: (a + c, b - r),
        "diagonal": lambda r, c: (c + a, r - a),
    }
    return motions[generator]


def _closed(full: Cells, motion: Motion, times: int) -> Cells:
    """The figure with its images under `motion`, applied `times` times; what stands there already stays."""
    out = full.copy()
    rows, cols = np.nonzero(full >= 0)
    colour = full[rows, cols]
    for _ in range(times):
        rows, cols = motion(rows, cols)
        inside = (rows >= 0) & (rows < full.shape[0]) & (cols >= 0) & (cols < full.shape[1])
        empty = out[rows[inside], cols[inside]] < 0
        out[rows[inside][empty], cols[inside][empty]] = colour[inside][empty]
    return out
