import itertools
import json
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest

from arcsolve import Candidate, Challenge, Grid, Pair
from arcsolve_ensemble.merging.invariants import broken, invariants
from arcsolve_ensemble.merging.judging import JUDGED, cross_examine
from arcsolve_ensemble.merging.merge import MergeRules, merge
from arcsolve_ensemble.merging.trust import Evidence, MemberTrust, Trust, default_trust, fit_member, tier_of
from arcsolve_ensemble.merging.votes import Vote, collect, grid_key


def grid(value: int, shape: tuple[int, int] = (2, 2)) -> np.ndarray:
    return np.full(shape, value, dtype=np.int8)


def challenge() -> Challenge:
    pairs = tuple(Pair(np.array([[1, 2, 3], [4, 5, k]]), np.array([[1, 2, 3], [4, 5, k]])) for k in (6, 7))
    return Challenge("t", pairs, (np.array([[1, 2, 3], [4, 5, 6]]),))


def votes_of(*entries: tuple[str, int, float, int | None]) -> list[Vote]:
    """Make 2x3 votes: member, colour, confidence, demonstrations solved."""
    found = []
    for member, group in itertools.groupby(sorted(entries, key=lambda entry: entry[0]), key=lambda entry: entry[0]):
        candidates = [Candidate(0, grid(c, (2, 3)), p, demos_solved=d) for _, c, p, d in group]
        found += collect(member, candidates)[0]
    return found


def order_of(votes: list[Vote], **options: object) -> list[int]:
    return [int(entry.grid[0, 0]) for entry in merge(challenge(), 0, votes, **options)]  # type: ignore[arg-type]


def test_collect_ranks_distinct_grids_whatever_their_order() -> None:
    candidates = [
        Candidate(0, grid(1), 0.2),
        Candidate(0, grid(2), 0.7, demos_solved=1),
        Candidate(0, grid(1), 0.9, explanation="surer"),
        Candidate(1, grid(3), 0.1),
    ]
    for order in itertools.permutations(candidates):
        votes = collect("m", order)
        assert [(int(v.grid[0, 0]), v.rank, v.confidence) for v in votes[0]] == [(1, 1, 0.9), (2, 2, 0.7)]
        assert votes[0][0].explanation == "surer"
        assert len(votes[1]) == 1


def test_keys_tell_shape_and_dtype_apart_rightly() -> None:
    assert grid_key(grid(1)) == grid_key(grid(1).astype(np.int64))
    assert grid_key(np.zeros((1, 4), dtype=int)) != grid_key(np.zeros((2, 2), dtype=int))


def test_invariants_of_size_and_colour() -> None:
    c = challenge()
    assert invariants(c).keeps_size
    assert broken(c, 0, np.array([[1, 2, 3], [4, 5, 6]])) == 0
    assert broken(c, 0, grid(1)) == 1
    assert broken(c, 0, grid(9)) == 2
    doubling = Challenge("d", tuple(Pair(grid(1, (k, k)), grid(5, (2 * k, 2 * k))) for k in (1, 3)), (grid(1, (2, 3)),))
    assert broken(doubling, 0, grid(5, (4, 6))) == 0
    assert broken(doubling, 0, grid(5, (4, 4))) == 1
    constant = Challenge("c", tuple(Pair(grid(1, (k, k)), grid(1, (1, 2))) for k in (3, 5)), (grid(1, (7, 7)),))
    assert broken(constant, 0, grid(1, (1, 2))) == 0
    assert broken(constant, 0, grid(1, (7, 7))) == 1


@pytest.mark.parametrize("seed", range(20))
def test_merging_does_not_depend_on_any_order(seed: int) -> None:
    rng = random.Random(seed)
    entries = [
        (f"m{rng.randrange(4)}", rng.randrange(1, 7), rng.choice([0.1, 0.5, 0.5, 0.9]), rng.choice([None, 0, 1, 2]))
        for _ in range(12)
    ]
    votes = votes_of(*entries)
    want = [(grid_key(e.grid), e.probability) for e in merge(challenge(), 0, votes)]
    for _ in range(5):
        rng.shuffle(votes)
        assert [(grid_key(e.grid), e.probability) for e in merge(challenge(), 0, votes)] == want
    assert sum(p for _, p in want) <= 1 + 1e-9


def test_consistent_programs_come_first() -> None:
    votes = votes_of(("hrm", 1, 0.6, None), ("dsl", 2, 0.3, 2), ("dsl", 3, 0.25, 1))
    assert order_of(votes)[0] == 2
    assert order_of(votes, rules=MergeRules(calibrated=False))[0] == 2
    assert order_of(votes, rules=MergeRules(calibrated=False, consistent_first=False))[0] == 1


def test_agreement_helps() -> None:
    votes = votes_of(("a", 1, 0.6, None), ("b", 2, 0.5, None), ("c", 2, 0.4, None))
    assert order_of(votes)[0] == 2
    assert order_of(votes, rules=MergeRules(pooled=False, calibrated=False))[0] == 1


def test_a_grid_that_breaks_an_invariant_comes_last_unless_a_program_proves_it() -> None:
    wrong_size = collect("a", [Candidate(0, grid(1, (5, 5)), 0.9)])[0]
    votes = wrong_size + votes_of(("b", 2, 0.1, None))
    assert order_of(votes) == [2, 1]
    assert order_of(votes, rules=MergeRules(invariants=False)) == [1, 2]
    proven = collect("a", [Candidate(0, grid(1, (5, 5)), 0.9, demos_solved=2)])[0]
    assert order_of(proven + votes_of(("b", 2, 0.01, None))) == [1, 2]


def test_the_two_most_probable_grids_go_in_whoever_proposed_them() -> None:
    votes = votes_of(("a", 1, 0.9, None), ("a", 2, 0.8, None), ("b", 3, 0.1, None))
    trust = Trust(
        {
            "a": MemberTrust(100, 50, weights=(0, 9, 0, 0, 0, 0, 0, 0, 0), intercept=-1.0),
            "b": MemberTrust(100, 50, weights=(0,) * 9, intercept=-1.05),
        }
    )
    assert order_of(votes, trust=trust) == [1, 2, 3]
    doubtful = MemberTrust(100, 50, weights=(0, 2, 0, 0, 0, 0, 0, 0, 0), intercept=-1.0)
    sure = MemberTrust(100, 50, weights=(0,) * 9, intercept=3.0)
    assert order_of(votes, trust=Trust({"a": doubtful, "b": sure})) == [3, 1, 2]


def against_one(grids: Sequence[Grid]) -> list[float]:
    """A judge's log-probabilities: anything but grid 1."""
    return [-9.0 if int(g[0, 0]) == 1 else -1.0 for g in grids]


def test_judges_move_the_order() -> None:
    votes = votes_of(("a", 1, 0.50, None), ("b", 2, 0.45, None))
    assert order_of(votes) == [1, 2]
    assert order_of(votes, judges={"j": against_one}) == [2, 1]
    assert order_of(votes, judges={"j": against_one}, rules=MergeRules(judged=False)) == [1, 2]
    for useless in (None, [float("nan")] * 2, [-math.inf] * 2, [0.0]):
        assert order_of(votes, judges={"j": lambda grids, says=useless: says}) == [1, 2]
    own = votes_of(("j", 1, 0.45, None), ("b", 2, 0.5, None))
    assert order_of(own, judges={"j": against_one}) == order_of(own)  # nobody judges in their own case
    merged = merge(challenge(), 0, votes, judges={"j": against_one})
    assert "judges: j" in merged[1].explanation


def test_a_judge_counts_as_much_as_it_is_foreseen_to_know() -> None:
    votes = votes_of(("a", 1, 0.50, None), ("b", 2, 0.45, None), ("b", 3, 0.4, None))

    def shift(knows: float) -> float:
        """What the judge does to grid 1."""
        merged = merge(challenge(), 0, votes, priors={"j": knows}, judges={"j": against_one})
        return next(entry.verdicts["j"] for entry in merged if int(entry.grid[0, 0]) == 1)

    assert 0 > shift(0.2) > shift(0.5) > shift(0.9)
    assert shift(0.5) == pytest.approx(math.log(0.5 * 3 * math.exp(-8) / (2 + math.exp(-8)) + 0.5))
    assert shift(1.0) > -5  # nobody is that certain


@pytest.mark.parametrize("seed", range(100))
def test_a_judge_is_asked_if_and_only_if_it_could_change_the_attempts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, knows = int(rng.integers(2, 7)), float(rng.random() ** 2)
    log_odds, classes = rng.normal(0, 1.5, n), [(bool(late),) for late in rng.random(n) < 0.3]
    proposers = [frozenset({"judge"} if own else {"other"}) for own in rng.random(n) < 0.3]
    grids = [grid(colour) for colour in range(n)]

    def places(odds: np.ndarray) -> list[int]:
        return sorted(range(n), key=lambda i: (classes[i], -odds[i]))

    foreign = [i for i in places(log_odds)[:JUDGED] if "judge" not in proposers[i]]
    changes = False
    for right in foreign if len(foreign) > 1 else []:
        moved = log_odds.copy()
        for i in foreign:
            moved[i] += math.log(knows * len(foreign) * (i == right) + 1 - knows)
        changes |= places(moved)[:2] != places(log_odds)[:2]
    asked: list[int] = []

    def judge(given: Sequence[Grid]) -> list[float]:
        asked.extend(int(each[0, 0]) for each in given)
        return [0.0] * len(given)

    cross_examine(grids, log_odds, classes, proposers, {"judge": judge}, {"judge": knows})
    assert asked == (sorted(foreign) if changes else [])


def test_judges_are_asked_about_the_likeliest_grids_and_only_where_it_matters() -> None:
    asked: list[list[int]] = []

    def judge(grids: Sequence[Grid]) -> list[float]:
        asked.append([int(grid[0, 0]) for grid in grids])
        return [0.0] * len(grids)

    judges = {"j": judge}
    liars = Trust({"liar": MemberTrust(100, 0)})
    open_votes = votes_of(*(("a", colour, 0.5 - 0.05 * colour, None) for colour in range(1, 7)))
    lie = votes_of(("liar", 8, 0.9, None))
    merge(challenge(), 0, open_votes + lie, judges=judges, trust=liars)
    assert [sorted(colours) for colours in asked] == [[1, 2, 3, 4]]
    merge(challenge(), 0, open_votes[:2] + lie, judges=judges, trust=liars, priors={"j": 0.9})
    assert sorted(asked[1]) == [1, 2]  # what nobody is trusted with is not put before them
    merge(challenge(), 0, votes_of(("a", 1, 0.99, 2), ("b", 2, 0.01, 0)), judges=judges)
    merge(challenge(), 0, open_votes, judges=judges, priors={"j": 0.01})
    assert len(asked) == 2


def test_a_member_that_is_never_right_changes_nothing() -> None:
    rng = random.Random(7)
    trust = Trust({"bad": MemberTrust(200, 0), "a": MemberTrust(200, 90, weights=(1.0,) + (0.0,) * 8)})
    for _ in range(200):
        entries = [(m, rng.randrange(1, 9), rng.random(), rng.choice([None, 1, 2])) for m in "aabbc"]
        bad = [("bad", rng.randrange(1, 9), rng.random(), rng.choice([None, 2])) for _ in range(3)]
        alone = order_of(votes_of(*entries), trust=trust)
        together = order_of(votes_of(*entries, *bad), trust=trust)
        assert together[: min(2, len(alone))] == alone[:2]


def test_trust_learns_a_members_precision() -> None:
    rng = np.random.default_rng(0)
    evidence, right, tasks = [], [], []
    for task in range(400):
        for rank in (1, 2, 3):
            confidence = float(rng.random())
            tier = "all" if rng.random() < 0.4 else "fewer"
            chance = {"all": 0.85, "fewer": 0.05}[tier] / rank
            evidence.append(Evidence(confidence, rank, tier))
            right.append(bool(rng.random() < chance))
            tasks.append(str(task))
    trust = fit_member(evidence, right, tasks)
    assert trust(Evidence(0.5, 1, "all")) == pytest.approx(0.85, abs=0.08)
    assert trust(Evidence(0.5, 1, "fewer")) == pytest.approx(0.05, abs=0.06)
    again = Trust.from_json(json.loads(json.dumps(Trust({"m": trust}).to_json())))
    assert again("m", Evidence(0.3, 2, "all")) == trust(Evidence(0.3, 2, "all"))
    assert Trust({"m": trust})("stranger", Evidence(0.5, 1, "all")) == default_trust(Evidence(0.5, 1, "all"))


def test_trust_bends_where_confidence_is_not_logistic() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.random(3000)
    right = rng.random(3000) < np.where(confidence < 0.5, 0.1, 0.5)  # a step, not a slope
    trust = fit_member(
        [Evidence(float(c), 1, "unknown") for c in confidence], right.tolist(), [str(i) for i in range(3000)]
    )
    assert trust.method == "isotonic"
    assert trust(Evidence(0.95, 1, "unknown")) == pytest.approx(0.5, abs=0.1)
    assert trust(Evidence(0.1, 1, "unknown")) == pytest.approx(0.1, abs=0.06)


def test_never_and_always_right() -> None:
    votes = [Evidence(0.9, 1, "all")] * 30
    tasks = [str(i) for i in range(30)]
    assert fit_member(votes, [False] * 30, tasks)(votes[0]) == 0.0
    assert fit_member(votes, [True] * 30, tasks)(votes[0]) > 0.8


def test_a_short_record_does_not_displace_a_long_one() -> None:
    votes = votes_of(("long", 1, 0.5, None), ("long", 2, 0.5, None), ("short", 3, 0.5, None))
    weights = (0.0,) * 9
    records = {"long": MemberTrust(800, 500, weights=weights), "short": MemberTrust(800, 500, weights=weights)}
    assert 3 in order_of(votes, trust=Trust(records))[:2]
    records["short"] = MemberTrust(100, 3, weights=weights, intercept=0.3)
    assert 3 not in order_of(votes, trust=Trust(records))[:2]


def test_tiers() -> None:
    assert [tier_of(k, 3) for k in (3, 2, 1, None)] == ["all", "all-but-one", "fewer", "unknown"]
    assert tier_of(0, 1) == "fewer"
