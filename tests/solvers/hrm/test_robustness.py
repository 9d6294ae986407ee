"""Robustness counts what it says, on predictors whose behaviour is known."""

import numpy as np
import pytest

pytest.importorskip("torch")

from arcsolve_hrm.predict import Question, View
from arcsolve_hrm.robustness import Probe, probe, total
from arcsolve_hrm.voting import Prediction

SOURCE = np.arange(6, dtype=np.int8).reshape(2, 3)
QUESTION = Question(SOURCE, [(SOURCE, SOURCE)], ((0, None),))


class Fake:
    """Answers with what `answer` makes of (source, view)."""

    def __init__(self, answer):
        self.answer = answer

    def views(self, question, count, *, seed):
        plain = tuple(range(10))
        swapped = (0, 2, 1, *range(3, 10))
        return [View(0, index % 8, plain if index < 8 else swapped) for index in range(count)]

    def ask(self, question, views, *, deadline=float("inf")):
        for view in views:
            yield Prediction(self.answer(question.source, view), -1.0)


def run(answer, truth):
    return probe(Fake(answer), QUESTION, truth, recolourings=4, cells=10, seed=0)


def test_a_perfectly_steady_copier():
    result = run(lambda source, view: source, SOURCE)
    assert (result.originals_exact, result.symmetries_exact, result.recolourings_exact) == (1, 7, 4)
    assert (result.symmetries_agree, result.recolourings_agree) == (7, 4)
    assert result.perturbations == 10
    assert result.perturbations_same == 0
    assert result.cells_compared == 60
    assert result.cells_changed == 10  # one changed cell changes one cell


def test_a_constant_answer_is_steady_and_wrong():
    zeros = np.zeros((2, 3), np.int8)
    result = run(lambda source, view: zeros, SOURCE).to_dict()
    assert result["exact_on_originals"] == 0
    assert result["exact_on_augmented_copies"] == 0
    assert result["symmetry_consistency"] == 1
    assert result["unchanged_by_one_cell"] == 1


def test_originals_and_augmented_copies_stand_side_by_side():
    result = run(lambda source, view: source if view.dihedral == 0 else None, SOURCE).to_dict()
    assert result["exact_on_originals"] == 1
    assert result["exact_on_augmented_copies"] == round(1 / 11, 4)  # the recoloured view of symmetry 0
    assert result["no_answer"] == 10


def test_another_shape_counts_as_such():
    result = run(lambda source, view: source if np.array_equal(source, SOURCE) else source.T.copy(), SOURCE)
    assert result.perturbations_other_shape == 10
    assert result.cells_compared == 0
    assert result.to_dict()["cells_changed_by_one_cell"] is None


def test_totals_add_up():
    one = run(lambda source, view: source, SOURCE)
    assert total([one, one]).symmetries == 14
    assert total([]) == Probe()
