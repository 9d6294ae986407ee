"""The plugin: known tasks are answered by their row, others trained for or declined, and it says which is which.

``fixtures/tiny-20`` is the checkpoint that ``test_overfit.py`` makes: a tiny network that knows twenty training tasks.
"""

import json
import time
from pathlib import Path

import numpy as np
import pytest

import arcsolve
from arcsolve.data import hold_out, parse_task
from arcsolve.testing import AWKWARD, ORDINARY, SolverTestCase

torch = pytest.importorskip("torch")

from arcsolve_hrm import protocols, solver  # noqa: E402
from arcsolve_hrm.solver import HrmSolver  # noqa: E402

TINY = str(Path(__file__).parent / "fixtures" / "tiny-20")
TASKS = {
    name: parse_task(name, task)
    for name, task in json.loads((Path(__file__).parent / "fixtures" / "known_tasks.json").read_text()).items()
}
KNOWN = tuple(TASKS)


class TestContract(SolverTestCase):
    solver = HrmSolver
    options = {"checkpoint": TINY}  # noqa: RUF012
    timeout_s = 20.0
    challenges = (*(task.challenge for task in TASKS.values()), *ORDINARY[:2], *AWKWARD)


def hrm(**options):
    return HrmSolver(HrmSolver.Options(checkpoint=TINY, **options))


def budget(seconds=60.0, seed=0):
    return arcsolve.Budget(timeout_s=seconds, seed=seed).started()


@pytest.fixture(scope="module")
def plain():
    return hrm()


def best(candidates):
    return max(candidates, key=lambda candidate: candidate.confidence)


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_task_is_solved_by_its_row(plain, name):
    task = TASKS[name]
    candidates = list(plain.solve(task.challenge, budget()))
    top = best(candidates)
    assert np.array_equal(top.grid, task.solution[0])
    told = json.loads(top.explanation)
    assert told["protocol"] == protocols.KNOWN
    assert told["votes"] >= 5
    assert told["trace"]["frames"][-1]["cells"] == "/".join("".join(map(str, row)) for row in top.grid.tolist())
    assert len(top.explanation) < 64 * 1024


def test_demonstrations_decide_not_the_id_nor_their_order(plain):
    task = TASKS[KNOWN[0]]
    renamed = arcsolve.Challenge("other", tuple(reversed(task.challenge.train)), task.challenge.test_inputs)
    assert np.array_equal(best(list(plain.solve(renamed, budget()))).grid, task.solution[0])


def test_held_out_demonstrations_of_a_known_task_are_declined(plain):
    """It was trained on them, so an answer would be memory."""
    asked = next(filter(None, (hold_out(task.challenge) for task in TASKS.values())))
    with pytest.raises(arcsolve.Abstain, match="never saw"):
        list(plain.solve(asked.challenge, budget()))


def test_an_unseen_task_is_declined_with_what_to_do(plain):
    with pytest.raises(arcsolve.Abstain, match=r"never saw this task's demonstrations.*unseen=train"):
        list(plain.solve(ORDINARY[0], budget()))


def test_forgetting_makes_every_task_unseen():
    forgetful = hrm(forget=True)
    task = TASKS[KNOWN[0]]
    with pytest.raises(arcsolve.Abstain, match="never saw"):
        list(forgetful.solve(task.challenge, budget()))
    assert forgetful.score(task.challenge, 0, list(task.solution)) is None


@pytest.mark.parametrize("where", ["train", "test"])
def test_grids_wider_than_thirty_are_declined_with_the_size(plain, where):
    small, wide = np.zeros((2, 2), np.int8), np.zeros((2, 31), np.int8)
    pair = arcsolve.Pair(wide if where == "train" else small, small)
    challenge = arcsolve.Challenge("wide", (pair,), (wide if where == "test" else small,))
    with pytest.raises(arcsolve.Abstain, match="2x31; the model takes at most 30x30"):
        list(plain.solve(challenge, budget()))
    assert plain.score(challenge, 0, [small]) is None


def test_the_right_grid_scores_above_wrong_ones(plain):
    task = TASKS[KNOWN[0]]
    right = task.solution[0]
    wrong = right.copy()
    wrong[0, 0] = (wrong[0, 0] + 1) % 10
    scores = plain.score(task.challenge, 0, [wrong, right, task.challenge.test_inputs[0]])
    assert scores is not None
    assert max(scores) == scores[1] <= 0
    assert plain.score(ORDINARY[0], 0, [right]) is None


def test_a_passed_deadline_still_ends_quickly(plain):
    began = time.process_time()
    late = arcsolve.Budget(timeout_s=0.01, deadline=time.monotonic() - 1)
    with pytest.raises(arcsolve.Abstain, match="in time"):
        list(plain.solve(TASKS[KNOWN[0]].challenge, late))
    assert time.process_time() - began < 30


def test_what_is_kept_back_before_a_deadline_goes_by_the_time_limit():
    kept = {limit_s: solver.margin_s(limit_s) for limit_s in (0.2, 1.0, 3.0, 10.0)}
    assert kept == {0.2: pytest.approx(0.03), 1.0: pytest.approx(0.15), 3.0: 0.25, 10.0: pytest.approx(0.5)}


def test_the_leading_answers_alone_are_weighed_in_few_views_on_a_cpu(monkeypatch):
    from arcsolve_hrm.predict import WEIGHING_VIEWS, SequencePredictor
    from arcsolve_hrm.serving import WEIGHED
    from arcsolve_hrm.voting import Ballot, Prediction

    asked = []

    def watched(self, question, grids, *, views, seed):
        asked.append((len(grids), views))
        return [0.0] * len(grids)

    guesses = iter(range(1, 9))
    add = Ballot.add
    monkeypatch.setattr(SequencePredictor, "log_likelihoods", watched)
    monkeypatch.setattr(
        Ballot, "add", lambda self, said: add(self, Prediction(np.full((2, next(guesses)), 1, np.int8), -1.0))
    )
    challenge = TASKS[KNOWN[0]].challenge
    one = arcsolve.Challenge(challenge.id, challenge.train, challenge.test_inputs[:1])
    candidates = list(hrm(views=8, trace=False).solve(one, budget()))
    assert asked == [(WEIGHED, WEIGHING_VIEWS)]
    assert len({candidate.grid.shape for candidate in candidates}) == 8  # the others are handed in all the same


def test_more_views_than_one_batch_answer_more_than_once():
    candidates = list(hrm(views=20).solve(TASKS[KNOWN[0]].challenge, budget()))
    assert json.loads(candidates[0].explanation)["views"] == 8
    assert json.loads(candidates[-1].explanation)["views"] == 20
    assert best(candidates).confidence >= candidates[0].confidence


def test_test_time_training_leaves_the_checkpoint_alone_and_says_what_it_saw():
    trained = hrm(unseen="train", forget=True)
    server = trained._serve("cpu")
    before = {name: value.clone() for name, value in server.checkpoint.weights.items()}
    reasons = []
    try:
        for candidate in trained.solve(TASKS["6150a2bd"].challenge, budget(3.0)):
            told = json.loads(candidate.explanation)
            assert told["protocol"] == protocols.UNSEEN
            reasons.append(told["test_time_training"])
    except arcsolve.Abstain as reason:
        reasons.append(str(reason))
    assert "demonstrations decoded after" in reasons[0]
    assert all(torch.equal(before[name], value) for name, value in server.checkpoint.weights.items())


def test_missing_torch_and_missing_checkpoints_are_said_clearly(monkeypatch, tmp_path):
    with pytest.raises(arcsolve.ArcsolveError, match="is no checkpoint folder"):
        HrmSolver.warm_up(HrmSolver.Options(checkpoint=str(tmp_path)))
    monkeypatch.setattr(solver, "SHIPPED", tmp_path)
    with pytest.raises(arcsolve.ArcsolveError, match="no HRM checkpoint in the package"):
        HrmSolver.warm_up(HrmSolver.Options())
    monkeypatch.setattr(solver.importlib.util, "find_spec", lambda name: None)
    message = r"Solver 'hrm' needs torch, which is not installed. Run: pip install 'arcsolve\[hrm\]'."
    with pytest.raises(arcsolve.ArcsolveError, match=message):
        HrmSolver()


def test_shipped_checkpoints_are_found_by_name_the_largest_by_default(monkeypatch, tmp_path):
    for name, size in (("small", 10), ("large", 1000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "checkpoint.json").write_text("{}")
        (tmp_path / name / "weights-1-of-1.safetensors").write_bytes(bytes(size))
    monkeypatch.setattr(solver, "SHIPPED", tmp_path)
    assert list(solver.shipped_checkpoints()) == ["large", "small"]
    assert solver.checkpoint_folder("") == tmp_path / "large"
    assert solver.checkpoint_folder("small") == tmp_path / "small"
    with pytest.raises(arcsolve.ArcsolveError, match="nor one of the package's: large, small"):
        solver.checkpoint_folder("middle")


def test_the_plugin_module_is_light():
    import subprocess
    import sys

    code = "import arcsolve_hrm, arcsolve_hrm.solver, sys; print(sorted({'torch', 'safetensors'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
