"""What watches over training: guards, the event file, augmentation that respects the demonstrations."""

import struct

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from arcsolve_hrm.batches import TokenStore  # noqa: E402
from arcsolve_hrm.config import PRESETS  # noqa: E402
from arcsolve_hrm.core import HRM  # noqa: E402
from arcsolve_hrm.events import EventWriter, crc32c  # noqa: E402
from arcsolve_hrm.exchange import Allowed, allowed_by_task, allowed_views  # noqa: E402
from arcsolve_hrm.guards import PATIENCE, Guards, TrainingStoppedError, channel_ratio  # noqa: E402
from arcsolve_hrm.loss import batch_loss  # noqa: E402
from arcsolve_hrm.measure import held_out  # noqa: E402
from arcsolve_hrm.pairs import SourceTask, build, fixed_colours  # noqa: E402
from arcsolve_hrm.recipe import Recipe  # noqa: E402
from arcsolve_hrm.train import Trainer  # noqa: E402

FREE = np.arange(10) == 0


def grid(*rows):
    return np.array([[int(cell) for cell in row] for row in rows], np.uint8)


def healthy(**changes):
    return {"one_colour": 0.5, "one_colour_true": 0.5, "black": 0.5, "black_true": 0.5, **changes}


@pytest.mark.parametrize(("what", "reason"), [("one_colour", "nearly constant"), ("black", "Agent Zero")])
def test_outputs_of_one_colour_stop_the_run_after_some_patience(what, reason):
    guards = Guards()
    bad = healthy(**{what: 1.0})
    for _ in range(PATIENCE - 1):
        guards.collapse(bad)
    guards.collapse(healthy())  # a recovery starts the count anew
    for _ in range(PATIENCE - 1):
        guards.collapse(bad)
    with pytest.raises(TrainingStoppedError, match=reason):
        guards.collapse(bad)


def test_data_that_is_itself_nearly_constant_is_no_collapse():
    guards = Guards()
    for _ in range(2 * PATIENCE):
        guards.collapse(healthy(black=1.0, black_true=0.95))


def test_a_network_that_answers_black_is_measured_as_black():
    task = SourceTask("t", [(grid("12"), grid("12")), (grid("34"), grid("34"))], [(grid("56"), grid("56"))])
    pairs = build({"t": [task]}, {}, held_out_tasks=1)[0]
    model = HRM(PRESETS["tiny"])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()  # all logits zero: the first token, which is black
    measured = held_out(
        model, TokenStore(pairs, np.flatnonzero(pairs.role == 1), torch.device("cpu")), views=2, segments=1,
        row_tokens=256,
    )  # fmt: skip
    assert (measured["black"], measured["black_true"], measured["pass1"]) == (1.0, 0.0, 0.0)


def flipping_pairs():
    generator = np.random.default_rng(0)
    sources = [generator.integers(0, 10, (3, 4), dtype=np.uint8) for _ in range(4)]
    flipped = [(source, source[:, ::-1].copy()) for source in sources]
    return build({"t": [SourceTask("t", flipped[:3], flipped[3:])]}, {}, held_out_tasks=1)[0]


def trainer(folder, pairs, workers=1, **changes):
    config = PRESETS["tiny"]
    recipe = Recipe(**{"steps": 8, "row_tokens": 256, "documents": 8, "held_views": 2, **changes})
    return Trainer(folder, pairs, config, recipe, torch.device("cpu"), say=lambda _: None, workers=workers)


def test_both_modules_of_a_fresh_network_get_gradient(tmp_path):
    run = trainer(tmp_path, flipping_pairs())
    batch_loss(run.model, run._next_batch(), run.recipe)
    assert channel_ratio(run.model.L_level, run.model.high_level) > 0.01


def test_a_cut_channel_stops_the_run(tmp_path, monkeypatch):
    run = trainer(tmp_path, flipping_pairs(), steps=40)
    run._watch_every = 1
    level = run.model.high_level
    whole = level.forward
    monkeypatch.setattr(
        level, "forward", lambda z, injection, *rest: whole(z, injection.detach() + 0 * injection, *rest)
    )
    with pytest.raises(TrainingStoppedError, match="H-L channel is dead"):
        run.run(log_every=100)
    assert run.progress.step == PATIENCE - 1


def test_a_directional_rule_leaves_out_the_views_that_contradict_it():
    # Everything falls to the left: a mirrored input is among the inputs, its output is not the mirrored one.
    demos = [(grid("0120"), grid("1200")), (grid("0210"), grid("2100"))]
    allowed = allowed_views(demos, FREE)
    mirrored_left_right, half_turn = 4, 2
    assert not allowed.turns[mirrored_left_right]
    assert not allowed.turns[half_turn]
    assert allowed.turns[[0, 1, 3]].all(), "quarter turns meet no demonstration: nothing speaks against them"


def test_a_rule_that_is_the_same_in_all_views_keeps_them():
    source = grid("010", "111", "010")
    demos = [(source, source * 2), (grid("0310", "0000"), grid("0620", "0000"))]
    allowed = allowed_views(demos, FREE)
    assert allowed.turns.all()
    assert allowed.fixed.tolist() == FREE.tolist()


def test_colours_that_the_rule_names_stay_themselves():
    # The same shape in 1 and in 2: 1 stays, 2 disappears.
    demos = [(grid("110"), grid("110")), (grid("220"), grid("000"))]
    assert np.flatnonzero(allowed_views(demos, FREE).fixed).tolist() == [0, 1, 2]
    exchangeable = [(grid("110"), grid("011")), (grid("220"), grid("022"))]
    assert np.flatnonzero(allowed_views(exchangeable, FREE).fixed).tolist() == [0]


def test_allowed_views_survive_the_record():
    generator = np.random.default_rng(0)
    for _ in range(20):
        allowed = Allowed(generator.random(8) < 0.5, generator.random(10) < 0.5)
        again = Allowed.from_record(allowed.to_record())
        assert np.array_equal(again.turns, allowed.turns)
        assert np.array_equal(again.fixed, allowed.fixed)


def test_an_epoch_draws_only_views_that_are_allowed(tmp_path):
    demos = [(grid("0120"), grid("1200")), (grid("0210"), grid("2100"))]
    pairs = build({"t": [SourceTask("t", demos, [])]}, {}, held_out_tasks=0)[0]
    expected = allowed_views(demos, fixed_colours(demos)).turns
    assert np.array_equal(allowed_by_task(pairs)[0].turns, expected)
    run = trainer(tmp_path, pairs, augment="auto")
    drawn = {int(view) % 8 for epoch in range(60) for view in run.train_store.epoch(0, epoch, 256, 8).views[0][:2]}
    assert drawn == set(np.flatnonzero(expected).tolist())


def test_two_workers_take_the_same_steps_as_one(tmp_path, one_thread):
    pairs = flipping_pairs()
    runs = [trainer(tmp_path / str(workers), pairs, workers, accumulate=2) for workers in (1, 2)]
    for run in runs:
        for _ in range(4):
            run.step()
    for one, two in zip(runs[0].model.parameters(), runs[1].model.parameters(), strict=True):
        assert torch.equal(one, two)


def test_the_checksum_is_the_published_one():
    assert crc32c(b"123456789") == 0xE3069283


def records(data):
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        for part, mark in ((data[:8], data[8:12]), (data[12 : 12 + length], data[12 + length : 16 + length])):
            value = crc32c(part)
            assert struct.unpack("<I", mark)[0] == ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
        yield data[12 : 12 + length]
        data = data[16 + length :]


def test_the_event_file_holds_what_was_written(tmp_path):
    writer = EventWriter(tmp_path)
    writer.scalars(300, {"loss": 0.5, "rate": 2.0})
    first, second = records(writer.path.read_bytes())
    assert first.endswith(b"brain.Event:2")
    value = b"\x0a\x04loss\x15" + struct.pack("<f", 0.5), b"\x0a\x04rate\x15" + struct.pack("<f", 2.0)
    summary = b"".join(b"\x0a" + bytes([len(part)]) + part for part in value)
    assert second[9:] == b"\x10\xac\x02" + b"\x2a" + bytes([len(summary)]) + summary


def test_a_run_leaves_a_status_and_events(tmp_path):
    run = trainer(tmp_path, flipping_pairs(), steps=4)
    assert run.run(log_every=2)
    assert (tmp_path / "status.json").exists()
    (events,) = tmp_path.glob("events.out.tfevents.*")
    assert len(list(records(events.read_bytes()))) >= 2
