"""Several solvers as one: whether any solves a task (the virtual best), and two attempts out of all candidates."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from arcsolve.outcome import Outcome, Status
from arcsolve.run.executor import Report, grid_key
from arcsolve.score.judge import judge
from arcsolve.solver import Candidate
from arcsolve.task import Challenge, Task

NAME = "ensemble"
Key = tuple[int, tuple[int, ...], bytes]
"""Test index, shape and cells: what makes two candidates the same answer."""


def merge(challenge: Challenge, by_solver: Mapping[str, Sequence[Candidate]]) -> list[Candidate]:
    """Pool the candidates of several solvers by grid.

    Each solver's own order is kept. Of the grids that stand next in the solvers' lists the one that reproduces every
    demonstration comes first; then the pooled confidence decides (the probability that not all who propose the grid are
    wrong), then how many propose it. No training, no look at the solution.

    Args:
        challenge: the task.
        by_solver: each solver's candidates.

    Returns:
        One candidate per distinct grid and test input, best first; its explanation names who proposed it.
    """
    pools: dict[Key, list[tuple[str, Candidate]]] = {}
    queues: dict[tuple[str, int], list[Key]] = {}
    for solver, candidates in by_solver.items():
        for candidate in sorted(candidates, key=lambda c: -c.confidence):
            key = grid_key(candidate.test_index, candidate.grid)
            pools.setdefault(key, []).append((solver, candidate))
            queues.setdefault((solver, candidate.test_index), []).append(key)
    merged = {key: _pool(proposals, len(challenge.train)) for key, proposals in pools.items()}
    order: list[Candidate] = []
    for index in range(len(challenge.test_inputs)):
        waiting = [deque(keys) for (_, test_index), keys in queues.items() if test_index == index]
        taken: set[Key] = set()
        while heads := {queue[0] for queue in waiting if queue}:
            best = max(heads, key=lambda key: (merged[key][0], key))
            order.append(merged[best][1])
            taken.add(best)
            for queue in waiting:
                while queue and queue[0] in taken:
                    queue.popleft()
    n = len(order)
    return [
        Candidate(c.test_index, c.grid, (n - place) / n, c.explanation, c.demos_solved) for place, c in enumerate(order)
    ]


def _pool(proposals: Sequence[tuple[str, Candidate]], n_demos: int) -> tuple[tuple[bool, float, int], Candidate]:
    doubt = 1.0
    for _, candidate in proposals:
        doubt *= 1.0 - candidate.confidence
    demos = max((c.demos_solved for _, c in proposals if c.demos_solved is not None), default=None)
    solvers = dict.fromkeys(solver for solver, _ in proposals)
    first = proposals[0][1]
    merged = Candidate(first.test_index, first.grid, 1.0 - doubt, ", ".join(solvers), demos)
    return (demos == n_demos, 1.0 - doubt, len(solvers)), merged


def merged_outcome(task: Task, outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of the merged candidates of several solvers on one task; its cost is theirs together."""
    outcomes = list(outcomes)
    candidates = merge(task.challenge, {outcome.solver: outcome.candidates for outcome in outcomes})
    report = Report(
        solver=NAME,
        task_id=task.id,
        status=Status.FINISHED,
        candidates=candidates,
        n_candidates=len(candidates),
        cpu_s=sum(outcome.cpu_s for outcome in outcomes),
        wall_s=sum(outcome.wall_s for outcome in outcomes),
    )
    return judge(report, task)
