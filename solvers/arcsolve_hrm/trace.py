"""How the network came to an answer: what it would have said after every cycle of every segment.

On the canvas each frame is the whole decoded canvas. In a sequence the answer is fed back as if it had been decoded,
and each frame holds what the network would have written at every cell, given the cells before it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arcsolve_hrm import canvas as canvases
from arcsolve_hrm.core import HRM
from arcsolve_hrm.predict import CanvasPredictor, Predictor, Question, SequencePredictor, View, augmentation_of
from arcsolve_hrm.seq import encode, invert, transform
from arcsolve_hrm.transforms import DIHEDRAL_INVERSE, N_COLOURS, Grid, dihedral

NO_COLOUR = -1
"""A cell where the network wanted padding, a border, a new row or the end."""


class Frame(NamedTuple):
    """The network's mind after one cycle."""

    segment: int
    """From 1."""
    cycle: int
    """Within the segment, from 1."""
    cells: NDArray[np.int8]
    """HxW over the answer's rectangle: colours, or `NO_COLOUR`."""
    changed: NDArray[np.bool_]
    """HxW: cells that differ from the previous frame (all false in the first)."""
    q_halt: float
    """Probability of halting: sigmoid of the Q head's halting value."""
    entropy: float
    """Mean entropy of the cells' token distributions, in nats."""


class Trace(NamedTuple):
    """All frames of one view of one test input, brought back to its own orientation and colours."""

    view: View
    """The view that the network saw."""
    frames: tuple[Frame, ...]
    halted: int | None
    """Segment after which the network itself would have stopped; None where it never wanted to."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON: rows joined by ``/``, ``.`` where there is no colour; ``changed`` counts cells."""
        frames = [
            {
                "segment": frame.segment,
                "cycle": frame.cycle,
                "q_halt": round(frame.q_halt, 4),
                "entropy": round(frame.entropy, 4),
                "changed": int(frame.changed.sum()),
                "cells": cells_text(frame.cells),
            }
            for frame in self.frames
        ]
        return {"halted": self.halted, "frames": frames}


def cells_text(cells: NDArray[np.int8]) -> str:
    """Spell cells as digits, ``.`` for none, rows joined by ``/``."""
    return "/".join("".join("." if cell < 0 else str(cell) for cell in row) for row in cells.tolist())


@torch.inference_mode()
def trace(predictor: Predictor, question: Question, view: View, answer: Grid | None = None) -> Trace | None:
    """Follow one view through all cycles.

    Args:
        predictor: What was asked.
        question: The test input and its task.
        view: Which view of it.
        answer: The view's answer in the test input's own orientation; None asks the predictor.

    Returns:
        The trace, or None where the view has no answer.
    """
    if answer is None:
        answer = next(iter(predictor.ask(question, [view]))).grid
        if answer is None:
            return None
    if isinstance(predictor, SequencePredictor):
        return _trace_sequence(predictor, question, view, answer)
    if isinstance(predictor, CanvasPredictor):
        return _trace_canvas(predictor, question, view, answer)
    raise TypeError(f"{type(predictor).__name__} can't be traced")


def _trace_canvas(predictor: CanvasPredictor, question: Question, view: View, answer: Grid) -> Trace:
    model, augmentation = predictor.model, augmentation_of(view)
    source, shape = augmentation.apply(question.source), augmentation.apply(answer).shape
    bounding = predictor.canvas(question, view)
    canvas = canvases.Canvas(max(bounding.height, shape[0]), max(bounding.width, shape[1]))
    device = model.lm_head.weight.device
    tokens = torch.from_numpy(canvases.encode(source, canvas=canvas)[None].astype(np.int64)).to(device)
    x = model.embed_canvas(tokens, torch.tensor([view.row], device=device))
    rope = model.canvas_rope(torch.from_numpy(canvas.positions()))

    def look(logits: Tensor) -> tuple[NDArray[np.int8], float]:
        grid = logits[0].view(*canvas, -1)[: shape[0], : shape[1]].float()
        best = grid.argmax(-1).cpu().numpy()
        is_colour = (best >= canvases.FIRST_COLOUR) & (best < canvases.VOCAB)
        seen = np.where(is_colour, best - canvases.FIRST_COLOUR, NO_COLOUR)
        return dihedral(_recoloured(seen, view), DIHEDRAL_INVERSE[view.dihedral]), _entropy(grid)

    segments = predictor.max_segments or model.config.halt_max_steps
    return _run(model, view, x, rope, segments, look, lambda q: q[0])


def _trace_sequence(predictor: SequencePredictor, question: Question, view: View, answer: Grid) -> Trace:
    model = predictor.model
    request = predictor.request(question.source.astype(np.uint8), view)
    source, target = (transform(grid.astype(np.uint8), view.dihedral) for grid in (question.source, answer))
    sequence = encode(source, target, predictor.legend, predictor.ahead)
    device = model.lm_head.weight.device
    tokens = torch.from_numpy(request.table[sequence.tokens][None].astype(np.int64)).to(device)
    places = torch.from_numpy(sequence.positions[None].astype(np.int64)).to(device)
    rows, turns = (torch.tensor([[value]], device=device) for value in (view.row, view.dihedral))
    x = model.embed_sequence(tokens, rows, turns)
    height, width = target.shape

    def look(logits: Tensor) -> tuple[NDArray[np.int8], float]:
        # The token before a cell predicts it; every row has one more token, its newline.
        asked = logits[0, sequence.prefix - 1 : sequence.prefix - 1 + height * (width + 1)].float()
        grid = asked.view(height, width + 1, -1)[:, :width]
        best = grid.argmax(-1).cpu().numpy()
        seen = _recoloured(np.where(best < N_COLOURS, best, NO_COLOUR), view)
        return invert(seen.view(np.uint8), view.dihedral).view(np.int8), _entropy(grid)

    return _run(
        model,
        view,
        x,
        model.rope(places),
        predictor.segments,
        look,
        lambda q: q[0, sequence.prefix - 1],
    )


def _recoloured(seen: NDArray[np.int64], view: View) -> NDArray[np.int8]:
    """Undo a view's colours; `NO_COLOUR` stays (it picks the last entry of the table)."""
    inverse = [*np.argsort(view.colours).tolist(), NO_COLOUR]
    return np.asarray(inverse, dtype=np.int8)[seen]


def _entropy(logits: Tensor) -> float:
    logs = torch.log_softmax(logits, dim=-1)
    return float(-(logs.exp() * logs).sum(-1).mean())


def _run(model: HRM, view: View, x: Tensor, rope: Any, segments: int, look: Any, q_of: Any) -> Trace:
    """Run all segments, take a frame after each cycle, and note where the network would have halted."""
    frames: list[Frame] = []
    state = model.initial_state(*x.shape[:2])
    halted: int | None = None
    for segment in range(1, segments + 1):
        seen: list[Tensor] = []
        state, _, q = model.segment(state, x, rope, watch=seen.append)
        for cycle, z_h in enumerate(seen, start=1):
            logits, values = model.heads(z_h)
            cells, entropy = look(logits)
            changed = cells != frames[-1].cells if frames else np.zeros(cells.shape, dtype=bool)
            q_halt = 1 / (1 + math.exp(-max(-60.0, min(60.0, float(q_of(values)[0])))))
            frames.append(Frame(segment, cycle, cells, changed, q_halt, entropy))
        halt, go_on = q_of(q).tolist()
        if halted is None and halt > (0 if model.config.no_act_continue else go_on):
            halted = segment
    return Trace(view, tuple(frames), halted)
