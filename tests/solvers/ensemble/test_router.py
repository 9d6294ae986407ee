from pathlib import Path

import numpy as np
import pytest

from arcsolve import ArcsolveError, Challenge, Pair
from arcsolve_ensemble.analysis.calibration import auc, calibration
from arcsolve_ensemble.features import FEATURE_NAMES, LANDMARK_NAMES
from arcsolve_ensemble.merging.trust import MemberTrust, Trust
from arcsolve_ensemble.router.allocation import Prospect, allocate, next_slot
from arcsolve_ensemble.router.model import MemberModel, RouterModel, load_model
from arcsolve_ensemble.router.recalibrate import MIN_HELD_OUT, gap_of, rate_from_held_out, shift_to_rate, shifted
from arcsolve_ensemble.router.success import KINDS, SuccessModel, fit_success, raw_probability


def draw(n: int, seed: int, base: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, len(FEATURE_NAMES)))
    p = 1 / (1 + np.exp(-(2 * x[:, 0] - 1.5 * (x[:, 1] > 0) + base)))
    return x, rng.random(n) < p


def test_success_models_rank_and_calibrate_on_held_out_tasks() -> None:
    x, y = draw(400, 0)
    model = fit_success(x, y).model
    assert model.kind != "rate"
    fresh, truth = draw(400, 1)
    p = model(fresh)
    assert auc(p, truth) > 0.79
    assert abs(p.mean() - truth.mean()) < 0.06
    assert calibration(p, truth).ece < 0.12


def test_noise_keeps_the_base_rate() -> None:
    rng = np.random.default_rng(0)
    y = rng.random(300) < 0.3
    model = fit_success(rng.normal(size=(300, 20)), y).model
    assert model(rng.normal(size=(5, 20))) == pytest.approx(np.full(5, y.mean()), abs=0.15)


def test_few_successes_are_no_basis_for_a_model() -> None:
    x, _ = draw(50, 0)
    y = np.zeros(50, dtype=bool)
    y[:3] = True
    assert fit_success(x, y).model.kind == "rate"


def test_flattened_forest_predicts_as_scikit_learn_does() -> None:
    from sklearn.ensemble import RandomForestClassifier

    from arcsolve_ensemble.router.success import _flatten

    x, y = draw(200, 3)
    forest = RandomForestClassifier(20, random_state=0).fit(x.astype(np.float32), y)
    model = SuccessModel("forest", _flatten(forest), np.array([1.0, 0.0]), 0.5)
    np.testing.assert_allclose(raw_probability(model, x), forest.predict_proba(x.astype(np.float32))[:, 1], atol=1e-6)


def test_shifting_meets_a_rate_and_keeps_the_order() -> None:
    p = np.linspace(0.02, 0.9, 40)
    after = shifted(p, shift_to_rate(p, 0.2))
    assert after.mean() == pytest.approx(0.2, abs=1e-6)
    assert (np.diff(after) > 0).all()


def test_held_out_demonstrations_forecast_another_data_set() -> None:
    rng = np.random.default_rng(0)

    def draw_set(n: int, ability: float) -> tuple[np.ndarray, np.ndarray]:
        """Tasks of all difficulties; a demonstration is as hard as the task, with one less to learn from."""
        difficulty = rng.normal(0, 2, n)
        solved, held_out = (rng.random(n) < 1 / (1 + np.exp(difficulty - ability + less)) for less in (0, 0.5))
        return solved, held_out

    gap = gap_of(*draw_set(800, 1.2))
    assert gap is not None
    assert gap.log_odds > 0
    inside = 0
    for _ in range(50):
        solved, held_out = draw_set(400, -0.3)
        rate = rate_from_held_out(held_out, gap)
        inside += rate.low < solved.mean() < rate.high
    assert abs(solved.mean() - rate.expected) < 0.06
    assert inside >= 45
    assert gap_of(*draw_set(MIN_HELD_OUT - 1, 0.0)) is None
    nobody = rate_from_held_out(np.zeros(40, dtype=bool), gap)
    assert 0 < nobody.low < nobody.expected < nobody.high < 0.25


def test_a_probing_members_answers_tell_the_base_rate_of_another_data_set() -> None:
    rng = np.random.default_rng(0)

    def answers(n: int, share: float) -> tuple[np.ndarray, np.ndarray]:
        consistent = rng.random(n) < share
        solved = rng.random(n) < np.where(consistent, 0.8, 0.1)
        return np.stack([np.ones(n), consistent, consistent, consistent, consistent, consistent], axis=1) * 1.0, solved

    (x, y), (fresh, truth) = answers(400, 0.8), answers(2000, 0.3)
    model = fit_success(x, y, kinds=("logistic",)).model
    assert abs(y.mean() - truth.mean()) > 0.2
    assert abs(model(fresh).mean() - truth.mean()) < 0.04


def test_tasks_of_one_group_share_a_fold() -> None:
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=(150, 5)), 2, axis=0)  # every task twice, its outcome a coin's
    y = np.repeat(rng.random(150) < 0.5, 2)
    names = [f"t{i // 2}" for i in range(300)]
    assert auc(fit_success(x, y).held_out, y) > 0.75
    assert auc(fit_success(x, y, groups=names).held_out, y) < 0.65


def challenges(n: int) -> list[Challenge]:
    rng = np.random.default_rng(0)
    return [
        Challenge(
            str(i), (Pair(rng.integers(0, 10, (3, 3)), rng.integers(0, 10, (4, 2))),), (rng.integers(0, 5, (3, 3)),)
        )
        for i in range(n)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_file_says_the_same_afterwards(tmp_path: Path, kind: str) -> None:
    from arcsolve_ensemble.router import success

    x, y = draw(120, 5)
    x = np.concatenate([x, np.random.default_rng(1).normal(size=(120, len(LANDMARK_NAMES)))], axis=1)
    fitted = success._fit(kind, x, y, 0) if kind != "rate" else fit_success(x[:5], y[:5]).model
    model = RouterModel(
        {"dsl": MemberModel(fitted, fitted, (0.1, 2.0), 120, "3")}, Trust({"dsl": MemberTrust(9, 0)}), "arc1:training"
    )
    model.save(tmp_path / "m.npz")
    again = load_model(str(tmp_path / "m.npz"))
    tasks = challenges(25)
    np.testing.assert_array_equal(again.probabilities(tasks)["dsl"], model.probabilities(tasks)["dsl"])
    assert again.members["dsl"].times_s == (0.1, 2.0)
    assert again.trust == model.trust
    assert (tmp_path / "m.npz").stat().st_size < 2_000_000


def test_a_tasks_features_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from arcsolve_ensemble.router import model as module

    asked: list[Challenge] = []
    landmarks = module.landmarks
    monkeypatch.setattr(module, "landmarks", lambda challenge: asked.append(challenge) or landmarks(challenge))
    fitted = fit_success(np.zeros((5, 3)), np.zeros(5, dtype=bool)).model
    model = RouterModel({"dsl": MemberModel(fitted, fitted, (), 5, "1", probed=fitted)}, probe="dsl")
    first, second = challenges(2)
    model.probabilities([first])
    model.probed(first, {0: []})
    model.probabilities([second])
    assert asked == [first, second]


def test_bad_model_files(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    with pytest.raises(ArcsolveError, match="Cannot read"):
        load_model(str(path))
    path.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(ArcsolveError, match="no router model"):
        load_model(str(path))
    path.write_text("hello")
    with pytest.raises(ArcsolveError, match="no router model"):
        load_model(str(path))
    assert load_model("none") == RouterModel()


def test_allocation_gives_time_where_it_pays() -> None:
    quick = Prospect("quick", 0.5, (0.1, 0.2, 0.3))
    slow = Prospect("slow", 0.4, (5.0, 6.0, 7.0))
    slots = dict(allocate([quick, slow], 10.0))
    assert sum(slots.values()) == pytest.approx(10.0)
    assert slots["quick"] >= 0.3
    assert slots["slow"] >= 7.0
    assert allocate([quick, slow], 10.0)[0][0] == "quick"
    assert allocate([slow, quick], 10.0) == allocate([quick, slow], 10.0)
    tight = dict(allocate([quick, slow], 4.0))
    assert tight["quick"] >= 0.3  # the slow one can't finish in time, whatever it gets
    strong = Prospect("strong", 0.6, tuple(np.linspace(0.1, 1.0, 10)))
    weak = Prospect("weak", 0.1, tuple(np.linspace(0.05, 0.5, 10)))
    assert dict(allocate([strong, weak], 1.0))["strong"] >= 0.9  # where it fails, the weak one seldom helps


def test_recorded_times_hold_more_or_less() -> None:
    known = Prospect("known", 0.8, (1.0,) * 5)
    by = known.success_by(np.array([0.0, 0.5, 1.0, 2.0, 1e6]))
    assert (np.diff(by) > 0).all()
    assert by[0] == pytest.approx(0, abs=1e-9)
    assert by[2] == pytest.approx(0.4)
    assert by[-1] == pytest.approx(0.8)
    assert by[1] < 0.05 < 0.74 < by[3] < 0.8
    slots = dict(allocate([known, Prospect("brief", 0.2, (0.1, 0.2))], 10.0))
    assert min(slots.values()) >= 1.0  # with time to spare nobody is cut off right after its slowest success


def test_who_is_not_worth_asking() -> None:
    quick, slow = Prospect("quick", 0.5, (0.1, 0.2, 0.3)), Prospect("slow", 0.4, (5.0, 6.0, 7.0))
    assert next_slot([quick, slow], 4.0) == ("quick", 4.0)  # slow was never done so soon
    assert next_slot([slow], 4.0) is None
    assert next_slot([slow], 8.0) == ("slow", 8.0)
    assert next_slot([slow], 8.0, solved=0.0, economy=0.1) is None  # .4 in 6 s
    assert next_slot([slow], 8.0, solved=0.5, economy=0.05) is None
    assert next_slot([slow], 8.0, solved=0.0, economy=0.05) == ("slow", 8.0)
    assert next_slot([Prospect("new", None)], 8.0, solved=1.0, economy=9.0) == ("new", 8.0)
    assert next_slot([], 8.0) is None


def test_a_newcomer_gets_a_fair_share() -> None:
    old = [Prospect(name, 0.9, (9.0,)) for name in ("a", "b")]
    slots = dict(allocate([*old, Prospect("new", None)], 12.0))
    assert slots["new"] >= 12.0 / 3 * 0.95
    assert sum(slots.values()) == pytest.approx(12.0)
    assert allocate([], 5.0) == []
    assert dict(allocate([Prospect("only", None)], 5.0)) == {"only": pytest.approx(5.0)}
