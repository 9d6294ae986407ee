"""The greedy cover against its definition, written plainly: every subset, guide and depth limit from the start."""

import numpy as np
import pytest

from arcsolve_dsl.engine import greedy
from arcsolve_dsl.engine.greedy import MAX_STACK, UNKNOWN, Masks, compose


def masks_of(cells: np.ndarray, target: np.ndarray) -> Masks:
    """Pieces' bit masks, by comparing whole rows."""
    n, n_cells = cells.shape
    written = np.stack([cells != 0, cells == 0, np.ones_like(cells, bool)], axis=1)
    wrong = written & ((cells != target) & (target != UNKNOWN))[:, None]
    n_words = (n_cells + 63) // 64

    def words(bits: np.ndarray) -> np.ndarray:
        padded = np.zeros((n, 3, 64 * n_words), bool)
        padded[..., :n_cells] = bits
        return np.packbits(padded, axis=-1, bitorder="little").view(np.uint64)

    return Masks(cells, words(wrong), words(written))


def plainly(cells: np.ndarray, depths: np.ndarray, offsets: np.ndarray, n_demos: int, target: np.ndarray) -> list:
    """All compositions in their order: (cells, demonstrations explained, pieces, modes, depth, guide)."""
    at = np.arange(len(target))
    of_demo = [(at >= offsets[d]) & (at < offsets[d + 1]) for d in range(n_demos)]
    made, rounds_left = [], -1
    limits = sorted(set(depths.tolist()))
    for limit in limits:
        for subset in range(1, 1 << n_demos):
            cared = np.any([of_demo[d] for d in range(n_demos) if subset >> d & 1], axis=0)
            for guide in (d for d in range(n_demos) if subset >> d & 1):
                row = np.full(len(target), UNKNOWN, np.uint8)
                stack, modes = [], []
                for _ in range(MAX_STACK):
                    unknown = row == UNKNOWN
                    best, most = None, 0
                    for piece in np.flatnonzero(depths <= limit):
                        shown = cells[piece]
                        for mode, writes in enumerate((shown != 0, shown == 0, np.ones(len(target), bool))):
                            if (writes & unknown & cared & (shown != target)).any():
                                continue
                            covers = int((writes & unknown & of_demo[guide]).sum())
                            if covers > most:
                                best, most = (int(piece), mode, writes & unknown), covers
                    if best is None:
                        break
                    stack.append(best[0])
                    modes.append(best[1])
                    row[best[2]] = cells[best[0]][best[2]]
                explained = sum(1 << d for d in range(n_demos) if (row == target)[of_demo[d]].all())
                if stack and not any(explained == e and (row == r).all() for r, e, *_ in made):
                    made.append((row, explained, stack, modes, int(depths[stack].max()), guide))
        if rounds_left < 0 and any(explained == (1 << n_demos) - 1 for _, explained, *_ in made):
            rounds_left = 2
        rounds_left -= 1
        if rounds_left == 0:
            break
    return made


@pytest.mark.parametrize("seed", range(12))
def test_the_cover_is_greedy_at_every_depth_limit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(20, 60, size=4)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    n_demos = 3
    truth = rng.integers(0, 4, offsets[-1]).astype(np.uint8)
    target = truth.copy()
    target[offsets[n_demos] :] = UNKNOWN
    pieces = [np.where(rng.random(offsets[-1]) < rng.choice([0.03, 0.3, 0.6]), truth, 0) for _ in range(40)]
    pieces += [np.where(np.arange(offsets[-1]) // 30 % 5 == k, truth, 0) for k in range(5)]
    pieces += [rng.integers(0, 4, offsets[-1]) for _ in range(5)]
    cells = np.array(pieces, np.uint8)[rng.permutation(50)]
    depths = np.sort(rng.integers(1, 5, 50) * 10)
    found = compose(masks_of(cells, target), depths, offsets, n_demos, target, 1 << n_demos, 500)
    wanted = plainly(cells, depths, offsets, n_demos, target)
    assert len(found.cells) == len(wanted) > 3
    for k, (row, explained, stack, modes, depth, guide) in enumerate(wanted):
        np.testing.assert_array_equal(found.cells[k], row)
        assert found.pieces[k].tolist() == stack + [-1] * (MAX_STACK - len(stack))
        assert found.modes[k][: len(stack)].tolist() == modes
        assert (int(found.explained[k]), int(found.depth[k]), int(found.guide[k])) == (explained, depth, guide)


def test_masks_are_filled_as_they_are_defined() -> None:
    rng = np.random.default_rng(0)
    for n_cells in (1, 63, 64, 65, 200):
        cells = rng.integers(0, 3, (7, n_cells)).astype(np.uint8)
        target = np.where(rng.random(n_cells) < 0.3, UNKNOWN, rng.integers(0, 3, n_cells)).astype(np.uint8)
        n_words = (n_cells + 63) // 64
        first = n_cells // 3
        offsets = np.array([0, first, n_cells], np.int64)
        at = (np.arange(7)[:, None] * n_cells + [0, first]).ravel()
        out, wrong, active = np.empty_like(cells), *np.ones((2, 7, 3, n_words), np.uint64)
        greedy.fill_masks(
            cells.reshape(-1),
            at,
            7,
            2,
            offsets,
            target,
            out.reshape(-1),
            wrong.reshape(-1),
            active.reshape(-1),
            n_words,
        )
        wanted = masks_of(cells, target)
        np.testing.assert_array_equal(out, cells)
        np.testing.assert_array_equal(wrong, wanted.wrong)
        np.testing.assert_array_equal(active, wanted.active)
