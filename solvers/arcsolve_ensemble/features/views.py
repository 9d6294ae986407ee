"""Landmarks of views: does a simple cut, copy or panel of the input have the output's size, or its cells?

`views` names some sixty grids that can be made of an input (turned, cropped, an object, a panel, doubled). The best one
over all demonstrations says how far the task is from one operation; the cell rules of
`arcsolve_ensemble.features.cell_rules` say how far that view is from the output.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from arcsolve import Grid
from arcsolve_ensemble.features.cell_rules import RULE_NAMES, rule_landmarks
from arcsolve_ensemble.features.components import box, components

VIEW_NAMES = (
    "view_sized",
    "view_agreement",
    "view_exact",
    "views_sized",
    "view_of_test",
    "panel_error",
    "panel_keys",
    "panels",
    *RULE_NAMES,
)
MAX_PANELS = 40


def view_landmarks(pairs: Sequence[tuple[Grid, Grid]], test: Grid) -> dict[str, float]:
    """Return landmarks of the best view, of equal panels, and of the cell rules from the best view to the output.

    Returns:
        Demonstrations in which the best view has the output's size; best mean share of equal cells and best share of
        demonstrations reproduced; number of views that always have the output's size; whether the best view exists
        for *test*; contradictory cells, value combinations and number of equal panels; cell rules, -1 without a view
        of the output's size.
    """
    made = [views(a) for a, _ in pairs]
    common = [name for name in made[0] if all(name in own for own in made)]
    scores: dict[str, tuple[float, float, float]] = {}
    for name in common:
        agreement = [
            float((own[name] == b).mean()) if own[name].shape == b.shape else -1.0
            for own, (_, b) in zip(made, pairs, strict=True)
        ]
        is_sized = [value >= 0 for value in agreement]
        exact = [value == 1 for value in agreement]
        scores[name] = (float(np.mean(is_sized)), float(np.mean(np.maximum(agreement, 0))), float(np.mean(exact)))
    sized = [name for name in common if scores[name][0] == 1]
    best = max(common, key=lambda name: scores[name])
    found = {
        "view_sized": scores[best][0],
        "view_agreement": max(score[1] for score in scores.values()),
        "view_exact": max(score[2] for score in scores.values()),
        "views_sized": float(len(sized)),
        "view_of_test": float(best in views(test)),
        **_panel_landmarks(pairs),
    }
    if not sized:
        return found | dict.fromkeys(RULE_NAMES, -1.0)
    rules = rule_landmarks([(own[best], b) for own, (_, b) in zip(made, pairs, strict=True)])
    if found["panels"] and found["panel_error"] == 0:
        rules |= {"rule_error_2": 0.0, "rule_depth": 1.0}
    return found | rules


def views(grid: Grid) -> dict[str, Grid]:
    """Return grids that one simple operation makes of *grid*, by name; those that don't apply are left out."""
    background = int(np.bincount(grid.ravel()).argmax())
    found: dict[str, Grid | None] = {
        "same": grid,
        "mirrored": grid[:, ::-1],
        "flipped": grid[::-1],
        "turned": grid[::-1, ::-1],
        "transposed": grid.T,
        "left": np.rot90(grid),
        "right": np.rot90(grid, 3),
        "anti": grid[::-1, ::-1].T,
        **_colour_crops(grid, background),
        **_halves(grid),
        **_objects(grid, background),
        **_panels(grid, background),
        **_condensed(grid, background),
        **_copies(grid),
    }
    return {name: view for name, view in found.items() if view is not None and view.size}


def _crop(grid: Grid, mask: Grid) -> Grid | None:
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return grid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _colour_crops(grid: Grid, background: int) -> dict[str, Grid | None]:
    drawn = _crop(grid, grid != background)
    found: dict[str, Grid | None] = {"drawn": drawn, "black": _crop(grid, grid == 0)}
    if drawn is not None:
        found |= {"drawn-mirrored": drawn[:, ::-1], "drawn-flipped": drawn[::-1]}
    counts = np.bincount(grid.ravel(), minlength=10)
    counts[background] = 0
    order = [colour for colour in np.argsort(-counts, kind="stable").tolist() if counts[colour]]
    for name, at in (("first-colour", 0), ("second-colour", 1), ("last-colour", -1)):
        if len(order) > max(at, 0):
            view = _crop(grid, grid == order[at])
            found[name] = view
            if view is not None and min(view.shape) > 2:
                found[f"inside-{name}"] = view[1:-1, 1:-1]
    return found


def _halves(grid: Grid) -> dict[str, Grid | None]:
    height, width = grid.shape
    found: dict[str, Grid | None] = {}
    if height > 1:
        found |= {"top": grid[: height // 2], "bottom": grid[(height + 1) // 2 :]}
    if width > 1:
        found |= {"left-half": grid[:, : width // 2], "right-half": grid[:, (width + 1) // 2 :]}
    if height % 3 == 0:
        found["top-third"] = grid[: height // 3]
    if width % 3 == 0:
        found["left-third"] = grid[:, : width // 3]
    if height % 2 == 0 and width % 2 == 0:
        found["quarter"] = grid[: height // 2, : width // 2]
    return found


def _objects(grid: Grid, background: int) -> dict[str, Grid | None]:
    objects = components(grid, background, one_colour=False)
    if len(objects) < 2:
        return {}
    cuts = []
    for cells in objects:
        top, bottom, left, right = box(cells)
        cuts.append(grid[top:bottom, left:right])
    sizes = [len(cells) for cells in objects]
    areas = [cut.size for cut in cuts]
    density = [size / area for size, area in zip(sizes, areas, strict=True)]
    colours = [len(np.unique(cut)) for cut in cuts]
    symmetry = [float((cut == cut[:, ::-1]).mean()) for cut in cuts]
    shapes = [(cut.shape, (cut != background).tobytes()) for cut in cuts]
    alike = Counter(shapes)
    main = [int(np.bincount(cut[cut != background].ravel()).argmax()) for cut in cuts]
    coloured = Counter(main)
    found: dict[str, Grid | None] = {
        "largest": cuts[int(np.argmax(sizes))],
        "smallest": cuts[int(np.argmin(sizes))],
        "most-colours": cuts[int(np.argmax(colours))],
        "widest": cuts[int(np.argmax(areas))],
        "narrowest": cuts[int(np.argmin(areas))],
        "densest": cuts[int(np.argmax(density))],
        "sparsest": cuts[int(np.argmin(density))],
        "symmetric": cuts[int(np.argmax(symmetry))],
        "asymmetric": cuts[int(np.argmin(symmetry))],
        "commonest": cuts[shapes.index(alike.most_common(1)[0][0])],
        "first": cuts[0],
        "last": cuts[-1],
    }
    odd_shapes = [cut for cut, shape in zip(cuts, shapes, strict=True) if alike[shape] == 1]
    odd_colours = [cut for cut, colour in zip(cuts, main, strict=True) if coloured[colour] == 1]
    if len(odd_shapes) == 1:
        found["odd-shape"] = odd_shapes[0]
    if len(odd_colours) == 1:
        found["odd-colour"] = odd_colours[0]
    return found


def _panels(grid: Grid, background: int) -> dict[str, Grid | None]:
    rows = _spans((grid == grid[:, :1]).all(axis=1) & (grid[:, 0] != background))
    columns = _spans((grid == grid[:1]).all(axis=0) & (grid[0] != background))
    cut = [[grid[top:bottom, left:right] for left, right in columns] for top, bottom in rows]
    flat = [panel for row in cut for panel in row]
    if not 1 < len(flat) <= MAX_PANELS:
        return {}
    drawn = [int((panel != background).sum()) for panel in flat]
    colours = [len(np.unique(panel)) for panel in flat]
    found: dict[str, Grid | None] = {
        "first-panel": flat[0],
        "last-panel": flat[-1],
        "fullest-panel": flat[int(np.argmax(drawn))],
        "emptiest-panel": flat[int(np.argmin(drawn))],
        "most-coloured-panel": flat[int(np.argmax(colours))],
    }
    if len({panel.shape for panel in flat}) == 1:
        found["panel-colours"] = np.array([[_main(panel, None) for panel in row] for row in cut])
        found["panel-drawings"] = np.array([[_main(panel, background) for panel in row] for row in cut])
    return found


def _spans(is_line: Grid) -> list[tuple[int, int]]:
    """Return the stretches between separator lines, at most `MAX_PANELS` + 1."""
    edges = [-1, *np.flatnonzero(is_line).tolist(), len(is_line)]
    spans = [(low + 1, high) for low, high in itertools.pairwise(edges) if high > low + 1]
    return spans[: MAX_PANELS + 1]


def _main(panel: Grid, leave_out: int | None) -> int:
    """Return the commonest colour of *panel*, *leave_out* only where there is no other."""
    counts = np.bincount(panel.ravel(), minlength=10)
    if leave_out is not None and counts.sum() > counts[leave_out]:
        counts[leave_out] = 0
    return int(counts.argmax())


def _condensed(grid: Grid, background: int) -> dict[str, Grid | None]:
    rows = np.concatenate([[True], (grid[1:] != grid[:-1]).any(axis=1)])
    columns = np.concatenate([[True], (grid[:, 1:] != grid[:, :-1]).any(axis=0)])
    is_drawn = grid != background
    return {
        "without-repeats": grid[rows][:, columns],
        "without-background": grid[is_drawn.any(axis=1)][:, is_drawn.any(axis=0)],
    }


def _copies(grid: Grid) -> dict[str, Grid | None]:
    height, width = grid.shape
    found: dict[str, Grid | None] = {}
    for times in (2, 3):
        if max(height, width) * times <= 30:
            found[f"scaled-{times}"] = np.kron(grid, np.ones((times, times), dtype=grid.dtype))
            found[f"tiled-{times}"] = np.tile(grid, (times, times))
        if width * times <= 30:
            found[f"beside-{times}"] = np.tile(grid, (1, times))
        if height * times <= 30:
            found[f"below-{times}"] = np.tile(grid, (times, 1))
    if width <= 15:
        found["opened-right"] = np.hstack([grid, grid[:, ::-1]])
    if height <= 15:
        found["opened-down"] = np.vstack([grid, grid[::-1]])
    if max(height, width) <= 15:
        wide = np.hstack([grid, grid[:, ::-1]])
        found["opened-both"] = np.vstack([wide, wide[::-1]])
    return found


def _panel_landmarks(pairs: Sequence[tuple[Grid, Grid]]) -> dict[str, float]:
    """Ask whether the cells of equal panels, taken together, tell the output's cell."""
    keys = []
    counts = set()
    for a, b in pairs:
        tops, lefts = _starts(a.shape[0], b.shape[0]), _starts(a.shape[1], b.shape[1])
        count = len(tops) * len(lefts)
        counts.add(count)
        if not 1 < count <= 9 or len(counts) > 1:
            return {"panel_error": 1.0, "panel_keys": 0.0, "panels": 0.0}
        key = np.zeros(b.shape, dtype=np.int64)
        for top in tops:
            for left in lefts:
                key = key * 11 + a[top : top + b.shape[0], left : left + b.shape[1]]
        keys.append(key.ravel())
    together = np.concatenate(keys)
    out = np.concatenate([b.ravel() for _, b in pairs]).astype(np.int64)
    distinct, codes = np.unique(together, return_inverse=True)
    table = np.bincount(codes * 10 + out, minlength=len(distinct) * 10).reshape(-1, 10)
    return {
        "panel_error": float(1 - table.max(axis=1).sum() / len(out)),
        "panel_keys": float(np.log(len(distinct) / len(out))),
        "panels": float(counts.pop()),
    }


def _starts(whole: int, part: int) -> list[int]:
    """Return where equal parts begin that fill *whole*, side by side or with one line between them; else nothing."""
    if whole % part == 0:
        return list(range(0, whole, part))
    count = (whole + 1) // (part + 1)
    return [at * (part + 1) for at in range(count)] if count * (part + 1) - 1 == whole else []
