"""The loss of a packed row: cross-entropy of output tokens in every segment, and what the Q head should have known."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from arcsolve_hrm.batches import Batch
from arcsolve_hrm.core import HRM, State
from arcsolve_hrm.recipe import Recipe


def batch_loss(model: HRM, batch: Batch, recipe: Recipe, backward: bool = True) -> tuple[Tensor, Tensor]:
    """Run all segments on a packed row.

    Args:
        model: The network.
        batch: One packed row.
        recipe: Segments and weights.
        backward: Whether to accumulate gradients, segment by segment.

    Returns:
        Mean cross-entropy of the last segment over output tokens (detached), and whether each of the T positions was
        predicted right or not asked (bool).
    """
    targets = batch.targets[0]
    asked = targets >= 0
    count = asked.sum().clamp(min=1)
    rope = model.rope(batch.positions)
    state: State | None = None
    loss = torch.zeros((), device=targets.device)
    right = asked
    for _ in range(recipe.segments):
        # Embeddings are made anew per segment: each backward frees its graph.
        x = model.embed_sequence(batch.tokens, batch.tasks, batch.dihedrals)
        if state is None:
            state = model.initial_state(1, x.shape[1])
        out = model.segment(state, x, rope, batch.packing)
        state = out.state
        logits = out.logits[0].to(torch.float32)
        loss = F.cross_entropy(logits, targets, ignore_index=-100, reduction="sum") / count
        right = (logits.argmax(-1) == targets) | ~asked
        total = loss
        if recipe.segments > 1:
            total = total + recipe.halt_weight * _halt_loss(out.q[0, :, 0], right, asked, batch.document)
        if backward:
            (total / recipe.accumulate).backward()  # type: ignore[no-untyped-call]  # torch gives it no types
    return loss.detach(), right


def _halt_loss(q_halt: Tensor, right: Tensor, asked: Tensor, document: Tensor) -> Tensor:
    """Teach q on the separator (the first asked position) whether the whole output came out exactly."""
    documents = int(document.shape[0])
    wrong = torch.zeros(documents, device=q_halt.device).index_add_(0, document, (~right).to(torch.float32))
    previous = torch.cat((asked.new_zeros(1), asked[:-1]))
    first = (asked & (~previous | (document != document.roll(1)))).to(torch.float32)
    target = (wrong[document] == 0).to(torch.float32)
    losses = F.binary_cross_entropy_with_logits(q_halt, target, reduction="none")
    return (losses * first).sum() / first.sum().clamp(min=1)
