"""A solver of one's own, tried in this process: no plugin, no worker, a debugger may be attached.

Run: python examples/own_solver.py
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np

import arcsolve
from arcsolve import data


class Recolour(arcsolve.Solver):
    """Learn one substitution of colours from the demonstrations."""

    name = "recolour"

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterable[arcsolve.Candidate]:
        """Yield the test inputs recoloured, where all demonstrations agree on the substitution."""
        table: dict[int, int] = {}
        for pair in challenge.train:
            if pair.input.shape != pair.output.shape:
                raise arcsolve.Abstain("the shape changes")
            for before, after in zip(pair.input.flat, pair.output.flat, strict=True):
                if table.setdefault(int(before), int(after)) != after:
                    raise arcsolve.Abstain("no single substitution explains the demonstrations")
        lookup = np.array([table.get(colour, colour) for colour in range(10)])
        for index, grid in enumerate(challenge.test_inputs):
            yield arcsolve.Candidate(index, lookup[grid], 0.9, f"recolour({table})", len(challenge.train))


def main() -> None:
    """Try it on the training set and say how often it was right."""
    solver = Recolour()
    results: Counter[str] = Counter()
    for task in data.load("arc1:training"):
        try:
            candidates = list(solver.solve(task.challenge, arcsolve.Budget().started()))
        except arcsolve.Abstain as reason:
            results[f"abstained: {reason}"] += 1
            continue
        solution = task.solution or ()
        is_right = all(np.array_equal(candidate.grid, solution[candidate.test_index]) for candidate in candidates)
        results["right" if is_right else "wrong"] += 1
    for result, count in results.most_common():
        print(f"{count:4} {result}")


if __name__ == "__main__":
    main()
