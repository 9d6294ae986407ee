"""From an outcome to the rows that hold it, made before the write lock is taken."""

from datetime import UTC, datetime
from typing import Any

from arcsolve.outcome import Outcome
from arcsolve.solver import Candidate
from arcsolve.task import grids_equal
from arcsolve_store.grids import encode, grid_hash


class ChildRows:
    """An outcome's child rows, made before the write lock is taken."""

    def __init__(self) -> None:
        self.grids: dict[bytes, dict[str, Any]] = {}
        self.tests: list[dict[str, Any]] = []
        self.candidates: list[dict[str, Any]] = []
        self.explanations: list[dict[str, Any]] = []


def child_rows(outcome: Outcome) -> ChildRows:
    """Test results, candidates, grids and explanations; the outcome's key is still to be added."""
    rows = ChildRows()
    tests = {test.test_index: test for test in outcome.tests}
    rows.tests = [
        {
            "test_index": test.test_index,
            "is_solved_at_1": test.is_solved_at_1,
            "is_solved_at_2": test.is_solved_at_2,
            "is_solved_cropped": test.is_solved_cropped,
            "cells": test.cells,
            "cells_matched": test.cells_matched,
            "cells_matched_strict": test.cells_matched_strict,
            "rank_of_correct": test.rank_of_correct,
        }
        for test in outcome.tests
    ]
    ranks: dict[int, int] = {}
    for candidate, attempt in _ranked(outcome):
        rank = ranks[candidate.test_index] = ranks.get(candidate.test_index, 0) + 1
        test = tests.get(candidate.test_index)
        if test is None:
            is_correct = None
        elif attempt is None:
            is_correct = rank == test.rank_of_correct
        else:
            is_correct = test.is_solved_at_1 if attempt == 1 else test.is_solved_at_2 and not test.is_solved_at_1
        name = grid_hash(candidate.grid)
        if name not in rows.grids:
            height, width = candidate.grid.shape
            rows.grids[name] = {
                "grid_hash": name,
                "height": height,
                "width": width,
                "cells": encode(candidate.grid),
            }
        rows.candidates.append(
            {
                "test_index": candidate.test_index,
                "rank": rank,
                "attempt": attempt,
                "confidence": float(candidate.confidence),
                "is_correct": is_correct,
                "demos_solved": candidate.demos_solved,
                "grid_hash": name,
            }
        )
        if candidate.explanation:
            rows.explanations.append(
                {"test_index": candidate.test_index, "rank": rank, "explanation": storable(candidate.explanation)}
            )
    return rows


def _ranked(outcome: Outcome) -> list[tuple[Candidate, int | None]]:
    """Every candidate, best first per test input, with the attempt it became (1, 2 or None)."""
    open_attempts: list[tuple[Candidate, int]] = []
    counts: dict[int, int] = {}
    for candidate in outcome.attempts:
        counts[candidate.test_index] = counts.get(candidate.test_index, 0) + 1
        open_attempts.append((candidate, counts[candidate.test_index]))
    ranked: list[tuple[Candidate, int | None]] = []
    for candidate in outcome.candidates:
        match = next(
            (
                pair
                for pair in open_attempts
                if pair[0].test_index == candidate.test_index and grids_equal(pair[0].grid, candidate.grid)
            ),
            None,
        )
        if match is not None:
            open_attempts.remove(match)
        ranked.append((candidate, None if match is None else match[1]))
    return [*ranked, *open_attempts]


def scores(outcome: Outcome) -> dict[str, Any]:
    """The outcome's own row, without its keys."""
    tests = outcome.tests
    return {
        "is_latest": True,
        "recorded_at": datetime.now(UTC),
        "status": outcome.status.value,
        "category": None if outcome.category is None else outcome.category.value,
        "n_tests": outcome.n_tests,
        "n_tests_solved_at_1": sum(t.is_solved_at_1 for t in tests),
        "n_tests_solved_at_2": sum(t.is_solved_at_2 for t in tests),
        "is_solved_at_1": outcome.is_solved_at_1,
        "is_solved_at_2": outcome.is_solved_at_2,
        "is_solved_cropped": bool(tests) and all(t.is_solved_cropped for t in tests),
        "cells": sum(t.cells for t in tests),
        "cells_matched": sum(t.cells_matched for t in tests),
        "cells_matched_strict": sum(t.cells_matched_strict for t in tests),
        "n_candidates": outcome.n_candidates,
        "cpu_s": outcome.cpu_s,
        "wall_s": outcome.wall_s,
        "memory_mb": outcome.memory_mb,
        "detail": storable(outcome.detail),
    }


def storable(text: str) -> str:
    """The text with what a database can't hold (lone surrogates, NUL) written as escapes: solvers send anything."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
