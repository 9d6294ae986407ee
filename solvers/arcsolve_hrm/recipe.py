"""What to train on, how and for how long; no torch in here, so that a command line can list the fields at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arcsolve_hrm.pairs import PairSet
from arcsolve_hrm.seq import pair_tokens


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        row_tokens: Tokens per packed row.
        documents: Sequences per packed row at most.
        accumulate: Rows per optimiser step.
        learning_rate: Of NorMuon at the plateau.
        adam_rate: Of AdamW at the plateau.
        warmup: Share of the run, linear from zero.
        decay: Share of the run at its end, linear to zero.
        clip: Largest global gradient norm for AdamW's parameters (NorMuon does not see scale).
        ema: Rate of the moving average of weights; 0 keeps none.
        segments: ACT segments per step, each supervised, with detached state between.
        halt_weight: Weight of the halting loss where there are several segments.
        legend: Whether sequences show the colour legend.
        ahead: Whether output positions look ahead.
        seed: Of initialisation, order and augmentation.
        total_minutes: Length of the run by the clock; 0 if ``steps`` rules.
        steps: Length of the run in steps; 0 if ``total_minutes`` rules.
        held_views: Augmented views per held-out pair in the measurements.
        turned: Share of the pairs that get one of the eight symmetries at random; the others stay upright.
        recoloured: Share of the pairs whose colours are permuted.
        longest: Pairs with more tokens are left out, held-out ones too; 0 takes all.
        sets: Train on the tasks of these sets only, comma separated; empty takes all.
        augment: ``all`` views, or ``auto``: leave out those that a task's own demonstrations speak against.
    """

    row_tokens: int = 32768
    documents: int = 128
    accumulate: int = 1
    learning_rate: float = 2e-3
    adam_rate: float = 1e-3
    warmup: float = 0.01
    decay: float = 0.25
    clip: float = 1.0
    ema: float = 0.0
    segments: int = 1
    halt_weight: float = 0.1
    legend: bool = True
    ahead: bool = True
    seed: int = 0
    total_minutes: float = 0.0
    steps: int = 0
    held_views: int = 16
    turned: float = 1.0
    recoloured: float = 1.0
    longest: int = 0
    sets: str = ""
    augment: str = "all"


def schedule(done: float, recipe: Recipe) -> float:
    """Give the factor on the learning rate: warm up, stay, decay to zero.

    Args:
        done: Share of the run, 0..1.
        recipe: Shares of warm-up and decay.

    Returns:
        0..1.
    """
    rise = done / recipe.warmup if recipe.warmup else 1.0
    fall = (1 - done) / recipe.decay if recipe.decay else 1.0
    return max(0.0, min(1.0, rise, fall))


def chosen(pairs: PairSet, role: int, recipe: Recipe) -> NDArray[np.int64]:
    """Choose the pairs of a role that the recipe wants.

    Args:
        pairs: All pairs.
        role: ``TRAIN`` or ``HELD_OUT``.
        recipe: Its ``sets``, ``longest`` and ``legend`` count.

    Returns:
        Indices.
    """
    wanted = pairs.role == role
    if recipe.longest:
        wanted = wanted & (pair_tokens(pairs.shape, recipe.legend) <= recipe.longest)
    if recipe.sets:
        sets = np.array([str(name).partition("/")[0] for name in pairs.names])
        wanted = wanted & np.isin(sets, recipe.sets.split(","))[pairs.task]
    return np.flatnonzero(wanted)
