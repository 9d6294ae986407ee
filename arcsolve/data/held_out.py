"""Tasks that ask for a demonstration: how well a solver would do, told without any solution.

The last demonstration of every task becomes its test. What is asked then has a known answer on every data set, also
where the solutions are secret; it is the hold-out estimate of statistical learning, per task.
"""

from arcsolve.errors import ArcsolveError
from arcsolve.task import Challenge, Dataset, Task

PREFIX = "held-out:"
"""Before a data set's name or path: its tasks with the last demonstration held out."""
MIN_DEMONSTRATIONS = 3
"""Of fewer, too little would be left to learn from."""


def hold_out(challenge: Challenge) -> Task | None:
    """Ask for the last demonstration of a task, given the others.

    The id says so: what a solver knows about the task by its name does not count here.

    Args:
        challenge: the task; its own test inputs are left out.

    Returns:
        The task with one demonstration less and that one as its test; None if it has fewer than three.
    """
    if len(challenge.train) < MIN_DEMONSTRATIONS:
        return None
    *known, last = challenge.train
    return Task(Challenge(f"{challenge.id}-held-out", tuple(known), (last.input,)), (last.output,))


def held_out(dataset: Dataset) -> Dataset:
    """Ask for the last demonstration of every task of a data set; solutions are not looked at.

    Raises:
        ArcsolveError: if no task has three demonstrations.
    """
    tasks = tuple(task for task in (hold_out(each.challenge) for each in dataset) if task is not None)
    if not tasks:
        raise ArcsolveError(
            f"Data set {dataset.name!r}: no task has {MIN_DEMONSTRATIONS} demonstrations, so none can be held out."
        )
    return Dataset(PREFIX + dataset.name, tasks, dataset.source)
