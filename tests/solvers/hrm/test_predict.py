"""Views, batches and the time they may take."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from arcsolve_hrm.checkpoint import load_checkpoint  # noqa: E402
from arcsolve_hrm.predict import CPU_S_PER_INPUT, CanvasPredictor, Question, SequencePredictor, View  # noqa: E402
from arcsolve_hrm.transforms import Augmentation  # noqa: E402

FOLDER = Path(__file__).parent / "fixtures"
TASK = json.loads((FOLDER / "known_tasks.json").read_text())["3c9b0459"]


def question_of(side, rows=((0, None),)):
    grid = np.arange(side * side, dtype=np.int8).reshape(side, side) % 10
    return Question(grid, [(grid, grid)], rows)


@pytest.fixture(scope="module")
def sequence():
    model = load_checkpoint(FOLDER / "tiny-20").model(dtype="float32")
    return SequencePredictor(model, legend=True, ahead=True)


@pytest.fixture
def canvas(parity, one_thread):
    return CanvasPredictor(parity.forward_model("hrm", "float32"))


def test_views_begin_with_the_input_itself_and_repeat_with_the_seed(sequence, canvas):
    for predictor in (sequence, canvas):
        views = predictor.views(question_of(3), 12, seed=5)
        assert len(views) == len(set(views)) == 12
        assert views[0].is_identity
        assert views == predictor.views(question_of(3), 12, seed=5)
        assert views != predictor.views(question_of(3), 12, seed=6)
        assert sorted(view.dihedral for view in views[:8]) == list(range(8))


def test_batches_change_no_answer(sequence, canvas):
    for predictor in (sequence, canvas):
        question = question_of(4)
        views = predictor.views(question, 10, seed=0)
        together = list(predictor.ask(question, views))
        alone = [next(iter(predictor.ask(question, [view]))) for view in views]
        for one, other in zip(together, alone, strict=True):
            assert (one.grid is None) == (other.grid is None)
            assert one.grid is None or np.array_equal(one.grid, other.grid)


def test_a_published_table_is_asked_in_the_views_that_have_rows(canvas):
    swapped = (0, 2, 1, *range(3, 10))
    rows = ((4, Augmentation(1, swapped)), (2, Augmentation()), (5, Augmentation(6)))
    views = canvas.views(question_of(3, rows), 8, seed=0)
    assert views[0] == View(2, *Augmentation())
    assert {view.row for view in views} == {2, 4, 5}
    assert len(list(canvas.ask(question_of(3, rows), views))) == 3


def test_turned_views_of_a_rectangle_lie_on_turned_canvases(canvas):
    grid = np.ones((2, 5), np.int8)
    question = Question(grid, [(grid, grid)], ((0, None),))
    assert canvas.canvas(question, View(0, 0, tuple(range(10)))) == (3, 6)
    assert canvas.canvas(question, View(0, 1, tuple(range(10)))) == (6, 3)


def test_likelihoods_rank_what_the_model_itself_answers_first(sequence):
    from arcsolve.data.parse import parse_task
    from arcsolve_hrm.serving import demonstrations

    task = parse_task("3c9b0459", TASK)
    row = load_checkpoint(FOLDER / "tiny-20").names.index("3c9b0459")
    question = Question(task.challenge.test_inputs[0], demonstrations(task.challenge), ((row, None),))
    right = task.solution[0]
    grids = [right, np.flip(right, 0).copy(), np.zeros((1, 1), np.int8)]
    scores = sequence.log_likelihoods(question, grids, views=4, seed=0)
    assert scores[0] == max(scores)
    assert all(score <= 0 for score in scores)


def test_canvas_likelihoods_are_finite_for_any_size(canvas):
    scores = canvas.log_likelihoods(
        question_of(3), [np.ones((1, 1), np.int8), np.ones((9, 4), np.int8)], views=2, seed=0
    )
    assert all(np.isfinite(score) and score < 0 for score in scores)


def test_large_grids_get_fewer_views_and_smaller_batches(sequence, monkeypatch):
    monkeypatch.setattr(sequence, "scale", 1.0)  # as for seq-28m
    assert sequence.usual_views(question_of(5)) == 8
    assert sequence.usual_views(question_of(30)) == 1
    costs = [sequence.cpu_seconds(question_of(12), views) for views in (1, 2, 4, 8)]
    assert costs == sorted(costs)
    assert sequence.cpu_seconds(question_of(12), sequence.usual_views(question_of(12))) <= CPU_S_PER_INPUT
    assert sequence.fitting(question_of(5), 8, 100.0) == 8
    assert sequence.fitting(question_of(20), 8, 10.0) in (1, 2, 4)
    assert sequence.fitting(question_of(30), 8, 0.0) == 1
