"""The trace shows what the network would have said after every cycle, in the test input's own orientation."""

import json
from pathlib import Path

import numpy as np
import pytest

from arcsolve.data.parse import parse_task

torch = pytest.importorskip("torch")

from arcsolve_hrm.checkpoint import load_checkpoint  # noqa: E402
from arcsolve_hrm.core import HRM  # noqa: E402
from arcsolve_hrm.predict import CanvasPredictor, Question, SequencePredictor, View  # noqa: E402
from arcsolve_hrm.serving import demonstrations  # noqa: E402
from arcsolve_hrm.thinking import think  # noqa: E402
from arcsolve_hrm.trace import NO_COLOUR, cells_text, trace  # noqa: E402
from arcsolve_hrm.transforms import IDENTITY  # noqa: E402

FOLDER = Path(__file__).parent / "fixtures"
TASKS = json.loads((FOLDER / "known_tasks.json").read_text())


@pytest.fixture(scope="module")
def known():
    """A sequence predictor and the question of a task that it knows."""
    checkpoint = load_checkpoint(FOLDER / "tiny-20")
    task = parse_task("3c9b0459", TASKS["3c9b0459"])
    row = checkpoint.names.index("3c9b0459")
    predictor = SequencePredictor(checkpoint.model(dtype="float32"), legend=True, ahead=True)
    return predictor, Question(task.challenge.test_inputs[0], demonstrations(task.challenge), ((row, None),)), task


def test_the_last_frame_of_every_view_is_the_answer_that_was_decoded(known):
    predictor, question, _ = known
    views = predictor.views(question, 12, seed=0)
    for view, prediction in zip(views, predictor.ask(question, views), strict=True):
        told = trace(predictor, question, view)
        assert told is not None
        assert prediction.grid is not None
        assert np.array_equal(told.frames[-1].cells, prediction.grid), view


def test_more_segments_give_more_frames_and_mark_what_changed(known):
    predictor, question, task = known
    longer = SequencePredictor(predictor.model, legend=True, ahead=True, segments=3)
    told = trace(longer, question, predictor.views(question, 1, seed=0)[0], task.solution[0])
    assert told is not None
    assert [(frame.segment, frame.cycle) for frame in told.frames] == [(1, 1), (2, 1), (3, 1)]
    assert not told.frames[0].changed.any()
    for before, after in zip(told.frames, told.frames[1:], strict=False):
        assert np.array_equal(after.changed, before.cells != after.cells)
    assert all(0 <= frame.q_halt <= 1 and 0 <= frame.entropy <= np.log(14) for frame in told.frames)


@pytest.mark.parametrize("family", ["hrm", "trm"])
def test_canvas_frames_end_with_what_thinking_decodes(parity, one_thread, family):
    model = parity.forward_model(family, "float32")
    rng = np.random.default_rng(1)
    source = rng.integers(0, 10, (4, 6)).astype(np.int8)
    question = Question(source, [(source, source)], ((3, None),))
    predictor = CanvasPredictor(model, is_halting=False)
    for view in (View(3, *IDENTITY), View(3, 1, (0, 3, 2, 1, 4, 5, 6, 9, 8, 7))):
        answer = np.zeros((4, 6), np.int8)
        told = trace(predictor, question, view, answer)
        assert told is not None
        cycles = model.config.h_cycles
        assert len(told.frames) == 4 * cycles
        augmentation = IDENTITY._replace(dihedral=view.dihedral, colours=view.colours)
        canvas = predictor.canvas(question, view)
        from arcsolve_hrm.canvas import encode

        seen = []
        tokens = encode(augmentation.apply(source), canvas=canvas)
        think(model, [tokens], [3], canvas=canvas, is_halting=False, watch=seen.append)
        for segment in range(4):
            best = seen[segment].logits[0].argmax(-1).numpy().reshape(canvas)
            height, width = augmentation.apply(answer).shape
            best = best[:height, :width]
            frame = told.frames[(segment + 1) * cycles - 1]
            is_colour = best >= 2
            turned = augmentation.invert(np.where(is_colour, best - 2, 0).astype(np.int8))
            shown = IDENTITY._replace(dihedral=view.dihedral).invert(is_colour.astype(np.int8)).astype(bool)
            assert np.array_equal(frame.cells[shown], turned[shown])
            assert (frame.cells[~shown] == NO_COLOUR).all()


def test_an_unsure_view_has_no_trace(known):
    predictor, question, _ = known
    torch.manual_seed(0)
    untrained = SequencePredictor(HRM(predictor.model.config), legend=True, ahead=True)
    assert trace(untrained, question, untrained.views(question, 1, seed=0)[0]) is None


def test_cells_are_spelled_compactly():
    assert cells_text(np.array([[1, NO_COLOUR], [0, 9]], np.int8)) == "1./09"
