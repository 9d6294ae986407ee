"""Inference on the canvas with real early halting: each sample stops when its Q head says so, and the batch shrinks.

The published evaluators run all segments for every sample. Here a sample leaves the batch at the first segment where
it would halt (`arcsolve_hrm.canvas_train.halts`), with exactly what the full run had decoded at that segment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from arcsolve_hrm.canvas import Canvas, Tokens, decode
from arcsolve_hrm.canvas_train import halts
from arcsolve_hrm.core import HRM, State
from arcsolve_hrm.transforms import Grid


class Thought(NamedTuple):
    """What one sample had decoded when it halted."""

    tokens: Tokens
    """(n_tokens,) int32: the most likely token of each cell."""
    q_halt: float
    """Halting logit at the last segment; its sigmoid estimates the chance of an exact match."""
    segments: int
    """Segments thought, from 1."""
    has_halted: bool
    """False where the limit of segments or the deadline stopped it."""

    def grid(self, canvas: Canvas) -> Grid | None:
        """Read the grid off the canvas (None where there is none)."""
        return decode(self.tokens, canvas=canvas)


class Segment(NamedTuple):
    """What an onlooker of `think` sees after each segment."""

    number: int
    """From 1."""
    rows: Tensor
    """int64: which samples were still in the batch."""
    logits: Tensor
    """[rows, n_tokens, vocab]."""
    q: Tensor
    """float32 [rows, 2]."""
    halted: Tensor
    """bool [rows]: who stops here."""


@torch.inference_mode()
def think(
    model: HRM,
    tokens: Sequence[Tokens],
    tasks: Sequence[int],
    *,
    canvas: Canvas,
    max_segments: int | None = None,
    is_halting: bool = True,
    deadline: float = float("inf"),
    watch: Callable[[Segment], None] | None = None,
) -> list[Thought]:
    """Think about a batch of inputs that lie on canvases of one size.

    Args:
        model: A canvas model for inference.
        tokens: Encoded inputs, each (n_tokens,).
        tasks: Rows of the puzzle embedding, one per input.
        canvas: The canvas that the inputs lie on.
        max_segments: Segments at most; may go beyond the trained number; None takes the config's.
        is_halting: False runs every sample to `max_segments`, as the published evaluators do.
        deadline: `time.monotonic` value after which no further segment is begun (the first always is).
        watch: Called after each segment.

    Returns:
        One thought per input, in order.
    """
    config, device = model.config, model.lm_head.weight.device
    limit = max_segments or config.halt_max_steps
    batch = torch.from_numpy(np.stack(tokens).astype(np.int64)).to(device)
    x = model.embed_canvas(batch, torch.tensor(tasks, device=device))
    rope = model.canvas_rope(torch.from_numpy(canvas.positions()))
    state = model.initial_state(*x.shape[:2])
    rows = torch.arange(len(tokens), device=device)
    thoughts: dict[int, Thought] = {}
    for number in range(1, limit + 1):
        state, logits, q = model.segment(state, x, rope)
        wants = halts(q, no_act_continue=config.no_act_continue)
        is_last = number == limit or time.monotonic() >= deadline
        stops = wants if is_halting else torch.zeros_like(wants)
        stops = torch.ones_like(stops) if is_last else stops
        if watch is not None:
            watch(Segment(number, rows, logits, q, stops))
        if not bool(stops.any()):
            continue
        best = logits[stops].argmax(dim=-1).to(torch.int32).cpu().numpy()
        done = zip(rows[stops].tolist(), best, q[stops, 0].tolist(), wants[stops].tolist(), strict=True)
        for row, chosen, q_halt, has_halted in done:
            thoughts[row] = Thought(chosen, q_halt, number, has_halted)
        if is_last or len(thoughts) == len(tokens):
            break
        stays = ~stops
        state, x, rows = State(state.z_h[stays], state.z_l[stays]), x[stays], rows[stays]
    return [thoughts[row] for row in range(len(tokens))]
