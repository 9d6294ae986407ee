"""Success models: the probability that a member solves a task, from the task's features.

Several kinds behind one interface, chosen by cross-validated log loss: the base rate, logistic regression, nearest
neighbours, extremely randomised trees. Fitted by scikit-learn, kept and evaluated as plain arrays, so that a model file
is small, readable by every version, and using it imports no scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arcsolve import ArcsolveError
from arcsolve_ensemble.arrays import Bools, Floats, Ints
from arcsolve_ensemble.selection.model import sklearn

KINDS = ("rate", "neighbours", "logistic", "forest")
"""Simplest first; a later kind must beat the earlier ones by `MARGIN` nats."""
MARGIN = 0.003
NEIGHBOURS = 25


@dataclass(frozen=True)
class SuccessModel:
    """A fitted success model.

    Attributes:
        kind: one of `KINDS`.
        arrays: its parameters.
        scale: (2,) Platt scaling (slope, intercept) of the raw log-odds, fitted on held-out predictions.
        rate: the base rate in the training data, smoothed.
    """

    kind: str
    arrays: Mapping[str, NDArray[np.generic]]
    scale: Floats
    rate: float

    def __call__(self, features: Floats) -> Floats:
        """Return (m,) probabilities for the (m, f) *features*."""
        return sigmoids(self.scale[0] * log_odds(raw_probability(self, features)) + self.scale[1])


def log_odds(p: Floats) -> Floats:
    """Return the log-odds of probabilities, clipped to [0.005, 0.995]."""
    p = np.clip(p, 0.005, 0.995)
    return np.asarray(np.log(p / (1 - p)))


def sigmoids(x: Floats) -> Floats:
    """Return the logistic function of *x*."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))))


@dataclass(frozen=True)
class Fit:
    """A fitted success model and what it says about tasks it was not fitted on.

    Attributes:
        model: fitted on all tasks.
        held_out: (n,) calibrated probabilities, each from a model that did not see the task.
    """

    model: SuccessModel
    held_out: Floats


def fit_success(
    features: Floats, solved: Bools, seed: int = 0, groups: Sequence[str] = (), kinds: Sequence[str] = KINDS[1:]
) -> Fit:
    """Fit a success model and choose its kind by five-fold cross-validation.

    Args:
        features: (n, f) finite task features.
        solved: (n,) whether the member solved the task.
        seed: seeds folds and forest.
        groups: a name per task; tasks of one name (new instances of an old task, say) share a fold. None: all differ.
        kinds: what to choose from, beside the base rate.

    Returns:
        The model with calibrated probabilities, and held-out ones.

    Raises:
        ArcsolveError: if there is no task.
    """
    n = len(solved)
    if n == 0:
        raise ArcsolveError("A success model needs at least one task.")
    rate = float((solved.sum() + 1) / (n + 2))
    identity = np.array([1.0, 0.0])
    constant = SuccessModel("rate", {}, identity, rate)
    if min(solved.sum(), n - solved.sum()) < 10:
        return Fit(constant, np.full(n, rate))
    group = np.unique(groups, return_inverse=True)[1] if len(groups) else np.arange(n)
    folds: Ints = (np.random.default_rng(seed).permutation(int(group.max()) + 1) % 5)[group]
    best_kind, best_scale, best = "rate", identity, np.full(n, rate)
    best_loss = _loss(best, solved)
    for kind in kinds:
        held_out = np.zeros(n)
        for fold in range(5):
            inside = folds != fold
            if solved[inside].all() or not solved[inside].any():
                break
            held_out[~inside] = raw_probability(_fit(kind, features[inside], solved[inside], seed), features[~inside])
        else:
            scale = _platt(log_odds(held_out), solved)
            calibrated = sigmoids(scale[0] * log_odds(held_out) + scale[1])
            loss = _loss(calibrated, solved)
            if loss < best_loss - MARGIN:
                best_kind, best_scale, best, best_loss = kind, scale, calibrated, loss
    arrays = _fit(best_kind, features, solved, seed).arrays if best_kind != "rate" else {}
    return Fit(SuccessModel(best_kind, arrays, best_scale, rate), best)


def raw_probability(model: SuccessModel, features: Floats) -> Floats:
    """Return (m,) probabilities before Platt scaling."""
    arrays = model.arrays
    if model.kind == "rate":
        return np.full(len(features), model.rate)
    if model.kind == "forest":
        return _forest_probability(arrays, features)
    mean, spread = (np.asarray(arrays[name], dtype=np.float64) for name in ("mean", "spread"))
    scaled = (features - mean) / spread
    if model.kind == "logistic":
        weights, intercept = (np.asarray(arrays[name], dtype=np.float64) for name in ("weights", "intercept"))
        return sigmoids(np.clip(scaled, -5, 5) @ weights + intercept[0])
    known, labels = np.asarray(arrays["known"], dtype=np.float64), np.asarray(arrays["labels"], dtype=np.float64)
    distance = ((np.clip(scaled, -5, 5)[:, None, :] - known[None, :, :]) ** 2).sum(axis=2)
    near = np.argsort(distance, axis=1, kind="stable")[:, :NEIGHBOURS]
    share = labels[near].mean(axis=1)
    return np.asarray((share * near.shape[1] + model.rate) / (near.shape[1] + 1))


def _fit(kind: str, features: Floats, solved: Bools, seed: int) -> SuccessModel:
    rate = float((solved.sum() + 1) / (len(solved) + 2))
    identity = np.array([1.0, 0.0])
    if kind == "forest":
        forest = sklearn("ensemble").ExtraTreesClassifier(
            150, min_samples_leaf=3, max_features=0.3, random_state=seed, n_jobs=1
        )
        forest.fit(features, solved)
        return SuccessModel(kind, _flatten(forest), identity, rate)
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    scaled = np.clip((features - mean) / spread, -5, 5)
    arrays: dict[str, NDArray[np.generic]] = {"mean": mean, "spread": spread}
    if kind == "logistic":
        model = sklearn("linear_model").LogisticRegression(C=0.05, max_iter=1000)
        model.fit(scaled, solved)
        arrays |= {"weights": np.asarray(model.coef_[0]), "intercept": np.asarray(model.intercept_)}
    else:
        arrays |= {"known": scaled.astype(np.float32), "labels": solved.astype(np.int8)}
    return SuccessModel(kind, arrays, identity, rate)


def _flatten(forest: object) -> dict[str, NDArray[np.generic]]:
    """Return a scikit-learn forest's nodes, all trees one after the other; children are absolute, -1 in leaves."""
    left, right, feature, threshold, value, roots = [], [], [], [], [], []
    offset = 0
    for estimator in forest.estimators_:  # type: ignore[attr-defined]
        tree = estimator.tree_
        is_leaf = tree.children_left < 0
        roots.append(offset)
        left.append(np.where(is_leaf, -1, tree.children_left + offset))
        right.append(np.where(is_leaf, -1, tree.children_right + offset))
        feature.append(np.where(is_leaf, 0, tree.feature))
        threshold.append(np.where(is_leaf, 0.0, tree.threshold))
        counts = tree.value[:, 0, :]
        value.append(counts[:, 1] / counts.sum(axis=1))
        offset += tree.node_count
    return {
        "roots": np.array(roots, dtype=np.int32),
        "left": np.concatenate(left).astype(np.int32),
        "right": np.concatenate(right).astype(np.int32),
        "feature": np.concatenate(feature).astype(np.int16),
        "threshold": np.concatenate(threshold).astype(np.float32),
        "value": np.concatenate(value).astype(np.float32),
    }


def _forest_probability(arrays: Mapping[str, NDArray[np.generic]], features: Floats) -> Floats:
    left, right = np.asarray(arrays["left"]), np.asarray(arrays["right"])
    feature, threshold = np.asarray(arrays["feature"]), np.asarray(arrays["threshold"])
    rows = np.arange(len(features))[:, None]
    table = features.astype(np.float32)  # as scikit-learn's trees compare
    node = np.tile(np.asarray(arrays["roots"]), (len(features), 1))  # (m, trees)
    while True:
        inner = left[node] >= 0
        if not inner.any():
            return np.asarray(np.asarray(arrays["value"], dtype=np.float64)[node].mean(axis=1))
        goes_left = table[rows, feature[node]] <= threshold[node]
        node = np.where(inner, np.where(goes_left, left[node], right[node]), node)


def _platt(scores: Floats, solved: Bools) -> Floats:
    model = sklearn("linear_model").LogisticRegression(C=10.0)
    model.fit(scores[:, None], solved)
    return np.array([float(model.coef_[0, 0]), float(model.intercept_[0])])


def _loss(p: Floats, solved: Bools) -> float:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return float(-np.where(solved, np.log(p), np.log(1 - p)).mean())
