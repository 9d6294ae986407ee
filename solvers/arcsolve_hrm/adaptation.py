"""Test-time training: a copy of the whole network is trained on one unseen task's demonstrations, then thrown away.

The task's row starts as the mean of the trained rows (TRM's choice for an unknown puzzle). Training all weights is what
works; rows alone or low-rank updates do not (Trelis, 2025, for TRM). For the first eighth of the time only the tables
learn, so that the new row finds its place before the network moves. The matrices are NorMuon's, as in training: sixty
steps of AdamW at 3e-4 taught the CPU-trained checkpoint none of 4 tasks' demonstrations, those of NorMuon 8 of 8. The
gate is honest: one demonstration is held back from the first half of the training, and only a network that decodes it
exactly goes on to all demonstrations.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from arcsolve_hrm.batches import TokenStore
from arcsolve_hrm.checkpoint import Checkpoint, mean_row
from arcsolve_hrm.core import HRM
from arcsolve_hrm.loss import batch_loss
from arcsolve_hrm.optim import NorMuon, other_parameters
from arcsolve_hrm.pairs import TRAIN, SourceTask, collect, fixed_colours
from arcsolve_hrm.predict import Question, SequencePredictor
from arcsolve_hrm.recipe import Recipe
from arcsolve_hrm.seq import LONGEST, colour_tables
from arcsolve_hrm.transforms import Grid
from arcsolve_hrm.voting import Ballot

Pairs = Sequence[tuple[Grid, Grid]]

TABLES_FIRST = 0.125
"""Share of the first stage in which only the tables and heads learn."""
WARM_UP_STEPS = 10
DECAY = 0.3
"""Share of a stage at its end in which the learning rate falls to zero."""


@dataclass(frozen=True)
class Schedule:
    """How to train at test time."""

    seconds: float
    """Wall clock for all of it, gate included."""
    learning_rate: float = 4e-3
    """Of NorMuon; the tables and heads, AdamW's, take half of it."""
    row_tokens: int = 1024
    """Tokens per step (never fewer than the longest demonstration has)."""
    max_steps: int = 400
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """What test-time training came to."""

    model: HRM | None
    """The trained copy, or None where the gate stayed shut."""
    steps: int
    reason: str
    """What the gate saw, for people."""


class _Learner:
    """A copy of a checkpoint's network with the optimiser that adapts it to one task (row 0)."""

    def __init__(self, checkpoint: Checkpoint, dtype: str, device: str, schedule: Schedule) -> None:
        self.schedule = schedule
        self.model = checkpoint.model(dtype=dtype, device=device, for_inference=False)
        recipe = checkpoint.record.get("recipe", {})
        self.recipe = Recipe(
            segments=recipe.get("segments", 1), legend=recipe.get("legend", True), ahead=recipe.get("ahead", True)
        )
        table = self.model.puzzle_emb.weights
        with torch.no_grad():
            table[0] = mean_row(table)[0].to(table)
        self.muon = NorMuon(self.model)
        self.adam = torch.optim.AdamW(other_parameters(self.model), betas=(0.9, 0.95), eps=1e-10)
        self.rng = np.random.default_rng(schedule.seed)
        self.steps = 0
        torch.manual_seed(schedule.seed)  # dropout

    def train(self, pairs: Pairs, until: float, max_steps: int) -> None:
        """Take steps on random views of the pairs until `until` (monotonic) or `max_steps` in all."""
        task = SourceTask("task", [], [])
        unsigned = [(source.astype(np.uint8), target.astype(np.uint8)) for source, target in pairs]
        packed = collect([(task, 1.0)], [(0, TRAIN, *pair) for pair in unsigned])
        device = self.model.lm_head.weight.device
        store = TokenStore(packed, np.arange(len(pairs)), device, self.recipe.legend, self.recipe.ahead)
        fixed = fixed_colours(unsigned)
        row_tokens = min(max(self.schedule.row_tokens, int(store.length.max())), LONGEST)
        documents = 64
        began, first = time.monotonic(), self.steps
        self.model.train()
        while self.steps < max_steps and (now := time.monotonic()) < until:
            done = max((now - began) / (until - began), (self.steps - first) / (max_steps - first))
            views = self.rng.integers(0, 8 * len(pairs), documents)
            tables = colour_tables(documents, np.tile(fixed, (documents, 1)), self.rng)
            # Half of them in true colours: a rule may name some.
            tables[self.rng.random(documents) < 0.5] = np.arange(16, dtype=np.uint8)
            plan = store.plan(views, tables, row_tokens, documents + 1)
            batch = store.batch(plan, 0, row_tokens)
            batch_loss(self.model, batch, self.recipe)
            rate = self.schedule.learning_rate * min(1.0, (self.steps - first + 1) / WARM_UP_STEPS, (1 - done) / DECAY)
            for group in self.adam.param_groups:
                group["lr"] = rate / 2
            torch.nn.utils.clip_grad_norm_([p for group in self.adam.param_groups for p in group["params"]], 1.0)
            self.adam.step()
            if first or done >= TABLES_FIRST:
                self.muon.step(rate)
            self.model.zero_grad(set_to_none=True)
            self.steps += 1
        self.model.eval()

    def decodes(self, shown: Pairs, asked: Pairs, deadline: float) -> int:
        """Count the asked pairs whose most voted answer is exactly right."""
        predictor = SequencePredictor(
            self.model, legend=self.recipe.legend, ahead=self.recipe.ahead, segments=self.recipe.segments
        )
        solved = 0
        for source, target in asked:
            question = Question(source, shown, ((0, None),))
            views = predictor.views(question, 8, seed=self.schedule.seed)
            ballot = Ballot(source, len(views), may_copy=True)
            for prediction in predictor.ask(question, views, deadline=deadline):
                ballot.add(prediction)
            answers = ballot.ranked()
            solved += bool(answers) and np.array_equal(answers[0].grid, target)
        return solved


def train_at_test_time(
    checkpoint: Checkpoint, demonstrations: Pairs, schedule: Schedule, *, dtype: str, device: str
) -> Outcome:
    """Adapt a copy of the network to a task that it has never seen.

    Args:
        checkpoint: A ``seq`` checkpoint; it is not changed.
        demonstrations: The task's pairs.
        schedule: Time, steps and rates.
        dtype: Forward dtype.
        device: Where to train.

    Returns:
        The trained copy, whose row 0 is the task, if it decoded the demonstration that was held back (with two
        demonstrations or fewer: all that it was shown, which says much less); else None with the reason.
    """
    began = time.monotonic()
    deadline = began + schedule.seconds
    learner = _Learner(checkpoint, dtype, device, schedule)
    if len(demonstrations) < 3:
        learner.train(demonstrations, deadline - 0.15 * schedule.seconds, schedule.max_steps)
        solved = learner.decodes(demonstrations, demonstrations, deadline)
        reason = f"{solved} of {len(demonstrations)} shown demonstrations decoded after {learner.steps} steps"
        return Outcome(learner.model if solved == len(demonstrations) else None, learner.steps, reason)
    held = int(learner.rng.integers(len(demonstrations)))
    shown = [pair for index, pair in enumerate(demonstrations) if index != held]
    learner.train(shown, began + 0.5 * schedule.seconds, schedule.max_steps // 2)
    solved = learner.decodes(shown, [demonstrations[held]], began + 0.65 * schedule.seconds)
    reason = f"demonstration {held}, held back, was {'' if solved else 'not '}decoded after {learner.steps} steps"
    if not solved:
        return Outcome(None, learner.steps, reason)
    learner.train(demonstrations, deadline, schedule.max_steps)
    return Outcome(learner.model, learner.steps, reason)
