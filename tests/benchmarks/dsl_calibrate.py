"""Fit the weights by which the DSL solver ranks answers, or check its confidences.

    python tests/benchmarks/dsl_calibrate.py --challenges C.json --solutions S.json           # fit, print the table
    python tests/benchmarks/dsl_calibrate.py --check --set arc1:evaluation                    # Brier, reliability

Hypotheses can be kept between runs with --cache FILE (a pickle of facts, no grids); with several caches of earlier
runs the fit is on all of them. Fit on training tasks or their fresh instances only; --check prints totals only.
"""

from __future__ import annotations

import argparse
import pickle
import time
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from dsl_score import load

from arcsolve_dsl.assembly import hypotheses
from arcsolve_dsl.choice import WEIGHTS, Answer, answer_features, answers, weigh
from arcsolve_dsl.lane import Clock, Hypothesis

RIDGE = 1.0
"""Strength of the pull of all weights but the constant towards 0."""
ROUNDS = 4
"""The strongest hypothesis of an answer depends on the weights: fit and choose it again this often."""

FOLDS = 5


class Row(NamedTuple):
    """The distinct answers to one test input, and whether each is right."""

    task: str
    answers: list[tuple[Answer, bool]]


def collect(entries: list[Any], timeout_s: float) -> list[Row]:
    """For each test input its distinct answers and whether they are right."""
    rows = []
    for task, solutions in entries:
        clock = Clock(deadline=time.monotonic() + timeout_s)
        found: list[Hypothesis] = [h for lane in hypotheses(task, clock, 1) for h in lane]
        for index, solution in enumerate(solutions):
            row = [(answer, np.array_equal(answer.grid, solution)) for answer in answers(task, found, index)]
            rows.append(Row(task.name, [(slim(answer), bool(is_right)) for answer, is_right in row]))
    return rows


def slim(answer: Answer) -> Answer:
    """Without grids, for the cache."""
    nothing: Any = None  # in place of the program, which ranking does not look at
    backers = [(Hypothesis(nothing, (), h.explained, h.cost, h.lane, h.facts), place) for h, place in answer.backers]
    return Answer(np.zeros((1, 1), np.int8), backers, answer.rivals, answer.looks)


def fit(rows: list[Row]) -> dict[str, float]:
    """Logistic regression with a ridge, by Newton's method."""
    weights: dict[str, float] = {"misses one": -1.0, "misses two": -2.0, "misses more": -3.0, "later in its lane": -1.0}
    for _ in range(ROUNDS):
        facts = [(answer_features(answer, weights)[0], is_right) for row in rows for answer, is_right in row.answers]
        names = sorted({name for found, _ in facts for name in found})
        x = np.array([[found.get(name, 0.0) for name in names] for found, _ in facts])
        y = np.array([is_right for _, is_right in facts], float)
        pull = np.array([0.0 if name == "always" else RIDGE for name in names])
        w = np.zeros(len(names))
        for _ in range(50):
            p = 1 / (1 + np.exp(-(x @ w)))
            step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.diag(pull + 1e-9), x.T @ (y - p) - pull * w)
            w += step
            if np.abs(step).max() < 1e-8:
                break
        weights = dict(zip(names, w.tolist(), strict=True))
    return weights


def report(rows: list[Row], weights: dict[str, float]) -> str:
    """Solved test inputs, the Brier score of first answers, and a reliability table."""
    return report_judged([(row, weights) for row in rows])


def report_judged(judged: list[tuple[Row, dict[str, float]]]) -> str:
    """The report where each row has weights of its own."""
    rows = [row for row, _ in judged]
    first, two = [], 0
    for row, weights in judged:
        scored = sorted(
            ((weigh(answer_features(a, weights)[0], weights), right) for a, right in row.answers), reverse=True
        )
        two += any(right for _, right in scored[:2])
        first += [(1 / (1 + np.exp(-score)), right) for score, right in scored[:1]]
    p, y = np.array(first).T
    lines = [f"test inputs {len(rows)}, answered {len(first)}, right @1 {int(y.sum())}, @2 {two}"]
    lines.append(f"Brier score of first answers {np.mean((p - y) ** 2):.3f} (always the base rate: {y.var():.3f})")
    lines.append("confidence      n  mean  right")
    for low in np.arange(0, 1, 0.2):
        inside = (p >= low) & (p < low + 0.2 + (low > 0.7))
        if inside.any():
            lines.append(
                f"{low:.1f}-{low + 0.2:.1f}  {inside.sum():7d}  {p[inside].mean():.2f}   {y[inside].mean():.2f}"
            )
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="arc1:training")
    parser.add_argument("--challenges", type=Path)
    parser.add_argument("--solutions", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=20.0)
    parser.add_argument("--cache", type=Path, action="append", help="facts of an earlier run; written if missing")
    parser.add_argument("--check", action="store_true", help="judge the weights in use instead of fitting")
    args = parser.parse_args()

    rows: list[Row] = []
    caches: list[Path] = args.cache or []
    for cache in caches:
        if cache.exists():
            rows += [Row(*row) for row in pickle.loads(cache.read_bytes())]
    if not rows:
        entries = load(args.set, args.challenges, args.solutions)[args.offset :: args.every]
        rows = collect(entries, args.timeout)
        for cache in caches[:1]:
            cache.write_bytes(pickle.dumps([(row.task, row.answers) for row in rows]))
    if args.check:
        print(report(rows, WEIGHTS))
        return
    # A task and its fresh instance are in one fold.
    fold = [crc32(row.task.encode()) % FOLDS for row in rows]
    fits = [fit([row for row, k in zip(rows, fold, strict=True) if k != out]) for out in range(FOLDS)]
    judged = [(row, fits[k]) for row, k in zip(rows, fold, strict=True)]
    print(f"each of {FOLDS} folds of tasks judged by weights fitted on the others:\n{report_judged(judged)}")
    weights = fit(rows)
    print("fitted on all:\n" + report(rows, weights))
    print("WEIGHTS: dict[str, float] = {")
    for name, weight in sorted(weights.items()):
        print(f'    "{name}": {weight:.2f},')
    print("}")


if __name__ == "__main__":
    main()
