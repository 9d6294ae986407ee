"""Voting over augmented views, likelihood scoring of candidates, and the exact score with two attempts."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from arcsolve_hrm.batches import TokenStore
from arcsolve_hrm.core import HRM
from arcsolve_hrm.decode import Decoder, Request
from arcsolve_hrm.exchange import Allowed
from arcsolve_hrm.measure import sequence_scores
from arcsolve_hrm.pairs import PairSet, collect
from arcsolve_hrm.seq import Grid, colour_tables, invert


class Ranked(NamedTuple):
    """One answer to a test input."""

    grid: Grid
    votes: int
    log_probability: float
    """Mean over the views that voted for it, of the mean over output tokens."""


def view_requests(
    task: int,
    source: Grid,
    fixed: NDArray[np.bool_],
    views: int,
    generator: np.random.Generator,
    turns: Sequence[int] = range(8),
) -> list[Request]:
    """Make the views of a test input: first the symmetries in true colours, then with permuted colours.

    Args:
        task: Row of the puzzle embedding.
        source: Test input.
        fixed: bool [10]; colours that stay.
        views: How many.
        generator: Of the colour permutations.
        turns: Symmetries to use, the identity first.

    Returns:
        Requests.
    """
    tables = colour_tables(views, np.tile(fixed, (views, 1)), generator)
    tables[: len(turns)] = np.arange(16, dtype=np.uint8)
    return [Request(task, source, int(turns[view % len(turns)]), tables[view]) for view in range(views)]


def restore(grid: Grid, request: Request) -> Grid:
    """Bring a decoded grid back into the orientation and colours of the test input.

    Args:
        grid: As decoded.
        request: The view.

    Returns:
        The grid.
    """
    inverse = np.argsort(request.table[:10]).astype(np.uint8)
    return inverse[invert(grid, request.dihedral)]


def vote(
    requests: Sequence[Request], decoded: Iterable[tuple[Grid | None, float]], source: Grid, copies: bool
) -> list[Ranked]:
    """Count views per answer.

    Args:
        requests: The views.
        decoded: What they gave.
        source: Test input.
        copies: Whether the task's demonstrations show outputs equal to inputs; else such answers are dropped.

    Returns:
        Answers by votes, then by mean log-probability.
    """
    votes: dict[bytes, list[float]] = defaultdict(list)
    grids: dict[bytes, Grid] = {}
    for request, (grid, log_probability) in zip(requests, decoded, strict=True):
        if grid is None:
            continue
        answer = restore(grid, request)
        if not copies and np.array_equal(answer, source):
            continue
        key = bytes(answer.shape) + answer.tobytes()
        grids[key] = answer
        votes[key].append(log_probability)
    ranked = [Ranked(grids[key], len(values), float(np.mean(values))) for key, values in votes.items()]
    return sorted(ranked, key=lambda item: (item.votes, item.log_probability), reverse=True)


def score(
    model: HRM,
    tasks: Sequence[int],
    pairs: Sequence[tuple[Grid, Grid]],
    fixed: NDArray[np.bool_],
    views: int = 8,
    legend: bool = True,
    ahead: bool = True,
    segments: int = 1,
    seed: int = 0,
    row_tokens: int = 32768,
) -> NDArray[np.float64]:
    """Give the log-probability of outputs under the model, averaged over augmented views.

    Args:
        model: The network.
        tasks: Row of the puzzle embedding per pair.
        pairs: Test input and proposed output.
        fixed: bool [len(pairs), 10].
        views: Augmented views per pair; the same permutations for every pair.
        legend: As trained.
        ahead: As trained.
        segments: ACT segments.
        seed: Of the colour permutations.
        row_tokens: Tokens per forward pass.

    Returns:
        Sum over output tokens, mean over views; float64 [len(pairs)].
    """
    if not pairs:
        return np.zeros(0)
    from arcsolve_hrm.pairs import SourceTask

    rows = [(SourceTask("", [], []), 1.0)] * (max(tasks) + 1)
    packed = collect(rows, [(task, 0, *pair) for task, pair in zip(tasks, pairs, strict=True)])
    device = model.lm_head.weight.device
    store = TokenStore(packed, np.arange(len(pairs)), device, legend, ahead)
    index = np.repeat(np.arange(len(pairs)), views)
    turn = np.tile(np.arange(views) % 8, len(pairs))
    # Drawn per pair from one seed: candidates of one test input see the same permutations.
    tables = np.concatenate(
        [colour_tables(views, np.tile(row, (views, 1)), np.random.default_rng(seed)) for row in fixed]
    )
    sums = sequence_scores(model, store, index * 8 + turn, tables, segments, row_tokens)
    means: NDArray[np.float64] = sums.reshape(len(pairs), views).mean(1)
    return means


def evaluate(
    model: HRM,
    data: PairSet,
    chosen: NDArray[np.int64],
    views: int = 80,
    rescore: int = 0,
    legend: bool = True,
    ahead: bool = True,
    segments: int = 1,
    seed: int = 0,
    rows: int | None = None,
    counts: Sequence[int] = (),
    allowed: Sequence[Allowed] | None = None,
    known: NDArray[np.bool_] | None = None,
    longest: int = 0,
) -> dict[str, Any]:
    """Answer test inputs with two attempts and count exact ones.

    Args:
        model: The network.
        data: Holds inputs, and outputs to judge by.
        chosen: Indices of the pairs asked.
        views: Augmented views per input.
        rescore: Views for likelihood scoring of the ten best candidates; 0 ranks by votes alone.
        legend: As trained.
        ahead: As trained.
        segments: ACT segments.
        seed: Of the colour permutations.
        rows: Rows per decoding batch.
        counts: Also report the score with only so many of the views.
        allowed: Per task the views to use, where training left some out.
        known: bool [tasks]; inputs of other tasks are not asked and count as not solved.
        longest: Inputs with more tokens are not asked and count as not solved, outputs with more are given up; 0 asks
            all.

    Returns:
        Per set: inputs, exact attempts, tasks with all inputs right; seconds; and every attempt.
    """
    began, cpu_began = time.perf_counter(), time.process_time()
    generator = np.random.default_rng(seed)
    decoder = Decoder(model, legend, ahead, segments, rows, longest=longest)
    requests: list[list[Request]] = []
    for pair in chosen:
        task, source = int(data.task[pair]), data.grids(int(pair))[0]
        turns, fixed = (range(8), data.fixed[task]) if allowed is None else allowed[task].choice()
        mine = view_requests(task, source, fixed, views, generator, turns)
        is_long = 0 < longest < source.shape[0] * (source.shape[1] + 1)
        requests.append([] if is_long or (known is not None and not known[task]) else mine)
    decoded = decoder.run([request for group in requests for request in group])
    decode_s = time.perf_counter() - began
    begins = np.cumsum([0, *map(len, requests)])
    ranked: dict[str, list[list[Ranked]]] = {}
    for number in dict.fromkeys((*counts, views)):
        answers = []
        for place, pair in enumerate(chosen):
            part = decoded[begins[place] : begins[place] + min(number, len(requests[place]))]
            source = data.grids(int(pair))[0]
            answers.append(vote(requests[place][:number], part, source, bool(data.copies[data.task[pair]])))
        ranked[f"votes{number}"] = answers
    rescore_s = 0.0
    if rescore:
        middle = time.perf_counter()
        ranked["rescored"] = _rescored(model, data, chosen, ranked[f"votes{views}"], rescore, legend, ahead, segments)
        rescore_s = time.perf_counter() - middle
    sizes = [item.grid is not None for item in decoded]
    report: dict[str, Any] = {
        "views": views,
        "asked": sum(map(bool, requests)),
        "decode_s": round(decode_s, 1),
        "rescore_s": round(rescore_s, 1),
        "cpu_s": round(time.process_time() - cpu_began, 1),
        "decode_steps": decoder.steps,
        "rectangular_share": round(float(np.mean(sizes)), 4) if sizes else 0.0,
        "sets": {},
    }
    sets = np.array([str(name).split("/")[0] for name in data.names])[data.task[chosen]]
    for name in dict.fromkeys(sets.tolist()):
        inside = np.flatnonzero(sets == name)
        report["sets"][name] = {way: _judged(data, chosen, answers, inside) for way, answers in ranked.items()}
    final = ranked.get("rescored", ranked[f"votes{views}"])
    report["attempts"] = [
        {
            "task": str(data.names[data.task[pair]]),
            "pair": int(pair),
            "attempts": [item.grid.tolist() for item in final[place][:2]],
            "votes": [item.votes for item in ranked[f"votes{views}"][place][:5]],
            "right_rank": _rank_of_truth(data, int(pair), ranked[f"votes{views}"][place]),
        }
        for place, pair in enumerate(chosen)
    ]
    return report


def _rank_of_truth(data: PairSet, pair: int, answers: list[Ranked]) -> int | None:
    truth = data.grids(pair)[1]
    return next((rank for rank, item in enumerate(answers) if np.array_equal(item.grid, truth)), None)


def _rescored(
    model: HRM,
    data: PairSet,
    chosen: NDArray[np.int64],
    ranked: list[list[Ranked]],
    views: int,
    legend: bool,
    ahead: bool,
    segments: int,
) -> list[list[Ranked]]:
    flat = [(place, item) for place, answers in enumerate(ranked) for item in answers[:10]]
    tasks = [int(data.task[chosen[place]]) for place, _ in flat]
    pairs = [(data.grids(int(chosen[place]))[0], item.grid) for place, item in flat]
    values = score(model, tasks, pairs, data.fixed[tasks], views, legend, ahead, segments)
    result: list[list[Ranked]] = [[] for _ in ranked]
    for (place, item), value in zip(flat, values, strict=True):
        result[place].append(item._replace(log_probability=float(value)))
    return [sorted(answers, key=lambda item: item.log_probability, reverse=True) for answers in result]


def _judged(
    data: PairSet, chosen: NDArray[np.int64], answers: list[list[Ranked]], inside: NDArray[np.int64]
) -> dict[str, float]:
    ranks = {int(place): _rank_of_truth(data, int(chosen[place]), answers[place]) for place in inside}
    by_task: dict[int, list[int | None]] = defaultdict(list)
    for place, rank in ranks.items():
        by_task[int(data.task[chosen[place]])].append(rank)

    def inputs(best: int) -> int:
        return sum(rank is not None and rank < best for rank in ranks.values())

    def tasks(best: int) -> int:
        return sum(all(rank is not None and rank < best for rank in found) for found in by_task.values())

    def share(best: int) -> float:
        return sum(float(np.mean([rank is not None and rank < best for rank in f])) for f in by_task.values())

    return {
        "inputs": len(inside),
        "tasks": len(by_task),
        "pass1_inputs": inputs(1),
        "pass2_inputs": inputs(2),
        "pass1_tasks": tasks(1),
        "pass2_tasks": tasks(2),
        "pass2_share": round(share(2) / max(1, len(by_task)), 4),
        "among_all": inputs(10**9),
    }


def pass_line(report: dict[str, Any]) -> str:
    """Say the score in a few lines.

    Args:
        report: From :func:`evaluate`.

    Returns:
        Text.
    """
    lines = [
        f"{name} {way}: pass@1 {values['pass1_tasks']}/{values['tasks']}"
        f" pass@2 {values['pass2_tasks']}/{values['tasks']}"
        f" ({values['pass2_tasks'] / values['tasks']:.2%}, fractional {values['pass2_share']:.2%}),"
        f" found at all {values['among_all']}/{values['inputs']} inputs"
        for name, ways in report["sets"].items()
        for way, values in ways.items()
    ]
    return "\n".join(
        [*lines, f"asked {report['asked']}, decode {report['decode_s']} s, rescore {report['rescore_s']} s"]
    )


def device_named(name: str) -> torch.device:
    """Choose a device.

    Args:
        name: ``auto`` takes the GPU if there is one.

    Returns:
        The device.
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else torch.device(name)
