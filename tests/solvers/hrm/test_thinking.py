"""Early halting gives exactly what the full run had decoded at the halting segment."""

import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from arcsolve_hrm.canvas import Canvas, encode  # noqa: E402
from arcsolve_hrm.canvas_train import halts  # noqa: E402
from arcsolve_hrm.thinking import think  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")
CANVAS = Canvas(6, 5)


@pytest.fixture(params=["hrm", "trm"])
def model(request, parity):
    """The reference's tiny model, with a Q head spread so that samples halt at different segments."""
    model = parity.forward_model(request.param, "float32")
    with torch.no_grad():
        model.q_head.weight.mul_(3.0)
        model.q_head.bias.copy_(torch.tensor([0.3, 0.6]) if request.param == "hrm" else torch.tensor([-0.7, 0.0]))
    return model


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    grids = [rng.integers(0, 10, (rng.integers(1, 6), rng.integers(1, 5))).astype(np.int8) for _ in range(12)]
    return [encode(grid, canvas=CANVAS) for grid in grids], list(rng.integers(0, 7, 12))


def test_each_sample_stops_with_what_the_full_run_had_there(model, samples):
    tokens, tasks = samples
    seen = []
    think(model, tokens, tasks, canvas=CANVAS, max_segments=8, is_halting=False, watch=seen.append)
    assert [len(segment.rows) for segment in seen] == [12] * 8
    wants = torch.stack([halts(s.q, no_act_continue=model.config.no_act_continue) for s in seen])
    first = [next((n for n in range(8) if wants[n, row]), 7) for row in range(12)]
    assert len(set(first)) >= 3, "the samples should halt at different segments"

    thoughts = think(model, tokens, tasks, canvas=CANVAS, max_segments=8)
    for row, (thought, number) in enumerate(zip(thoughts, first, strict=True)):
        assert thought.segments == number + 1
        assert thought.has_halted == bool(wants[number, row])
        assert thought.tokens.tolist() == seen[number].logits[row].argmax(-1).tolist()
        assert thought.q_halt == pytest.approx(float(seen[number].q[row, 0]), abs=1e-4)


def test_the_batch_shrinks(model, samples):
    tokens, tasks = samples
    sizes = []
    think(model, tokens, tasks, canvas=CANVAS, max_segments=8, watch=lambda segment: sizes.append(len(segment.rows)))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] == 12


def test_thinking_may_go_beyond_the_trained_number_of_segments(model, samples):
    tokens, tasks = samples
    assert model.config.halt_max_steps == 4
    thoughts = think(model, tokens, tasks, canvas=CANVAS, max_segments=6, is_halting=False)
    assert {thought.segments for thought in thoughts} == {6}
    assert think(model, tokens, tasks, canvas=CANVAS, is_halting=False)[0].segments == 4


def test_a_passed_deadline_ends_after_one_segment(model, samples):
    tokens, tasks = samples
    thoughts = think(model, tokens, tasks, canvas=CANVAS, max_segments=8, deadline=time.monotonic() - 1)
    assert {thought.segments for thought in thoughts} == {1}


def test_naming_all_cells_equals_naming_none(parity):
    model = parity.forward_model("hrm", "float32")
    assert all(torch.equal(a, b) for a, b in zip(model.canvas_rope(torch.arange(25)), model.canvas_rope(), strict=True))
