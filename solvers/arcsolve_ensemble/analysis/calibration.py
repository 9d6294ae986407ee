"""How far confidences can be believed: expected calibration error, Brier score, reliability diagram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arcsolve_ensemble.arrays import Bools, Floats


@dataclass(frozen=True)
class ReliabilityBin:
    """One bar of a reliability diagram."""

    low: float
    high: float
    n: int
    mean_confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """Calibration of a set of confidences.

    Attributes:
        n: how many.
        mean_confidence: their mean.
        accuracy: share that was right.
        ece: expected calibration error, in [0, 1].
        brier: mean squared error against 0/1, in [0, 1].
        auc: chance that a right one ranks above a wrong one; 0.5 where only one kind occurs.
        bins: the reliability diagram's bars that are not empty.
    """

    n: int
    mean_confidence: float
    accuracy: float
    ece: float
    brier: float
    auc: float
    bins: tuple[ReliabilityBin, ...]


def calibration(confidence: Floats, is_right: Bools, bins: int = 10) -> Calibration:
    """Measure the calibration of confidences.

    Args:
        confidence: (n,) in [0, 1]; values outside are clipped.
        is_right: (n,) what came true.
        bins: number of equally wide bins.

    Returns:
        The measures; all zero for n = 0.
    """
    p = np.clip(np.asarray(confidence, dtype=np.float64), 0.0, 1.0)
    y = np.asarray(is_right, dtype=np.float64)
    if len(p) == 0:
        return Calibration(0, 0.0, 0.0, 0.0, 0.0, 0.5, ())
    place = np.minimum((p * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums, rights = np.bincount(place, weights=p, minlength=bins), np.bincount(place, weights=y, minlength=bins)
    bars = tuple(
        ReliabilityBin(
            b / bins, (b + 1) / bins, int(counts[b]), float(sums[b] / counts[b]), float(rights[b] / counts[b])
        )
        for b in range(bins)
        if counts[b]
    )
    ece = float(np.abs(sums - rights).sum() / len(p))
    return Calibration(len(p), float(p.mean()), float(y.mean()), ece, float(((p - y) ** 2).mean()), auc(p, y > 0), bars)


def auc(score: Floats, is_right: Bools) -> float:
    """Return the area under the ROC curve (ties count half); 0.5 where only one class occurs."""
    right = np.asarray(is_right, dtype=bool)
    positives, negatives = int(right.sum()), int((~right).sum())
    if positives == 0 or negatives == 0:
        return 0.5
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    return float((ranks[right].sum() - positives * (positives + 1) / 2) / (positives * negatives))
