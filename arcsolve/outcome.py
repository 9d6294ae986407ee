"""What one solver did on one task in one run.

The raw status stands apart from the judged category, as BenchExec does it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from arcsolve.solver import Candidate


class Status(StrEnum):
    """How the solver's work on a task ended, before anybody looks at the answer."""

    FINISHED = "finished"
    ABSTAINED = "abstained"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out-of-memory"
    CRASHED = "crashed"
    ERROR = "error"
    CANCELLED = "cancelled"


class Category(StrEnum):
    """The judgement: ``missing`` means no attempt at all for some test input and none of the faults."""

    CORRECT = "correct"
    WRONG = "wrong"
    ERROR = "error"
    MISSING = "missing"


@dataclass(frozen=True)
class TestResult:
    """The judged result on one test input."""

    __test__ = False  # not a pytest class

    test_index: int
    is_solved_at_1: bool
    """Attempt 1 equals the solution exactly, shape included."""
    is_solved_at_2: bool
    """Attempt 1 or attempt 2 does."""
    is_solved_cropped: bool
    """Attempt 1 is right after cropping it to the true output's shape (the forgiving rule; not a score)."""
    cells: int
    """Cells of the true output."""
    cells_matched: int
    """Cells of attempt 1 that are right after that crop."""
    cells_matched_strict: int
    """The same, but 0 where attempt 1 has another shape."""
    rank_of_correct: int | None = None
    """Position of the right grid among all distinct candidates by confidence, from 1; None when it is not there."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one solver did on one task: status, judgement, cost and all its candidates."""

    solver: str
    task_id: str
    task_sha256: str
    status: Status
    category: Category | None
    """None where the data set has no solution for the task."""
    detail: str = ""
    """Why: the abstention's reason, the error's message, the signal, the limit; empty when there is nothing to say."""
    n_tests: int = 1
    tests: tuple[TestResult, ...] = ()
    """One per test input where a solution is known, else empty."""
    attempts: tuple[Candidate, ...] = ()
    """At most two per test input: ordered by test index, then rank."""
    candidates: tuple[Candidate, ...] = field(default=(), repr=False)
    """The distinct candidates kept (attempts included), best first per test input."""
    n_candidates: int = 0
    """How many candidates were yielded in all."""
    cpu_s: float = 0.0
    """CPU seconds of the worker's whole process tree on this task."""
    wall_s: float = 0.0
    memory_mb: float = 0.0
    """Peak resident MiB of the tree."""

    @property
    def is_solved_at_1(self) -> bool:
        """All test inputs right with attempt 1."""
        return bool(self.tests) and all(t.is_solved_at_1 for t in self.tests)

    @property
    def is_solved_at_2(self) -> bool:
        """All test inputs right within two attempts: the score."""
        return bool(self.tests) and all(t.is_solved_at_2 for t in self.tests)

    @property
    def fraction_at_2(self) -> float:
        """Share of test inputs right within two attempts."""
        return sum(t.is_solved_at_2 for t in self.tests) / len(self.tests) if self.tests else 0.0

    @property
    def pixel_accuracy(self) -> float:
        """Forgiving pixel accuracy of attempt 1 (crop to the true shape), in [0, 1], pooled over test inputs."""
        cells = sum(t.cells for t in self.tests)
        return sum(t.cells_matched for t in self.tests) / cells if cells else 0.0

    @property
    def pixel_accuracy_strict(self) -> float:
        """Pixel accuracy of attempt 1 with a wrong shape counted as 0, in [0, 1], pooled over test inputs."""
        cells = sum(t.cells for t in self.tests)
        return sum(t.cells_matched_strict for t in self.tests) / cells if cells else 0.0
