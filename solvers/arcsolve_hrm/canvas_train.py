"""Deep supervision on the canvas: one optimiser step per ACT segment, as HRM and TRM are published.

A carry holds the recurrent states of a batch. Rows that halted are reset and get fresh data; the others think on, from
a detached state. Each segment's loss is the stablemax cross entropy of the visible cells plus the halting head's own
targets (sapientinc/HRM ``models/losses.py`` and ``models/hrm/hrm_act_v1.py``; TRM drops the continue target).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from arcsolve_hrm.canvas import IGNORE
from arcsolve_hrm.core import HRM, State


class Batch(NamedTuple):
    """Encoded pairs: ``tokens`` and ``labels`` int64 [B, cells] (labels `IGNORE` where unsupervised), ``tasks`` [B]."""

    tokens: Tensor
    labels: Tensor
    tasks: Tensor


class Carry(NamedTuple):
    """A batch in the middle of its thinking."""

    state: State
    steps: Tensor
    """int64 [B]: segments done with the present data."""
    halted: Tensor
    """bool [B]: rows that take fresh data at the next segment."""
    data: Batch


class Segment(NamedTuple):
    """What one training segment gives."""

    carry: Carry
    loss: Tensor
    """Scalar, summed over the batch; divide by the global batch size before ``backward``."""
    vectors: Tensor
    """Leaf [B, hidden] float32: the puzzle vectors used. Their ``grad`` and
    ``carry.data.tasks`` are what `sign_sgd_step` takes."""
    metrics: dict[str, float]
    """Loss parts, and counts over the rows that halted (``count``, ``exact_accuracy``, …), as sums."""


def stablemax_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy under stablemax, ``s(x) = x + 1`` for x >= 0 and ``1 / (1 - x)`` below, in float64.

    Source: Prieto et al., "Grokking at the Edge of Numerical Stability" (2025), as used by sapientinc/HRM.

    Args:
        logits: [B, cells, vocab].
        labels: int64 [B, cells]; `IGNORE` cells cost nothing.

    Returns:
        float64 [B, cells].
    """
    wide = logits.to(torch.float64)
    scores = torch.where(wide < 0, 1 / (1 - wide + 1e-30), wide + 1)
    log_probabilities = torch.log(scores / scores.sum(dim=-1, keepdim=True))
    mask = labels != IGNORE
    chosen = torch.where(mask, labels, 0).unsqueeze(-1)
    picked = log_probabilities.gather(-1, chosen).squeeze(-1)
    return -torch.where(mask, picked, 0)


def initial_carry(model: HRM, batch: Batch) -> Carry:
    """Give a carry whose rows all wait for fresh data."""
    rows, cells = batch.tokens.shape
    state = model.initial_state(rows, model.config.puzzle_emb_len + cells)
    steps = torch.zeros(rows, dtype=torch.int64, device=batch.tokens.device)
    return Carry(state, steps, torch.ones_like(steps, dtype=torch.bool), batch)


def _refill(model: HRM, carry: Carry, fresh: Batch) -> Carry:
    """Reset the halted rows and give them their fresh data."""
    start = model.initial_state(*carry.state.z_h.shape[:2])
    row = carry.halted[:, None]
    state = State(*(torch.where(row[..., None], new, old) for new, old in zip(start, carry.state, strict=True)))
    data = Batch(
        torch.where(row, fresh.tokens, carry.data.tokens),
        torch.where(row, fresh.labels, carry.data.labels),
        torch.where(carry.halted, fresh.tasks, carry.data.tasks),
    )
    return Carry(state, torch.where(carry.halted, 0, carry.steps), carry.halted, data)


def halts(q: Tensor, *, no_act_continue: bool) -> Tensor:
    """Tell which rows want to stop: HRM halts where halt beats continue, TRM where halt is positive.

    Args:
        q: float32 [B, 2], halt and continue.
        no_act_continue: TRM's rule.

    Returns:
        bool [B].
    """
    return q[:, 0] > 0 if no_act_continue else q[:, 0] > q[:, 1]


def train_segment(
    model: HRM, carry: Carry, fresh: Batch, *, rope: tuple[Tensor, Tensor], generator: torch.Generator | None = None
) -> Segment:
    """Run one ACT segment with its losses; the caller does ``backward`` and the optimiser steps.

    Args:
        model: A canvas model in training mode.
        carry: From `initial_carry` or the previous segment.
        fresh: Data for the rows that halted.
        rope: `HRM.canvas_rope` of the batch's canvas.
        generator: Randomness of the halting exploration; None uses torch's own.

    Returns:
        The segment's carry, loss, puzzle vectors and metrics.
    """
    config = model.config
    carry = _refill(model, carry, fresh)
    data = carry.data
    vectors = model.puzzle_emb.weights.detach()[data.tasks].to(torch.float32).requires_grad_()
    x = model.embed_canvas_vectors(data.tokens, vectors)
    output = model.segment(carry.state, x, rope)
    with torch.no_grad():
        steps = carry.steps + 1
        is_last = steps >= config.halt_max_steps
        halted = is_last
        if config.halt_max_steps > 1:
            halted = halted | halts(output.q, no_act_continue=config.no_act_continue)
            explores = _uniform(steps, generator) < config.halt_exploration_prob
            spread = config.halt_max_steps - 1
            least = torch.where(explores, 2 + (_uniform(steps, generator) * spread).long(), 0)
            halted = halted & (steps >= least)
        target = None
        if not config.no_act_continue:
            following = model.segment(output.state, x, rope).q
            target = torch.sigmoid(torch.where(is_last, following[:, 0], following.amax(dim=-1)))
    loss, metrics = _losses(output.logits, output.q, target, data.labels, halted, steps)
    return Segment(Carry(output.state, steps, halted, data), loss, vectors, metrics)


def _uniform(like: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.rand(like.shape, generator=generator, device=like.device)


def _losses(
    logits: Tensor, q: Tensor, target: Tensor | None, labels: Tensor, halted: Tensor, steps: Tensor
) -> tuple[Tensor, dict[str, float]]:
    """Return the batch's summed loss, and the published metrics over the rows that halted."""
    mask = labels != IGNORE
    visible = mask.sum(-1)
    with torch.no_grad():
        right = mask & (logits.argmax(-1) == labels)
        is_exact = right.sum(-1) == visible
        counted = halted & (visible > 0)
        q_right = (q[:, 0] >= 0) == is_exact
    lm_loss = (stablemax_cross_entropy(logits, labels) / visible.clamp_min(1)[:, None]).sum()
    exact = is_exact.to(q.dtype)
    q_halt_loss = F.binary_cross_entropy_with_logits(q[:, 0], exact, reduction="sum")
    loss = lm_loss + 0.5 * q_halt_loss
    accuracy = right.sum(-1) / visible.clamp_min(1)
    metrics = {
        "count": counted.sum(),
        "accuracy": torch.where(counted, accuracy, 0).sum(),
        "exact_accuracy": (counted & is_exact).sum(),
        "q_halt_accuracy": (counted & q_right).sum(),
        "steps": torch.where(counted, steps, 0).sum(),
        "lm_loss": lm_loss.detach(),
        "q_halt_loss": q_halt_loss.detach(),
    }
    if target is not None:
        q_continue_loss = F.binary_cross_entropy_with_logits(q[:, 1], target, reduction="sum")
        loss = loss + 0.5 * q_continue_loss
        metrics["q_continue_loss"] = q_continue_loss.detach()
    return loss, {name: float(value) for name, value in metrics.items()}


@torch.no_grad()
def sign_sgd_step(weights: Tensor, tasks: Tensor, gradient: Tensor, *, lr: float, weight_decay: float = 0.1) -> None:
    """Step only the puzzle vectors that a batch used: decay, then a fixed step against the gradient's sign, in place.

    Gradients of rows that occur several times are summed first (sapientinc/HRM ``models/sparse_embedding.py``).

    Args:
        weights: float32 [N, hidden], the whole table.
        tasks: int64 [B] rows used.
        gradient: [B, hidden], one gradient per use.
        lr: Step size (published: 1e-2).
        weight_decay: Decoupled decay (published: 0.1).
    """
    rows, inverse = torch.unique(tasks, return_inverse=True)
    summed = torch.zeros(len(rows), weights.shape[1], dtype=gradient.dtype, device=gradient.device)
    summed.index_add_(0, inverse, gradient)
    weights[rows] = weights[rows] * (1 - lr * weight_decay) - lr * summed.sign().to(weights.dtype)


def start_average(model: HRM) -> dict[str, Tensor]:
    """Begin a moving average of the parameters: a copy of all but the puzzle table, which TRM leaves out too."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if name != "puzzle_emb.weights"}


@torch.no_grad()
def update_average(average: dict[str, Tensor], model: HRM, rate: float = 0.999) -> None:
    """Move an average a step towards the parameters, in place: ``rate * average + (1 - rate) * parameter``.

    Source: TRM ``models/ema.py``; its saved checkpoints are the average.

    Args:
        average: From `start_average`.
        model: The network in training.
        rate: Share of the average that stays (published: 0.999).
    """
    for name, parameter in model.named_parameters():
        if name in average:
            average[name].lerp_(parameter, 1 - rate)
