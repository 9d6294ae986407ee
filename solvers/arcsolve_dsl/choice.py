"""Choose answers: rank the distinct predictions of all hypotheses and say how likely each is right.

The log odds are a weighted sum of few facts about the answer: which lane found it, at which place of that lane's own
ranking, how many demonstrations its program misses, how long the program is, what its rule rests on (keys of a table
that only one demonstration shows or none, held-out demonstrations, rules that agree), whether other lanes agree, and
whether the grid is an odd one beside the demonstrations' outputs. The weights were fitted by logistic regression on
250 tasks: numbers 0, 2, 4, 8 and 12 of every 16 of the ARC-1 training tasks and the same of their RE-ARC validation
instances, by ``tests/benchmarks/dsl_calibrate.py``. Judged in five folds of tasks, first answers had a Brier score of
0.087 (the base rate: 0.240):

    confidence      n  mean  right
    0.0-0.2        88  0.08   0.09
    0.2-0.4         9  0.30   0.44
    0.4-0.6        21  0.50   0.67
    0.6-0.8        22  0.71   0.86
    0.8-1.0       107  0.94   0.96
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from arcsolve_dsl.lane import DslTask, Hypothesis
from arcsolve_dsl.picture import Cells

KEEP = 4
"""Answers kept per test input."""
WEIGHTS: dict[str, float] = {
    "a demonstration's output": -0.72,
    "always": 1.91,
    "another lane agrees": 0.55,
    "changes what stays": -0.06,
    "conditions": -0.41,
    "few changes": -0.74,
    "from facts": 0.57,
    "held out right": 0.48,
    "held out wrong": -0.77,
    "keys": -0.51,
    "lane cell-rules": -1.15,
    "lane numbers": 0.00,
    "lane object-rules": -0.50,
    "lane picks": -0.32,
    "lane pieces": 0.08,
    "lane repairs": 1.23,
    "lane stamps": 0.06,
    "lane sweeps": -0.13,
    "lane symmetry": 0.72,
    "later in its lane": -1.75,
    "length cell-rules": 0.20,
    "length numbers": 0.37,
    "length object-rules": 0.51,
    "length picks": -1.34,
    "length pieces": -0.05,
    "length repairs": -0.89,
    "length stamps": 0.67,
    "length sweeps": -1.24,
    "length symmetry": 0.07,
    "lonely keys": -2.52,
    "many changes": -0.84,
    "misses more": -2.96,
    "misses one": -1.20,
    "misses two": -2.72,
    "more lanes agree": 0.14,
    "one colour": -0.48,
    "partners": 0.77,
    "pieces": -0.37,
    "pose or order": 0.27,
    "rank": -0.21,
    "rivals": -0.98,
    "rules": -1.14,
    "second in its lane": -1.41,
    "share": 1.81,
    "strange colours": -0.25,
    "the input itself": -1.07,
    "two steps": -1.74,
    "undefined cells": -0.82,
    "unseen keys": -0.72,
    "voters": 0.30,
}
"""Weight of each feature of `features`; lanes without one of their own have 0 there."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One answer to one test input.

    Attributes:
        test_index: which test input.
        grid: the answer.
        confidence: how likely it is right, in [0, 1].
        hypothesis: the hypothesis that speaks most for it.
    """

    test_index: int
    grid: Cells
    confidence: float
    hypothesis: Hypothesis


@dataclass(frozen=True, eq=False)
class Answer:
    """A distinct prediction for one test input and what speaks for it.

    Attributes:
        grid: the prediction.
        backers: (hypothesis, place among the distinct predictions of its lane, from 0).
        rivals: lanes whose best program explains all demonstrations but predicts something else.
        looks: facts about the grid itself, see `looks_of`.
    """

    grid: Cells
    backers: list[tuple[Hypothesis, int]]
    rivals: int
    looks: dict[str, float]


def looks_of(task: DslTask, index: int, grid: Cells) -> dict[str, float]:
    """What is odd about a grid as the answer to test input `index`, before the demonstrations' outputs."""
    before = task.test_inputs[index]
    colours = {color for color, count in enumerate(np.bincount(grid.ravel()).tolist()) if count}
    strange = colours - task.shown - task.input_palettes[len(task.demos) + index]
    found = {
        "the input itself": float(np.array_equal(grid, before)),
        "a demonstration's output": float(any(np.array_equal(grid, after) for after in task.outputs)),
        "strange colours": float(bool(strange)),
        "one colour": float(len(colours) == 1 and all(len(palette) > 1 for palette in task.output_palettes)),
    }
    if task.is_same_size and grid.shape == before.shape:
        low, high = task.changed_shares
        changed = grid != before
        here = float(changed.mean())
        found["few changes"] = min(3.0, max(0.0, math.log2((low + 0.01) / (here + 0.01))))
        found["many changes"] = min(3.0, max(0.0, math.log2((here + 0.01) / (high + 0.01))))
        moved = {color for color, count in enumerate(np.bincount(before[changed]).tolist()) if count}
        found["changes what stays"] = float(bool(moved & task.steady))
    return found


def answers(task: DslTask, found: list[Hypothesis], index: int) -> list[Answer]:
    """The distinct predictions for test input `index`, in the order they were found."""
    lanes: dict[str, list[Hypothesis]] = {}
    for hypothesis in found:
        if hypothesis.predictions[index] is not None:
            lanes.setdefault(hypothesis.lane, []).append(hypothesis)
    collected: dict[bytes, Answer] = {}
    firsts: dict[str, bytes] = {}
    for lane, members in lanes.items():
        places: dict[bytes, int] = {}
        for hypothesis in sorted(members, key=lambda hypothesis: (-sum(hypothesis.explained), hypothesis.cost)):
            grid = hypothesis.predictions[index]
            if grid is None:
                continue
            key = bytes(grid.shape) + grid.tobytes()
            if key in places:
                continue
            if not places and hypothesis.explains_all:
                firsts[lane] = key
            places[key] = len(places)
            collected.setdefault(key, Answer(grid, [], 0, {})).backers.append((hypothesis, places[key]))
    return [
        Answer(
            answer.grid,
            answer.backers,
            sum(1 for first in firsts.values() if first != key),
            looks_of(task, index, answer.grid),
        )
        for key, answer in collected.items()
    ]


def features(hypothesis: Hypothesis, place: int) -> dict[str, float]:
    """What is known of one hypothesis."""
    missed = len(hypothesis.explained) - sum(hypothesis.explained)
    found = {"always": 1.0, f"lane {hypothesis.lane}": 1.0}
    found["misses one"] = float(missed == 1)
    found["misses two"] = float(missed == 2)
    found["misses more"] = float(missed > 2)
    found["second in its lane"] = float(place == 1)
    found["later in its lane"] = float(place > 1)
    found[f"length {hypothesis.lane}"] = min(max(hypothesis.cost, -20.0), 100.0) / 20
    return found | dict(hypothesis.facts)


def answer_features(answer: Answer, weights: dict[str, float]) -> tuple[dict[str, float], Hypothesis]:
    """The features of an answer: its strongest hypothesis' ones, and how the lanes agree; and that hypothesis."""
    scored = [(weigh(features(hypothesis, place), weights), -place) for hypothesis, place in answer.backers]
    best, place = answer.backers[scored.index(max(scored))]
    found = features(best, place) | answer.looks
    agreeing = {hypothesis.lane for hypothesis, _ in answer.backers if hypothesis.explains_all} - {best.lane}
    found["another lane agrees"] = float(len(agreeing) > 0)
    found["more lanes agree"] = float(max(0, len(agreeing) - 1))
    found["rivals"] = float(min(answer.rivals, 3))
    return found, best


def weigh(found: dict[str, float], weights: dict[str, float]) -> float:
    """Log odds."""
    return sum(value * weights.get(name, 0.0) for name, value in found.items())


def ranking(task: DslTask, found: list[Hypothesis], index: int, weights: dict[str, float] = WEIGHTS) -> list[Choice]:
    """All distinct answers to test input `index`, best first; the earlier found of equals first."""
    ranked = []
    for answer in answers(task, found, index):
        facts, best = answer_features(answer, weights)
        confidence = 1 / (1 + math.exp(-min(max(weigh(facts, weights), -12.0), 12.0)))
        ranked.append(Choice(index, answer.grid, confidence, best))
    return sorted(ranked, key=lambda choice: -choice.confidence)


def choose(task: DslTask, found: list[Hypothesis]) -> list[Choice]:
    """The best answers to each test input."""
    return [choice for index in range(len(task.test_inputs)) for choice in ranking(task, found, index)[:KEEP]]
