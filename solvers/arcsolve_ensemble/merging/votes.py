"""Votes: what each member proposes for one test input, ranked by the member itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from arcsolve import Candidate, Grid


@dataclass(frozen=True, eq=False)
class Vote:
    """One member's proposal for one test input.

    Attributes:
        member: the member's name.
        grid: the proposed grid.
        confidence: the member's own confidence in [0, 1].
        rank: its place among the member's distinct grids for this test input, from 1.
        demos_solved: demonstrations that the same program reproduces; None where that has no meaning.
        explanation: the member's words.
    """

    member: str
    grid: Grid
    confidence: float
    rank: int
    demos_solved: int | None = None
    explanation: str = ""


def grid_key(grid: Grid) -> str:
    """Return a short hash of shape and cells, the same for equal grids of any integer dtype."""
    cells = np.ascontiguousarray(grid, dtype=np.int8)
    return hashlib.sha256(repr(cells.shape).encode() + cells.tobytes()).hexdigest()[:16]


def collect(member: str, candidates: Iterable[Candidate]) -> dict[int, list[Vote]]:
    """Return a member's votes by test index, best first.

    Equal grids become one vote with the highest confidence and the most demonstrations solved; the order of
    *candidates* does not matter.
    """
    best: dict[tuple[int, str], Candidate] = {}
    for candidate in candidates:
        key = (candidate.test_index, grid_key(candidate.grid))
        known = best.get(key)
        if known is None or _strength(candidate) > _strength(known):
            best[key] = candidate
    by_test: dict[int, list[tuple[str, Candidate]]] = {}
    for (index, digest), candidate in best.items():
        by_test.setdefault(index, []).append((digest, candidate))
    found: dict[int, list[Vote]] = {}
    for test_index, entries in by_test.items():
        entries.sort(key=lambda entry: (*(-part for part in _strength(entry[1])[:2]), entry[0]))
        found[test_index] = [
            Vote(member, c.grid, float(np.clip(c.confidence, 0, 1)), rank, c.demos_solved, c.explanation)
            for rank, (_, c) in enumerate(entries, start=1)
        ]
    return found


def _strength(candidate: Candidate) -> tuple[float, float, str]:
    solved = -1.0 if candidate.demos_solved is None else float(candidate.demos_solved)
    return float(candidate.confidence), solved, candidate.explanation
