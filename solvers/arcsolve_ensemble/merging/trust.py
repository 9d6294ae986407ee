"""Trust: how likely a member's vote is right, learnt from stored outcomes, with a sober default for newcomers.

A vote's evidence is the member's own confidence (calibrated by Platt scaling or isotonic regression, whichever predicts
held-out tasks better), the vote's rank, whether its program reproduces all demonstrations, all but one or fewer,
whether it breaks an invariant of the demonstrations, and how likely the member is to solve such a task at all.
Everything fitted is stored as plain numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from arcsolve_ensemble.arrays import Bools, Floats, Ints
from arcsolve_ensemble.selection.model import sklearn

MIN_TASKS = 20
"""Tasks a member must have been seen on before its record replaces the default trust."""
CAUTION = 4
"""Right votes at which half of what was learnt from them is believed: a short record must not displace a long one."""
TIERS = ("all", "all-but-one", "fewer", "unknown")
DEFAULT_BY_TIER: Mapping[str, float] = {"all": 0.8, "all-but-one": 0.26, "fewer": 0.05, "unknown": 0.3}
"""Precision of symbolic programs by demonstrations reproduced, as measured on ARC-AGI-1; a guess for the rest."""


class Evidence(NamedTuple):
    """What is known about one vote.

    Attributes:
        confidence: the member's own, in [0, 1].
        rank: among the member's distinct grids for the test input, from 1.
        tier: one of `TIERS`.
        broken: invariants of the demonstrations that the grid breaks.
        prior: probability that the member solves such a task, in (0, 1); 0.5 where nobody knows.
    """

    confidence: float
    rank: int
    tier: str
    broken: int = 0
    prior: float = 0.5


def tier_of(demos_solved: int | None, demos: int) -> str:
    """Return the tier for a program that reproduces *demos_solved* of *demos* demonstrations."""
    if demos_solved is None:
        return "unknown"
    if demos_solved >= demos:
        return "all"
    return "all-but-one" if demos_solved == demos - 1 and demos > 1 else "fewer"


def logit(p: float, floor: float = 1e-3) -> float:
    """Return the log-odds of *p*, clipped to [floor, 1 - floor]."""
    p = min(max(p, floor), 1 - floor)
    return math.log(p / (1 - p))


def sigmoid(x: float) -> float:
    """Return the logistic function of *x* without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def default_trust(evidence: Evidence) -> float:
    """Return the trust in a vote of a member without a record."""
    base = logit(DEFAULT_BY_TIER[evidence.tier]) + 0.5 * (logit(evidence.confidence, 0.02))
    return sigmoid(base - 1.2 * min(evidence.rank - 1, 3) - 2.0 * evidence.broken)


def _row(evidence: Evidence) -> list[float]:
    tier = evidence.tier
    return [
        logit(evidence.confidence),
        float(evidence.rank == 1),
        float(evidence.rank == 2),
        math.log(evidence.rank),
        float(tier == "all"),
        float(tier == "all-but-one"),
        float(tier == "fewer"),
        float(evidence.broken > 0),
        logit(evidence.prior, 0.01),
    ]


@dataclass(frozen=True)
class MemberTrust:
    """One member's record, reduced to what predicts whether its votes are right.

    Attributes:
        tasks: tasks it was seen on.
        right: votes of it that were right; 0 makes all its votes worth nothing.
        method: how the score becomes a probability.
        weights: coefficients of the evidence's row.
        intercept: the constant term.
        knots_x: isotonic regression's scores.
        knots_y: and its probabilities.
    """

    tasks: int
    right: int
    method: Literal["platt", "isotonic"] = "platt"
    weights: tuple[float, ...] = ()
    intercept: float = 0.0
    knots_x: tuple[float, ...] = ()
    knots_y: tuple[float, ...] = ()

    def __call__(self, evidence: Evidence) -> float:
        """Return the probability that the vote is right, held down while few right votes have been seen."""
        if self.right == 0:
            return 0.0
        proven = self.right / (self.right + CAUTION)
        score = self.intercept + sum(w * x for w, x in zip(self.weights, _row(evidence), strict=True))
        if self.method == "isotonic":
            return proven * float(np.interp(score, self.knots_x, self.knots_y))
        return proven * sigmoid(score)


@dataclass(frozen=True)
class Trust:
    """The trust in every member; unknown members get `default_trust`."""

    members: Mapping[str, MemberTrust] = field(default_factory=dict)

    def __call__(self, member: str, evidence: Evidence) -> float:
        """Return the probability that *member*'s vote is right."""
        known = self.members.get(member)
        if known is None or known.tasks < MIN_TASKS:
            return default_trust(evidence)
        return known(evidence)

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a model file."""
        return {name: asdict(trust) for name, trust in self.members.items()}

    @staticmethod
    def from_json(data: Mapping[str, Mapping[str, Any]]) -> Trust:
        """Rebuild from `to_json`."""
        return Trust({name: _member_from_json(entry) for name, entry in data.items()})


def _member_from_json(entry: Mapping[str, Any]) -> MemberTrust:
    return MemberTrust(
        tasks=int(entry["tasks"]),
        right=int(entry["right"]),
        method="isotonic" if entry["method"] == "isotonic" else "platt",
        weights=tuple(float(value) for value in entry["weights"]),
        intercept=float(entry["intercept"]),
        knots_x=tuple(float(value) for value in entry["knots_x"]),
        knots_y=tuple(float(value) for value in entry["knots_y"]),
    )


def fit_member(evidence: Sequence[Evidence], is_right: Sequence[bool], tasks: Sequence[str]) -> MemberTrust:
    """Learn one member's trust.

    Args:
        evidence: one entry per vote.
        is_right: whether the vote was right.
        tasks: the task each vote belongs to; held-out predictions are held out by task.

    Returns:
        The fitted trust. Platt scaling, unless isotonic regression on top of it predicts held-out tasks better.
    """
    count, right = len(set(tasks)), int(sum(is_right))
    if right == 0 or right == len(is_right):
        known = right > 0
        return MemberTrust(
            count, right, intercept=logit((right + 1) / (len(is_right) + 2)), weights=(0.0,) * 9 if known else ()
        )
    rows = np.array([_row(entry) for entry in evidence])
    labels = np.array(is_right, dtype=bool)
    weights, intercept = _platt(rows, labels)
    trust = MemberTrust(count, right, "platt", tuple(weights.tolist()), intercept)
    names = sorted(set(tasks))
    fold_of = {name: i % 5 for i, name in enumerate(np.random.default_rng(0).permutation(names).tolist())}
    folds: Ints = np.array([fold_of[task] for task in tasks], dtype=np.int64)
    held_out = np.zeros(len(labels))
    for fold in range(5):
        inside, outside = folds != fold, folds == fold
        if not outside.any():
            continue
        if labels[inside].all() or not labels[inside].any():
            return trust
        w, b = _platt(rows[inside], labels[inside])
        held_out[outside] = rows[outside] @ w + b
    isotonic = np.zeros(len(labels))
    for fold in range(5):
        inside, outside = folds != fold, folds == fold
        if outside.any():
            x, y = _isotonic(held_out[inside], labels[inside])
            isotonic[outside] = np.interp(held_out[outside], x, y)
    plain = 1 / (1 + np.exp(-np.clip(held_out, -30, 30)))
    if _log_loss(isotonic, labels) < _log_loss(plain, labels) - 1e-3:
        x, y = _isotonic(held_out, labels)
        return MemberTrust(
            count, right, "isotonic", tuple(weights.tolist()), intercept, tuple(x.tolist()), tuple(y.tolist())
        )
    return trust


def _platt(rows: Floats, labels: Bools) -> tuple[Floats, float]:
    scale = np.maximum(rows.std(axis=0), 1e-6)
    model = sklearn("linear_model").LogisticRegression(C=1.0, max_iter=500)
    model.fit(rows / scale, labels)
    return np.asarray(model.coef_[0] / scale), float(model.intercept_[0])


def _isotonic(scores: Floats, labels: Bools) -> tuple[Floats, Floats]:
    model = sklearn("isotonic").IsotonicRegression(out_of_bounds="clip")
    model.fit(scores, labels.astype(np.float64))
    n = len(labels)  # keeps probabilities off 0 and 1, where one error would cost everything
    y = (np.asarray(model.y_thresholds_) * n + 0.5) / (n + 1)
    return np.asarray(model.X_thresholds_), y


def _log_loss(p: Floats, labels: Bools) -> float:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return float(-np.where(labels, np.log(p), np.log(1 - p)).mean())
