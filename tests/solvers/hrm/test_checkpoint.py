"""Checkpoints round-trip, published files convert, and what disagrees is said clearly."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from arcsolve.errors import ArcsolveError  # noqa: E402
from arcsolve_hrm import checkpoint as checkpoints  # noqa: E402
from arcsolve_hrm import published  # noqa: E402
from arcsolve_hrm.checkpoint import Checkpoint, load_checkpoint, save_checkpoint  # noqa: E402
from arcsolve_hrm.cli import hrm  # noqa: E402
from arcsolve_hrm.config import PRESETS  # noqa: E402
from arcsolve_hrm.core import HRM  # noqa: E402

NAMES = [
    "<blank>",
    "007bbfb7",
    "007bbfb7|||t1|||0213456789",
    "a_task",
    "a_task_t2_0123456798",
    "b|||t3|||0123456798",
    "b",
]


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    config = replace(PRESETS["tiny"], num_tasks=3)
    record = {"data_sha256": "ab" * 32, "training": {"steps": 7}}
    return Checkpoint(config, HRM(config).state_dict(), ("s/a", "s/b", "s/c"), ("0a", "0b", "0c"), record)


@pytest.mark.parametrize("shard_bytes", [checkpoints.SHARD_BYTES, 1 << 14])
def test_a_checkpoint_round_trips_through_shards(tmp_path, tiny, monkeypatch, shard_bytes):
    monkeypatch.setattr(checkpoints, "SHARD_BYTES", shard_bytes)
    files = save_checkpoint(tmp_path, tiny, dtype=torch.float32)
    shards = [path for path in files if path.suffix == ".safetensors"]
    assert len(shards) == 1 if shard_bytes > 1 << 20 else len(shards) > 5
    assert all(path.stat().st_size <= shard_bytes + (1 << 13) for path in shards)
    loaded = load_checkpoint(tmp_path)
    assert loaded.config == tiny.config
    assert loaded.names == tiny.names
    assert loaded.demo_hashes == tiny.demo_hashes
    assert loaded.record["training"] == {"steps": 7}
    assert loaded.weights.keys() == tiny.weights.keys()
    assert all(torch.equal(loaded.weights[name], tiny.weights[name].float()) for name in tiny.weights)


def test_saving_again_leaves_no_old_shards(tmp_path, tiny, monkeypatch):
    monkeypatch.setattr(checkpoints, "SHARD_BYTES", 1 << 14)
    save_checkpoint(tmp_path, tiny)
    monkeypatch.undo()
    save_checkpoint(tmp_path, tiny)
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["weights-1-of-1.safetensors"]
    load_checkpoint(tmp_path)


def test_casting_once_for_inference_changes_nothing(tmp_path, tiny):
    tokens = torch.randint(0, 14, (2, 9))
    positions = torch.randint(0, 9, (2, 9, 3))
    outputs = []
    for for_inference in (True, False):
        model = tiny.model(dtype="bfloat16", for_inference=for_inference).eval()
        x = model.embed_sequence(tokens, torch.tensor([[0], [2]]), torch.tensor([[1], [5]]))
        outputs.append(model.segment(model.initial_state(2, 9), x, model.rope(positions)).logits)
    assert torch.equal(*outputs)
    assert outputs[0].dtype == torch.bfloat16


def test_damage_is_noticed(tmp_path, tiny):
    save_checkpoint(tmp_path, tiny)
    shard = next(tmp_path.glob("*.safetensors"))
    damaged = bytearray(shard.read_bytes())
    damaged[-1] ^= 1
    shard.write_bytes(damaged)
    with pytest.raises(ArcsolveError, match="is damaged"):
        load_checkpoint(tmp_path)
    shard.unlink()
    with pytest.raises(ArcsolveError, match="lacks weights-1"):
        load_checkpoint(tmp_path)
    (tmp_path / "checkpoint.json").unlink()
    with pytest.raises(ArcsolveError, match="no HRM checkpoint"):
        load_checkpoint(tmp_path)


def test_shapes_that_disagree_are_named(tmp_path, tiny):
    wrong = replace(tiny, config=replace(tiny.config, hidden_size=128))
    with pytest.raises(ArcsolveError, match=r"L_init has shape \[64\], the config asks for \[128\]|and \d+ more"):
        wrong.model()
    save_checkpoint(tmp_path, tiny)
    text = (tmp_path / "checkpoint.json").read_text().replace('"num_tasks": 3', '"num_tasks": 4')
    (tmp_path / "checkpoint.json").write_text(text)
    with pytest.raises(ArcsolveError, match=r"puzzle_emb.weights has shape \[3, 64\], the config asks for \[4, 64\]"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("family", ["hrm", "trm"])
@pytest.mark.parametrize("prefix", published.PREFIXES)
def test_published_files_load_under_any_prefix(tmp_path, parity, family, prefix):
    weights = parity.state_dict(family, prefix=prefix)
    weights[f"{prefix}puzzle_emb.local_weights"] = torch.zeros(3, 64)
    torch.save(weights, tmp_path / "step_1")
    overrides = published.Overrides(num_heads=2, puzzle_emb_len=4 if family == "trm" else None, l_cycles=2)
    (tmp_path / "identifiers.json").write_text(json.dumps(NAMES))
    converted = published.convert(
        tmp_path / "step_1", identifiers=tmp_path / "identifiers.json", table="all", overrides=overrides
    )
    assert converted.record["family"] == family
    assert converted.config.num_tasks == 7
    assert converted.config.inner_size == 256
    expected = parity.state_dict(family, prefix="")
    assert converted.weights.keys() == expected.keys()
    assert all(torch.equal(converted.weights[name], expected[name]) for name in expected)
    save_checkpoint(tmp_path / "ours", converted, dtype=torch.float32)
    model = load_checkpoint(tmp_path / "ours").model(dtype="float32")
    assert model.config.share_hl == (family == "trm")


def test_rows_kept_of_a_published_table(tmp_path, parity):
    torch.save(parity.state_dict("hrm"), tmp_path / "step_1")
    table = parity.state_dict("hrm", prefix="")["puzzle_emb.weights"]
    names = tmp_path / "identifiers.json"
    names.write_text(json.dumps(NAMES))
    originals = published.convert(tmp_path / "step_1", identifiers=names)
    assert originals.names == ("007bbfb7", "a_task", "b")
    assert torch.equal(originals.weights["puzzle_emb.weights"], table[[1, 3, 6]])
    nameless = published.convert(tmp_path / "step_1")
    assert torch.allclose(nameless.weights["puzzle_emb.weights"], table.mean(0, keepdim=True))
    assert nameless.record["table"] == "mean"
    names.write_text(json.dumps(NAMES[:-1]))
    with pytest.raises(ArcsolveError, match=r"names 6 puzzles, but the table in .* has 7 rows"):
        published.convert(tmp_path / "step_1", identifiers=names)


def test_settings_come_from_all_config(tmp_path, parity):
    pytest.importorskip("yaml")
    torch.save(parity.state_dict("trm"), tmp_path / "step_1")
    (tmp_path / "all_config.yaml").write_text(
        "arch:\n  H_cycles: 3\n  L_cycles: 4\n  num_heads: 2\n  puzzle_emb_len: 4\n  halt_max_steps: 10\nlr: 1\n"
    )
    config = published.convert(tmp_path / "step_1").config
    assert (config.h_cycles, config.l_cycles, config.num_heads, config.puzzle_emb_len) == (3, 4, 2, 4)
    assert config.halt_max_steps == 10
    (tmp_path / "all_config.yaml").write_text("lr: 1\n")
    with pytest.raises(ArcsolveError, match="no section 'arch'"):
        published.convert(tmp_path / "step_1")


def test_what_is_no_hrm_is_refused(tmp_path, parity):
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other")
    with pytest.raises(ArcsolveError, match="is no HRM or TRM"):
        published.read_weights(tmp_path / "other")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ArcsolveError, match="can't be read as a PyTorch checkpoint"):
        published.read_weights(tmp_path / "text")
    weights = parity.state_dict("trm")
    weights["inner.L_level.layers.0.mlp_t.down_proj.weight"] = torch.zeros(1)
    torch.save(weights, tmp_path / "mlp")
    with pytest.raises(ArcsolveError, match="Sudoku variant"):
        published.convert(tmp_path / "mlp")
    weights = parity.state_dict("hrm")
    weights["inner.H_level.layers.1.self_attn.qkv_proj.weight"] = torch.zeros(3, 64)
    torch.save(weights, tmp_path / "odd")
    with pytest.raises(ArcsolveError, match=r"qkv_proj.weight has shape \[3, 64\], the config asks for \[192, 64\]"):
        published.convert(tmp_path / "odd")


def test_presets_have_the_published_sizes():
    sizes = {"hrm-27m": 27_276_290, "trm-7m": 6_829_058}
    for name, trainable in sizes.items():
        with torch.device("meta"):
            weights = HRM(PRESETS[name]).state_dict()
        assert checkpoints.parameter_counts(weights)["network"] == trainable


def test_convert_and_info_on_the_command_line(tmp_path, parity):
    torch.save(parity.state_dict("hrm", prefix="_orig_mod.model.inner."), tmp_path / "step_1")
    run = CliRunner().invoke(hrm, ["convert", str(tmp_path / "step_1"), str(tmp_path / "out"), "--heads", "2"])
    assert run.exit_code == 0, run.output
    assert "hrm with 263,810 parameters" in run.output
    info = CliRunner().invoke(hrm, ["info", str(tmp_path / "out")])
    assert info.exit_code == 0, info.output
    assert "2 H x 2 L cycles" in info.output
    facts = json.loads(CliRunner().invoke(hrm, ["info", "--json", str(tmp_path / "out")]).output)
    assert facts["config"]["hidden_size"] == 64
