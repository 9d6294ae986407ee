"""`SolverTestCase`: subclass it, name your solver, and pytest checks the contract."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from arcsolve.solver import Solver
from arcsolve.task import Challenge
from arcsolve.testing import contract
from arcsolve.testing.tasks import AWKWARD, ORDINARY


class SolverTestCase:
    """The solver contract as a pytest class.

    ```python
    from arcsolve.testing import SolverTestCase

    class TestFlip(SolverTestCase):
        solver = Flip            # or the registered name, "flip"
        options = {"axis": 0}    # optional
    ```

    The solver runs in the test's own process, so that a debugger works. It goes through `challenges` twice in all.
    """

    solver: ClassVar[type[Solver] | str]
    """The solver's class, or the name under which an installed plugin registers it."""
    options: ClassVar[Mapping[str, Any]] = {}
    """Options to make it with."""
    timeout_s: ClassVar[float] = 5.0
    """Wall seconds per challenge."""
    prepare_timeout_s: ClassVar[float] = 120.0
    """Wall seconds for ``prepare``."""
    challenges: ClassVar[Sequence[Challenge]] = (*ORDINARY, *AWKWARD)
    """What it is tried on."""
    _subject: ClassVar[contract.Subject | None] = None

    @classmethod
    def subject(cls) -> contract.Subject:
        """The solver under test; it answers once for all test methods of the class."""
        if cls.__dict__.get("_subject") is None:
            solver = cls.solver
            if isinstance(solver, str):
                from arcsolve import plugins

                solver = plugins.load().solver_class(solver)
            cls._subject = contract.Subject(
                solver,
                cls.options,
                timeout_s=cls.timeout_s,
                prepare_timeout_s=cls.prepare_timeout_s,
                challenges=cls.challenges,
            )
        assert cls._subject is not None
        return cls._subject

    def test_describes_itself(self) -> None:
        """It has a name, a version, a docstring, and describes its options."""
        contract.describes_itself(self.subject())

    def test_travels_to_a_worker(self) -> None:
        """Its class and its options can be sent to another process."""
        contract.travels_to_a_worker(self.subject())

    def test_survives_awkward_challenges(self) -> None:
        """It raises nothing but `arcsolve.Abstain`, whatever it is given."""
        contract.survives_awkward_challenges(self.subject())

    def test_candidates_are_well_formed(self) -> None:
        """Every candidate names a test input and holds a grid, a confidence in [0, 1] and a text."""
        contract.candidates_are_well_formed(self.subject())

    def test_leaves_challenges_alone(self) -> None:
        """The challenge is the same after solving as before."""
        contract.leaves_challenges_alone(self.subject())

    def test_respects_its_budget(self) -> None:
        """It ends by itself soon after the deadline."""
        contract.respects_its_budget(self.subject())

    def test_same_seed_same_answer(self) -> None:
        """A second instance that meets the challenges in another order gives the same candidates."""
        contract.same_seed_same_answer(self.subject())

    def test_batches_like_single_challenges(self) -> None:
        """`solve_batch` yields well-formed candidates for the challenges it was given."""
        contract.batches_like_single_challenges(self.subject())

    def test_scores_are_log_probabilities(self) -> None:
        """`score` gives None, or one finite number per grid, not above 0."""
        contract.scores_are_log_probabilities(self.subject())
