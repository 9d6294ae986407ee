"""A loaded checkpoint at work: find the task's row, ask in views, count votes, explain."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import arcsolve
from arcsolve_hrm.adaptation import Schedule, train_at_test_time
from arcsolve_hrm.checkpoint import Checkpoint, load_checkpoint
from arcsolve_hrm.devices import choose_dtype
from arcsolve_hrm.options import HrmOptions
from arcsolve_hrm.pairs import demo_hash
from arcsolve_hrm.predict import (
    WEIGHING_VIEWS,
    CanvasPredictor,
    Predictor,
    Question,
    SequencePredictor,
    unsigned,
)
from arcsolve_hrm.protocols import KNOWN, KNOWN_WITH_TESTS, UNSEEN
from arcsolve_hrm.seq import pair_tokens
from arcsolve_hrm.trace import Trace, trace
from arcsolve_hrm.transforms import Augmentation, parse_name
from arcsolve_hrm.voting import Ballot

if TYPE_CHECKING:
    from arcsolve_hrm.core import HRM

CANDIDATES = 10
"""Distinct answers handed in per test input at the end."""
WEIGHED = 5
"""Leading answers that the network weighs; on the held-out training tasks all ten serve no better."""
FEWEST_PLANNED = 4
"""Votes that full confidence takes at least: a single view that agrees with itself is no certainty."""

Rows = tuple[tuple[int, Augmentation | None], ...]


class Service(NamedTuple):
    """What answers one task."""

    predictor: Predictor
    rows: Rows
    protocol: str
    """`KNOWN`, `KNOWN_WITH_TESTS` or `UNSEEN`."""
    note: str = ""
    """What test-time training saw."""


class Server:
    """A checkpoint, ready to answer.

    Args:
        folder: The checkpoint folder.
        options: The solver's options.
        device: ``cpu`` or a torch device.
    """

    def __init__(self, folder: Path, options: HrmOptions, device: str) -> None:
        self.device, self.options = device, options
        self.checkpoint: Checkpoint = load_checkpoint(folder)
        self.dtype = choose_dtype(options.dtype, device)
        self.predictor = self.predictor_for(self.checkpoint.model(dtype=self.dtype, device=device))
        self._row_of_demos = {key: row for row, key in enumerate(self.checkpoint.demo_hashes) if key}
        self._rows_of_name: dict[str, list[tuple[int, Augmentation | None]]] = {}
        if not self._row_of_demos:  # a published table knows its tasks by name only
            for row, name in enumerate(self.checkpoint.names):
                task, augmentation = parse_name(name)
                self._rows_of_name.setdefault(task, []).append((row, augmentation))

    def trust(self, share: float) -> float:
        """How likely an answer with this share of the votes is right.

        A logistic curve that the checkpoint's record keeps, fitted on held-out training tasks; without one the share
        itself is the confidence.
        """
        curve = self.checkpoint.record.get("calibration")
        return share if curve is None else 1.0 / (1.0 + math.exp(-(curve["intercept"] + curve["slope"] * share)))

    def predictor_for(self, model: HRM) -> Predictor:
        """Wrap a network of this checkpoint's layout."""
        recipe = self.checkpoint.record.get("recipe", {})
        cycles = self.options.max_cycles
        if model.config.layout == "seq":
            segments = cycles or recipe.get("segments", 1)
            return SequencePredictor(
                model,
                legend=recipe.get("legend", True),
                ahead=recipe.get("ahead", True),
                segments=segments,
                augment=recipe.get("augment", "all"),
                longest=recipe.get("longest", 0),
            )
        return CanvasPredictor(
            model,
            max_segments=cycles or None,
            is_halting=self.options.halt,
            is_bounding=self.options.canvas == "bounding",
        )

    def rows(self, challenge: arcsolve.Challenge) -> Rows:
        """Find the rows of the puzzle embedding that stand for a task; none where it is unseen (or to be forgotten)."""
        if self.options.forget:
            return ()
        row = self._row_of_demos.get(demo_hash(unsigned(demonstrations(challenge))))
        if row is not None:
            return ((row, None),)
        return tuple(self._rows_of_name.get(challenge.id, ()))

    def is_training_task(self, rows: Rows) -> bool:
        """Whether rows belong to a task of a training set, whose test pairs may have been trained on, too."""
        name = self.checkpoint.names[rows[0][0]] if rows and self.checkpoint.names else ""
        return name.partition("/")[0].endswith("-training")

    def question(self, challenge: arcsolve.Challenge, index: int, rows: Rows) -> Question:
        """Put a test input as a question."""
        return Question(challenge.test_inputs[index], demonstrations(challenge), rows)

    def service(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget, deadline: float) -> Service:
        """Choose what answers a task: the network with its row, or a copy trained for it.

        Raises:
            arcsolve.Abstain: If the task is unseen and is not to be trained for, or training did not get there.
        """
        rows = self.rows(challenge)
        self._refuse_longer_than_trained(challenge)
        if rows:
            return Service(self.predictor, rows, KNOWN_WITH_TESTS if self.is_training_task(rows) else KNOWN)
        if self.options.unseen == "abstain":
            raise arcsolve.Abstain(
                "the checkpoint never saw this task's demonstrations; -o hrm.unseen=train trains on them for a while"
            )
        if self.checkpoint.config.layout != "seq":
            raise arcsolve.Abstain("unseen task, and test-time training is there for seq checkpoints only")
        seconds = 0.75 * min(deadline - time.monotonic(), budget.timeout_s)
        outcome = train_at_test_time(
            self.checkpoint,
            demonstrations(challenge),
            Schedule(seconds=seconds, seed=budget.seed),
            dtype=self.dtype,
            device=self.device,
        )
        if outcome.model is None:
            raise arcsolve.Abstain(f"unseen task; test-time training for {seconds:.0f} s: {outcome.reason}")
        return Service(self.predictor_for(outcome.model), ((0, None),), UNSEEN, outcome.reason)

    def _refuse_longer_than_trained(self, challenge: arcsolve.Challenge) -> None:
        """Decline where a checkpoint that was trained on short pairs only has nothing to say.

        Raises:
            arcsolve.Abstain: If all demonstrations, or all test inputs, have more tokens than any pair it trained on.
        """
        longest = self.checkpoint.record.get("recipe", {}).get("longest", 0)
        if not longest:
            return
        shapes = np.array([(*given.shape, *made.shape) for given, made in demonstrations(challenge)])
        pairs = int(pair_tokens(shapes).min())
        inputs = min(int(grid.shape[0] * (grid.shape[1] + 1)) for grid in challenge.test_inputs)
        for what, tokens in (("demonstrations", pairs), ("test inputs", inputs)):
            if tokens > longest:
                raise arcsolve.Abstain(
                    f"grids too large: the {what} take {tokens} tokens or more, and this checkpoint was trained on "
                    f"pairs of {longest} at most"
                )

    def answers(
        self, challenge: arcsolve.Challenge, budget: arcsolve.Budget, deadline: float
    ) -> Iterator[arcsolve.Candidate]:
        """Yield the two leading answers whenever the lead may have changed, and all of them at the end.

        The test inputs take turns, a batch of views each, so that none is left out when the time runs short.

        Raises:
            arcsolve.Abstain: See `service`; and if no view gave a usable answer.
        """
        service = self.service(challenge, budget, deadline)
        predictor = service.predictor
        questions = [self.question(challenge, index, service.rows) for index in range(len(challenge.test_inputs))]
        may_copy = any(np.array_equal(pair.input, pair.output) for pair in challenge.train)
        counts = [self.options.views or predictor.usual_views(question) for question in questions]
        views = [
            predictor.views(question, count, seed=budget.seed)
            for question, count in zip(questions, counts, strict=True)
        ]
        ballots = [
            Ballot(question.source, max(len(mine), FEWEST_PLANNED), may_copy=may_copy)
            for question, mine in zip(questions, views, strict=True)
        ]
        while any(ballot.asked < len(mine) for ballot, mine in zip(ballots, views, strict=True)):
            before = sum(ballot.asked for ballot in ballots)
            for index, (question, ballot) in enumerate(zip(questions, ballots, strict=True)):
                left = views[index][ballot.asked :]
                seconds = deadline - time.monotonic()
                if not left or (seconds <= 0 and before):
                    continue
                batch = left[: predictor.fitting(question, len(left), 0.6 * seconds / len(questions))]
                for prediction in predictor.ask(question, batch, deadline=deadline):
                    ballot.add(prediction)
                yield from self._candidates(index, ballot, service, limit=2)
            if time.monotonic() >= deadline:
                break
        for index, (question, ballot) in enumerate(zip(questions, ballots, strict=True)):
            if self.options.weigh:
                self._weigh(predictor, question, ballot, (deadline - time.monotonic()) / (len(questions) - index))
            best = ballot.ranked()[:1]
            story = None
            if best and self.options.trace and time.monotonic() < deadline:
                story = trace(predictor, question, views[index][best[0].views[0]], best[0].grid)
            yield from self._candidates(index, ballot, service, limit=CANDIDATES, story=story, is_final=True)
        if not any(ballot.ranked() for ballot in ballots):
            asked = sum(ballot.asked for ballot in ballots)
            raise arcsolve.Abstain(f"none of {asked} views gave a rectangle that differs from the test input in time")

    def _weigh(self, predictor: Predictor, question: Question, ballot: Ballot, seconds: float) -> None:
        """Let the network say how likely it finds the leading answers, if there is time."""
        answers = ballot.ranked()[:WEIGHED]
        grids = [answer.grid for answer in answers]
        views = predictor.weighing_views(question, grids, 0.6 * seconds) if len(grids) > 1 else 0
        if views:
            ballot.weigh(answers, predictor.log_likelihoods(question, grids, views=views, seed=0))

    def _candidates(
        self,
        index: int,
        ballot: Ballot,
        service: Service,
        *,
        limit: int,
        story: Trace | None = None,
        is_final: bool = False,
    ) -> Iterator[arcsolve.Candidate]:
        for rank, answer in enumerate(ballot.ranked()[:limit]):
            explanation = {
                "protocol": service.protocol,
                **({"test_time_training": service.note} if service.note else {}),
                "votes": answer.votes,
                "views": ballot.asked,
                "views_without_answer": ballot.dropped,
                "log_probability": round(answer.log_probability, 4),
                "segments": round(answer.segments, 2),
                **({"trace": story.to_dict()} if story is not None and rank == 0 else {}),
            }
            yield arcsolve.Candidate(
                index,
                answer.grid,
                confidence=self.trust(ballot.confidence(answer, is_final=is_final)),
                explanation=json.dumps(explanation, separators=(",", ":")),
            )

    def score(self, challenge: arcsolve.Challenge, index: int, grids: Sequence[arcsolve.Grid]) -> list[float] | None:
        """Log-probability of each grid as the output, None for an unseen task."""
        rows = self.rows(challenge)
        if not rows:
            return None
        question = self.question(challenge, index, rows)
        return self.predictor.log_likelihoods(
            question, grids, views=min(WEIGHING_VIEWS, self.options.views or WEIGHING_VIEWS), seed=0
        )


def demonstrations(challenge: arcsolve.Challenge) -> list[tuple[arcsolve.Grid, arcsolve.Grid]]:
    """Give a challenge's demonstrations as pairs of grids."""
    return [(pair.input, pair.output) for pair in challenge.train]
