"""Cell rules: each output cell painted by a small learned table over layers of the input."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.layers import FAMILIES, NOTHING, LayerSet
from arcsolve_dsl.lanes.segments import ByteGrid, Scene
from arcsolve_dsl.lanes.tables import conflicting_pairs, find_condition_sets, fit_table

@dataclass
class CellRule:
    conditions: tuple[str, ...]
    table: dict[tuple[int, ...], str]
    outputs: list[ByteGrid]
    held_out: list[int]
    keys: int
    paints: int
    lonely: int
    unseen: int
    cost: float


FAMILY_COST = dict(cell=0, near=1, ray=1.5, line=1.5, place=2, mirror=2, parts=1, shapes4=1.5, shapes8=1, things4=1.5, things8=1)

def stack(layer_sets, names, kind):
    return np.concatenate([np.stack([getattr(s, kind)[n].ravel() for n in names]) for s in layer_sets], axis=1)

def learn(pairs, tests, backgrounds, seed=0, most=40, stats=None):
    grids = [i for i, _ in pairs] + list(tests)
    sets = [LayerSet(Scene(g, b)) for g, b in zip(grids, backgrounds)]
    n_demos = len(pairs)
    for s in sets:
        for f in FAMILIES: s.add_family(f)
    target = np.concatenate([o.ravel() for _, o in pairs])
    n_cells = len(target)
    paint_names = list(sets[0].paints)
    paints = stack(sets, paint_names, "paints")
    right = paints[:, :n_cells] == target
    own = paint_names.index("cell.own")
    changed = ~right[own]
    if not right.any(0).all():
        return None
    # choose paints
    _, idx = np.unique(paints, axis=0, return_index=True)
    idx = [i for i in sorted(idx) if right[i][changed].any() or i == own]
    if len(idx) > 64:
        idx = sorted(idx, key=lambda i: (i != own, -right[i][changed].sum()))[:64]
    idx = sorted(idx, key=lambda i: (i != own, i))
    paint_names = [paint_names[i] for i in idx]
    right = right[idx]; paints = paints[idx]
    masks = np.zeros(n_cells, np.uint64)
    for i in range(len(idx)):
        masks |= right[i].astype(np.uint64) << np.uint64(i)
    if (masks == 0).any():
        return None
    cond_names = list(sets[0].conditions)
    values = stack(sets, cond_names, "conditions")
    varies = (values[:, :n_cells] != values[:, :1]).any(1)
    cost = np.array([FAMILY_COST[n.split(".")[0]] for n in cond_names])
    order = [i for i in np.argsort(cost, kind="stable") if varies[i]]
    r = np.random.default_rng(1).integers(1, 2**62, values.shape[1])
    h = values.astype(np.int64) @ r
    _, first = np.unique(h[order], return_index=True)
    order = [order[i] for i in sorted(first)]
    cond_names = [cond_names[i] for i in order]
    values = np.ascontiguousarray(values[order]); cost = cost[order]
    conf = conflicting_pairs(masks, 400, seed)
    found = np.zeros((3 * most, 4), np.int64); st = np.zeros(4, np.int64)
    tv = np.ascontiguousarray(values[:, :n_cells])
    n = find_condition_sets(tv, masks, conf, np.zeros(1, np.int64), 3, most, 20_000_000, found, st, 250)
    if stats is not None: stats.append((len(cond_names), n, *st[:2]))
    owner = np.concatenate([np.full(g.size, k) for k, g in enumerate(grids)]).astype(np.int64)
    N = values.shape[1]
    allmasks = np.zeros(N, np.uint64); allmasks[:n_cells] = masks
    kf = np.zeros(N, np.int64); kb = np.zeros(N, np.int64); wr = np.zeros(N, np.int64); ho = np.zeros(n_demos, np.int64); cn = np.zeros(4, np.int64)
    rules = []
    for row in found[:n]:
        w = int(row[0]); ch = np.ascontiguousarray(row[1:4])
        if w == 1: ch[1:] = ch[0]
        k = fit_table(values, allmasks, ch, w, owner, n_demos, n_cells, kf, kb, wr, ho, cn)
        table = {tuple(int(v) for v in values[ch[:w], kf[g]]): paint_names[kb[g]] for g in range(k)}
        wr2 = np.where(wr < 0, 0, wr)
        out = paints[wr2, np.arange(N)]
        outs = []; at = n_cells
        bad = False
        for g in tests:
            o = out[at:at + g.size].reshape(g.shape); at += g.size
            bad |= bool((o == NOTHING).any())
            outs.append(np.where(o == NOTHING, g, o).astype(np.uint8))
        c = cost[ch[:w]].sum() + 2 * w + 0.3 * k + int(cn[1]) + 0.5 * int(cn[2]) + (20 if cn[3] else 0) + (20 if bad else 0) - 3 * (ho == 1).sum() - 1.0 * (ho == 2).sum()
        rules.append(CellRule(tuple(cond_names[i] for i in ch[:w]), table, outs, ho.tolist(), k, int(cn[1]), int(cn[2]), int(cn[3]), float(c)))
    rules.sort(key=lambda r: r.cost)
    return rules
