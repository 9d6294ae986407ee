"""How steady the network's answers are: under one changed cell, under symmetries, under permuted colours.

An earlier model of this project was said to reach 71 % on augmented copies and 49 % on the originals; both were the
share of background. Here each number is a count of exact matches, originals and augmented copies side by side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from arcsolve_hrm.predict import Predictor, Question, View
from arcsolve_hrm.transforms import N_COLOURS, N_DIHEDRAL, Grid


@dataclass(frozen=True)
class Probe:
    """Counts over test inputs; add them up with `total`."""

    originals: int = 0
    originals_exact: int = 0
    symmetries: int = 0
    """Views through one of the seven other symmetries, in true colours."""
    symmetries_exact: int = 0
    symmetries_agree: int = 0
    """Views whose answer is the original's."""
    recolourings: int = 0
    """Views with permuted colours (and a symmetry)."""
    recolourings_exact: int = 0
    recolourings_agree: int = 0
    perturbations: int = 0
    """Inputs with one cell's colour changed."""
    perturbations_same: int = 0
    """Answers that stayed exactly the same."""
    perturbations_other_shape: int = 0
    cells_compared: int = 0
    """Cells of the answers that kept their shape."""
    cells_changed: int = 0
    no_answer: int = 0
    """Views and perturbed inputs without any answer; they agree with nothing."""

    def to_dict(self) -> dict[str, Any]:
        """Counts and shares (None where nothing was asked)."""

        def share(part: int, whole: int) -> float | None:
            return round(part / whole, 4) if whole else None

        return asdict(self) | {
            "exact_on_originals": share(self.originals_exact, self.originals),
            "exact_on_augmented_copies": share(
                self.symmetries_exact + self.recolourings_exact, self.symmetries + self.recolourings
            ),
            "symmetry_consistency": share(self.symmetries_agree, self.symmetries),
            "colour_consistency": share(self.recolourings_agree, self.recolourings),
            "unchanged_by_one_cell": share(self.perturbations_same, self.perturbations),
            "cells_changed_by_one_cell": share(self.cells_changed, self.cells_compared),
        }


def total(probes: Iterable[Probe]) -> Probe:
    """Add counts up."""
    listed = list(probes)
    return Probe(**{field.name: sum(getattr(probe, field.name) for probe in listed) for field in fields(Probe)})


def probe(
    predictor: Predictor, question: Question, truth: Grid | None, *, recolourings: int, cells: int, seed: int
) -> Probe:
    """Ask about one test input in all these ways, one vote each (no voting across views).

    Args:
        predictor: What is asked.
        question: The test input and its task.
        truth: The right output; None counts nothing as exact.
        recolourings: Views with permuted colours.
        cells: Perturbed copies of the input, each with one random cell in another random colour.
        seed: Of colours, cells and permutations.

    Returns:
        The counts.
    """
    views = predictor.views(question, N_DIHEDRAL + recolourings, seed=seed)
    answers = [prediction.grid for prediction in predictor.ask(question, views)]
    original = answers[0]
    plain = [index for index in range(1, len(views)) if _is_plain(views[index])]
    coloured = [index for index in range(1, len(views)) if not _is_plain(views[index])]

    def exact(answer: Grid | None) -> bool:
        return answer is not None and truth is not None and np.array_equal(answer, truth)

    def same(answer: Grid | None) -> bool:
        return answer is not None and original is not None and np.array_equal(answer, original)

    rng = np.random.default_rng(seed)
    perturbed = [_perturbed(question.source, rng) for _ in range(cells)]
    others = [next(iter(predictor.ask(question._replace(source=grid), views[:1]))).grid for grid in perturbed]
    comparable = [
        answer != original
        for answer in others
        if answer is not None and original is not None and answer.shape == original.shape
    ]
    return Probe(
        originals=1,
        originals_exact=int(exact(original)),
        symmetries=len(plain),
        symmetries_exact=sum(exact(answers[index]) for index in plain),
        symmetries_agree=sum(same(answers[index]) for index in plain),
        recolourings=len(coloured),
        recolourings_exact=sum(exact(answers[index]) for index in coloured),
        recolourings_agree=sum(same(answers[index]) for index in coloured),
        perturbations=cells,
        perturbations_same=sum(same(answer) for answer in others),
        perturbations_other_shape=sum(
            answer is not None and original is not None and answer.shape != original.shape for answer in others
        ),
        cells_compared=sum(changed.size for changed in comparable),
        cells_changed=sum(int(changed.sum()) for changed in comparable),
        no_answer=sum(answer is None for answer in (*answers, *others)),
    )


def _is_plain(view: View) -> bool:
    return view.colours == tuple(range(N_COLOURS))


def _perturbed(source: Grid, rng: np.random.Generator) -> Grid:
    """Copy a grid with one random cell in another colour."""
    grid = source.copy()
    row, column = int(rng.integers(grid.shape[0])), int(rng.integers(grid.shape[1]))
    grid[row, column] = (int(grid[row, column]) + int(rng.integers(1, N_COLOURS))) % N_COLOURS
    return grid
