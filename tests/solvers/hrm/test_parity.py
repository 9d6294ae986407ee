"""The canvas layout computes what the public HRM and TRM code computes: forward passes and training segments."""

import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from arcsolve_hrm.canvas_train import (  # noqa: E402
    Batch,
    initial_carry,
    sign_sgd_step,
    start_average,
    train_segment,
    update_average,
)

FAMILIES = ["hrm", "trm"]
pytestmark = pytest.mark.usefixtures("one_thread")
TOLERANCE = {"float32": 1e-5, "bfloat16": 2e-2}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_forward_equals_the_reference(parity, family, dtype):
    model = parity.forward_model(family, dtype)
    expected = parity.group(family, dtype)

    def close(ours, name, step=None):
        theirs = expected[name] if step is None else expected[name][step]
        assert (ours.float() - theirs).abs().max() <= TOLERANCE[dtype], f"{name} at step {step}"

    with torch.no_grad():
        x = model.embed_canvas(expected["inputs"], expected["puzzle_identifiers"])
        if "input_emb" in expected:
            close(x, "input_emb")
        state, rope = model.initial_state(*x.shape[:2]), model.canvas_rope()
        for step in range(len(expected["logits"])):
            state, logits, q = model.segment(state, x, rope)
            close(logits, "logits", step)
            close(q[:, 0], "q_halt", step)
            close(q[:, 1], "q_continue", step)
            assert torch.equal(logits.argmax(-1), expected["logits"][step].argmax(-1))
            if step == 0 and "zH_step1" in expected:
                close(state.z_h, "zH_step1")
                close(state.z_l, "zL_step1")
        close(state.z_h, "zH_last")
        close(state.z_l, "zL_last")


@pytest.mark.parametrize("family", FAMILIES)
def test_training_segments_equal_the_reference(parity, family):
    model = parity.training_model(family)
    data, reference = parity.group(family, "train"), parity.meta(family)["train"]
    batch = Batch(data["inputs"], data["labels"], data["puzzle_identifiers"])
    assert batch.tasks.tolist() == [2, 5, 2]  # a duplicate: its gradients must be summed
    carry, rope = initial_carry(model, batch), model.canvas_rope()
    for number, segment_reference in enumerate(reference["segments"]):
        expected = dict(segment_reference)
        model.zero_grad()
        segment = train_segment(model, carry, batch, rope=rope)
        (segment.loss / len(batch.tasks)).backward()
        carry = segment.carry
        assert float(segment.loss.detach()) == pytest.approx(expected.pop("loss"), abs=1e-4)
        assert carry.halted.tolist() == expected.pop("halted")
        assert segment.metrics == pytest.approx(expected, abs=1e-4)
        for name, parameter in model.named_parameters():
            key = f"seg{number}.grad.inner.{name}"
            if name == "puzzle_emb.weights":
                assert parameter.grad is None
            elif key in data:
                assert (parameter.grad - data[key]).abs().max() <= 1e-4, name
            else:
                sample = parameter.grad.flatten()[:: parity.GRADIENT_STRIDE]
                assert (sample - data[f"{key}/sample"]).abs().max() <= 1e-4, name
                assert float(parameter.grad.norm()) == pytest.approx(float(data[f"{key}/norm"]), abs=1e-4), name
        assert segment.vectors.grad is not None
        assert (segment.vectors.grad - data[f"seg{number}.grad.puzzle_local"]).abs().max() <= 1e-4
        sign_sgd_step(model.puzzle_emb.weights, carry.data.tasks, segment.vectors.grad, lr=1e-2, weight_decay=0.1)
        assert (model.puzzle_emb.weights - data[f"seg{number}.puzzle_emb_after"]).abs().max() <= 1e-4


@pytest.mark.parametrize("family", FAMILIES)
def test_halted_rows_restart_and_the_others_think_on(parity, family):
    model = parity.training_model(family)
    data = parity.group(family, "train")
    batch = Batch(data["inputs"], data["labels"], data["puzzle_identifiers"])
    other = Batch(batch.tokens.flip(0), batch.labels.flip(0), torch.tensor([1, 3, 4]))
    rope = model.canvas_rope()
    first = train_segment(model, initial_carry(model, batch), batch, rope=rope).carry
    halted = torch.tensor([True, False, False])
    second = train_segment(model, first._replace(halted=halted), other, rope=rope).carry
    assert second.data.tasks.tolist() == [1, 5, 2]
    assert torch.equal(second.data.tokens[0], other.tokens[0])
    assert torch.equal(second.data.labels[1], batch.labels[1])
    assert second.steps.tolist() == [1, 2, 2]


def test_exploration_keeps_rows_from_halting_at_once(parity):
    model = parity.training_model("hrm")
    data = parity.group("hrm", "train")
    batch = Batch(data["inputs"], data["labels"], data["puzzle_identifiers"])
    with torch.no_grad():
        model.q_head.bias.copy_(torch.tensor([9.0, -9.0]))  # every row wants to halt
    model.config = replace(model.config, halt_exploration_prob=1.0)
    carry = initial_carry(model, batch)
    generator = torch.Generator().manual_seed(0)
    assert not train_segment(model, carry, batch, rope=model.canvas_rope(), generator=generator).carry.halted.any()
    model.config = replace(model.config, halt_exploration_prob=0.0)
    assert train_segment(model, carry, batch, rope=model.canvas_rope()).carry.halted.all()


def test_a_row_without_visible_cells_costs_only_its_halting_loss(parity):
    model = parity.training_model("trm")
    data = parity.group("trm", "train")
    labels = torch.full_like(data["labels"], -100)
    batch = Batch(data["inputs"], labels, data["puzzle_identifiers"])
    segment = train_segment(model, initial_carry(model, batch), batch, rope=model.canvas_rope())
    assert segment.metrics["lm_loss"] == 0
    assert math.isfinite(float(segment.loss.detach()))


def test_the_average_follows_the_parameters_but_not_the_puzzle_table(parity):
    model = parity.training_model("trm")
    average = start_average(model)
    assert "puzzle_emb.weights" not in average
    before = model.lm_head.weight.detach().clone()
    with torch.no_grad():
        model.lm_head.weight.add_(1.0)
    assert torch.equal(average["lm_head.weight"], before)
    update_average(average, model, rate=0.9)
    assert torch.allclose(average["lm_head.weight"], before + 0.1)
