"""Tasks per second on a GPU with one view per test input, from grids to grids (an earlier project's figure: 37).

Needs torch, numpy, click and safetensors only; the data comes from ``python -m arcsolve_hrm data FOLDER``.

    PYTHONPATH=.:solvers python tests/benchmarks/hrm_gpu.py FOLDER --checkpoint CHECKPOINT
    PYTHONPATH=.:solvers python tests/benchmarks/hrm_gpu.py FOLDER --preset hrm-27m --halt-after 5

A ``seq`` checkpoint decodes greedily with key/value caches, all inputs sorted by length. A canvas preset has random
weights, so its samples think for exactly ``--halt-after`` segments. Prints one JSON object; ``exact`` counts right
answers of a ``seq`` checkpoint, so that speed and score come from one run.
"""

import json
import time
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch

from arcsolve_hrm import canvas as canvases
from arcsolve_hrm.checkpoint import Checkpoint, load_checkpoint
from arcsolve_hrm.config import PRESETS
from arcsolve_hrm.core import HRM
from arcsolve_hrm.decode import Decoder, Request
from arcsolve_hrm.evaluate import device_named, restore
from arcsolve_hrm.output_size import bounding_canvas
from arcsolve_hrm.pairs import TRAIN, PairSet
from arcsolve_hrm.thinking import think


def decode_all(model, recipe, questions, rows):
    """One identity view of each (row, source) with a ``seq`` model; returns grids."""
    decoder = Decoder(model, recipe.get("legend", True), recipe.get("ahead", True), recipe.get("segments", 1), rows)
    table = np.arange(16, dtype=np.uint8)
    requests = [Request(row, source, 0, table) for row, source in questions]
    return [
        None if decoded.grid is None else restore(decoded.grid, request)
        for request, decoded in zip(requests, decoder.run(requests), strict=True)
    ]


def think_all(model, questions, sizes, segments, rows, side_step):
    """One identity view of each (row, source) with a ``canvas`` model on canvases rounded up to few sizes."""
    by_canvas = {}
    for index, (row, source) in enumerate(questions):
        canvas = bounding_canvas(sizes[row], source.shape)
        rounded = canvases.Canvas(*(min(30, -(-side // side_step) * side_step) for side in canvas))
        by_canvas.setdefault(rounded, []).append(index)
    grids = [None] * len(questions)
    for canvas, indices in sorted(by_canvas.items()):
        for begin in range(0, len(indices), rows):
            chosen = indices[begin : begin + rows]
            tokens = [canvases.encode(questions[index][1], canvas=canvas) for index in chosen]
            thoughts = think(model, tokens, [0] * len(chosen), canvas=canvas, max_segments=segments, is_halting=False)
            for index, thought in zip(chosen, thoughts, strict=True):
                grids[index] = thought.grid(canvas)
    return grids


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--checkpoint", type=click.Path(path_type=Path, exists=True))
@click.option("--preset", help="A canvas preset with random weights, instead of a checkpoint.")
@click.option("--set", "set_name", default="arc1-evaluation", show_default=True)
@click.option("--halt-after", default=16, show_default=True, help="Segments per sample (canvas).")
@click.option("--rows", default=0, help="Rows per batch; 0 chooses.")
@click.option("--side-step", default=5, show_default=True, help="Canvas sides are rounded up to multiples of this.")
@click.option("--repeat", default=3, show_default=True, help="Timed repetitions; the median counts.")
@click.option("--limit", default=0, help="Only so many test inputs.")
@click.option("--device", default="auto", show_default=True)
def main(folder, checkpoint, preset, set_name, halt_after, rows, side_step, repeat, limit, device):
    """Time one view per test input of FOLDER/eval.npz."""
    if (checkpoint is None) == (preset is None):
        raise click.UsageError("Give either --checkpoint or --preset.")
    place = device_named(device)
    data, train = PairSet.load(folder / "eval.npz"), PairSet.load(folder / "train.npz")
    asked = [pair for pair in range(len(data)) if str(data.names[data.task[pair]]).startswith(f"{set_name}/")]
    asked = asked[: limit or None]
    questions = [(int(data.task[pair]), data.grids(pair)[0]) for pair in asked]
    if checkpoint is not None:
        loaded = load_checkpoint(checkpoint)
        if list(loaded.names) != data.names.tolist():
            raise click.UsageError("The data's tasks are not the checkpoint's: make FOLDER as for its training.")
        recipe = loaded.record.get("recipe", {})
    else:
        torch.manual_seed(0)
        config = replace(PRESETS[preset], num_tasks=1)
        loaded = Checkpoint(config, HRM(config).state_dict())
        recipe = {}
    model = loaded.model(dtype="bfloat16", device=str(place))
    sizes = {}
    for pair in np.flatnonzero(train.role == TRAIN):
        height, width, out_height, out_width = (int(side) for side in train.shape[pair])
        sizes.setdefault(int(train.task[pair]), []).append(((height, width), (out_height, out_width)))

    def once():
        if loaded.config.layout == "seq":
            return decode_all(model, recipe, questions, rows or None)
        return think_all(model, questions, sizes, halt_after, rows or 128, side_step)

    seconds = []
    grids = once()  # kernels and memory are chosen at the first call
    for _ in range(repeat):
        began = time.perf_counter()
        grids = once()
        seconds.append(time.perf_counter() - began)
    median = float(np.median(seconds))
    tasks = len({row for row, _ in questions})
    exact = sum(
        grid is not None and np.array_equal(grid, data.grids(p)[1]) for grid, p in zip(grids, asked, strict=True)
    )
    report = {
        "device": torch.cuda.get_device_name(place) if place.type == "cuda" else "cpu",
        "model": str(checkpoint or preset),
        "set": set_name,
        "inputs": len(questions),
        "tasks": tasks,
        "seconds": [round(value, 3) for value in seconds],
        "inputs_per_s": round(len(questions) / median, 1),
        "tasks_per_s": round(tasks / median, 1),
        "exact": exact if loaded.config.layout == "seq" else None,
    }
    click.echo(json.dumps(report))


if __name__ == "__main__":
    main()
