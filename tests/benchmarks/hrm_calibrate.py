"""Views, ranking and confidence of a sequence checkpoint, chosen on the held-out training tasks.

Asks the held-out pairs as the solver would, scores every number of views under both rankings (votes alone; or weighed,
i.e. votes and likelihoods), and fits the logistic curve from the solver's weighed share to the chance of being right.
``--write`` puts the curve into ``checkpoint.json``. Inputs that the checkpoint declines count as not solved.

    python tests/benchmarks/hrm_calibrate.py solvers/arcsolve_hrm/weights/NAME --data runs/hrm-data/train.npz
"""

import json
import time
from collections import defaultdict
from pathlib import Path

import click
import numpy as np
import torch

from arcsolve_hrm.checkpoint import load_checkpoint
from arcsolve_hrm.pairs import HELD_OUT, TRAIN, PairSet
from arcsolve_hrm.predict import WEIGHING_VIEWS, Question, SequencePredictor
from arcsolve_hrm.seq import pair_tokens
from arcsolve_hrm.serving import FEWEST_PLANNED, WEIGHED
from arcsolve_hrm.voting import Ballot

RULES = ("votes", "weighed")


def fitted(shares, right):
    """Intercept and slope of the logistic curve of greatest likelihood (Newton's method, a ridge of 0.01)."""
    x, y, w = np.column_stack((np.ones(len(shares)), shares)), np.asarray(right, float), np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ w))
        w -= np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 0.01 * np.eye(2), x.T @ (p - y) + 0.01 * w)
    return w


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--views", default=32, show_default=True)
@click.option("--counts", default="1,4,8,16", show_default=True, help="Also score with only so many of the views.")
@click.option("--calibrate-at", default=8, show_default=True, help="Views of the answers that the curve is fitted on.")
@click.option("--threads", default=1, show_default=True)
@click.option("--write", is_flag=True, help="Put the curve into the checkpoint's record.")
def main(folder, data, views, counts, calibrate_at, threads, write):
    """Print scores and the curve as JSON."""
    torch.set_num_threads(threads)
    checkpoint = load_checkpoint(folder)
    recipe = checkpoint.record["recipe"]
    predictor = SequencePredictor(
        checkpoint.model(), legend=recipe["legend"], ahead=recipe["ahead"], segments=recipe["segments"],
        augment=recipe["augment"], longest=recipe["longest"],
    )  # fmt: skip
    pairs = PairSet.load(data)
    demos = defaultdict(list)
    for index in np.flatnonzero(pairs.role == TRAIN):
        demos[int(pairs.task[index])].append(pairs.grids(int(index)))
    numbers = sorted({*map(int, filter(None, counts.split(","))), calibrate_at, views})
    began, asked, told = time.process_time(), 0, []
    solved = {(rule, n, k): defaultdict(list) for rule in RULES for n in numbers for k in (1, 2)}
    for index in np.flatnonzero(pairs.role == HELD_OUT):
        task = int(pairs.task[index])
        source, target = (grid.astype(np.int8) for grid in pairs.grids(int(index)))
        sizes = np.array([(*given.shape, *made.shape) for given, made in demos[task]]).reshape(-1, 4)
        tokens = max(int(pair_tokens(sizes).min(initial=10**6)), source.shape[0] * (source.shape[1] + 1))
        too_long = 0 < recipe["longest"] < tokens
        shown = [(given.astype(np.int8), made.astype(np.int8)) for given, made in demos[task]]
        predictions = []
        if checkpoint.demo_hashes[task] and shown and not too_long:
            asked += 1
            question = Question(source, shown, ((task, None),))
            predictions = list(predictor.ask(question, predictor.views(question, views, seed=0)))
        for n in numbers:
            ballot = Ballot(source, max(n, FEWEST_PLANNED), may_copy=any(np.array_equal(*pair) for pair in shown))
            for prediction in predictions[:n]:
                ballot.add(prediction)
            orders = {"votes": ballot.ranked()}
            leading = orders["votes"][:WEIGHED]
            if len(leading) > 1:
                grids = [answer.grid for answer in leading]
                ballot.weigh(leading, predictor.log_likelihoods(question, grids, views=WEIGHING_VIEWS, seed=0))
            orders["weighed"] = ballot.ranked()
            for rule, answers in orders.items():
                for k in (1, 2):
                    right = any(np.array_equal(answer.grid, target) for answer in answers[:k])
                    solved[rule, n, k][task].append(right)
            if n == calibrate_at:
                told += [
                    (ballot.confidence(answer, is_final=True), np.array_equal(answer.grid, target))
                    for answer in orders["weighed"]
                ]
    shares, right = zip(*told, strict=True)
    intercept, slope = fitted(shares, right)
    curve = {
        "intercept": round(float(intercept), 2),
        "slope": round(float(slope), 2),
        "fitted_on": f"{len(told)} answers to {asked} held-out ARC-1 training inputs, {calibrate_at} views, "
        f"{sum(right)} of them right",
    }
    tasks = len(solved["votes", views, 1])
    scores = {
        f"{rule}, {n} views": [sum(all(inputs) for inputs in solved[rule, n, k].values()) for k in (1, 2)]
        for rule in RULES
        for n in numbers
    }
    if write:
        described = json.loads((folder / "checkpoint.json").read_text())
        described["record"]["calibration"] = curve
        (folder / "checkpoint.json").write_text(json.dumps(described, indent=0) + "\n")
    click.echo(json.dumps({
        "tasks": tasks, "inputs_asked": asked, "tasks_solved_with_1_and_2_attempts": scores, "calibration": curve,
        "cpu_s": round(time.process_time() - began, 1),
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
