"""Merging: pool all members' votes for a test input and rank the grids by the probability of being right.

Votes for the same grid are pooled by noisy-or of their calibrated trust: agreement can only help, and a member whose
votes were never right changes nothing. At most one grid is right, so the pooled odds are normalised over the grids
together with the chance that none is; the two most probable grids then maximise the chance that one of two attempts
is right. Judges shift the odds before that (see `judging`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arcsolve import Challenge, Grid
from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.merging.invariants import broken
from arcsolve_ensemble.merging.judging import Judge, cross_examine
from arcsolve_ensemble.merging.trust import Evidence, Trust, tier_of
from arcsolve_ensemble.merging.votes import Vote, grid_key


@dataclass(frozen=True)
class MergeRules:
    """Which parts of the merging are on; all by default. Each can be switched off to measure what it adds.

    Attributes:
        calibrated: use the learnt trust instead of the members' own confidences.
        pooled: add up the votes for equal grids instead of taking the strongest.
        consistent_first: programs that reproduce all demonstrations before everything else.
        invariants: grids that break an invariant of the demonstrations come last.
        judged: let members score the others' grids.
    """

    calibrated: bool = True
    pooled: bool = True
    consistent_first: bool = True
    invariants: bool = True
    judged: bool = True


@dataclass(frozen=True, eq=False)
class Merged:
    """A grid with everything said for it.

    Attributes:
        grid: the grid.
        probability: that it is right.
        votes: the votes for it, strongest first.
        is_consistent: a program behind it reproduces all demonstrations.
        broken: invariants it breaks.
        verdicts: judges' shifts of the log-odds, by judging member.
        backers: members whose vote for it is worth something.
    """

    grid: Grid
    probability: float
    votes: tuple[Vote, ...]
    is_consistent: bool
    broken: int
    verdicts: Mapping[str, float]
    backers: frozenset[str]

    @property
    def explanation(self) -> str:
        """Who proposed it, how sure they were, what the judges said, then the strongest vote's own words."""
        said = [
            f"{vote.member} #{vote.rank} ({vote.confidence:.2f}"
            + (f", {vote.demos_solved} demos" if vote.demos_solved is not None else "")
            + ")"
            for vote in self.votes
        ]
        lines = ["votes: " + ", ".join(said)]
        if self.verdicts:
            lines.append(
                "judges: " + ", ".join(f"{name} {value:+.2f}" for name, value in sorted(self.verdicts.items()))
            )
        if self.broken:
            lines.append(f"breaks {self.broken} invariant{'s' if self.broken > 1 else ''} of the demonstrations")
        words = next((vote.explanation for vote in self.votes if vote.explanation), "")
        return "\n".join([*lines, words] if words else lines)


def merge(
    challenge: Challenge,
    test_index: int,
    votes: Sequence[Vote],
    trust: Trust | None = None,
    priors: Mapping[str, float] | None = None,
    judges: Mapping[str, Judge] | None = None,
    rules: MergeRules | None = None,
) -> list[Merged]:
    """Rank the grids that the members propose for one test input.

    Args:
        challenge: the challenge (no solution is involved).
        test_index: which test input.
        votes: all members' votes, in any order.
        trust: the learnt trust; None trusts everybody by default.
        priors: probability per member that it solves this task.
        judges: members that can score grids; asked where their verdict could change the first two places.
        rules: which parts are on.

    Returns:
        The distinct grids, most probable first; the order is the same for every order of *votes*.
    """
    rules, trust, priors = rules or MergeRules(), trust or Trust(), priors or {}
    by_grid: dict[str, list[tuple[float, Vote]]] = {}
    demos = len(challenge.train)
    breaks: dict[str, int] = {}
    ceilings: dict[str, float] = {}
    for vote in sorted(votes, key=lambda vote: (vote.member, vote.rank)):
        key = grid_key(vote.grid)
        if key not in breaks:
            breaks[key] = broken(challenge, test_index, vote.grid) if rules.invariants else 0
        evidence = Evidence(
            vote.confidence, vote.rank, tier_of(vote.demos_solved, demos), breaks[key], priors.get(vote.member, 0.5)
        )
        worth = trust(vote.member, evidence) if rules.calibrated else vote.confidence
        # a member knows its own answers best: trust compares members, and keeps each one's order
        worth = ceilings[vote.member] = min(worth, (1 - 1e-6) * ceilings.get(vote.member, 1.0))
        by_grid.setdefault(key, []).append((worth, vote))
    keys = sorted(by_grid)
    for entries in by_grid.values():
        entries.sort(key=lambda entry: (-entry[0], entry[1].member, entry[1].rank))
    grids = [by_grid[key][0][1].grid for key in keys]
    log_odds = np.array([_pooled_log_odds([worth for worth, _ in by_grid[key]], rules.pooled) for key in keys])
    consistent = [
        any(worth > 0 and tier_of(vote.demos_solved, demos) == "all" for worth, vote in by_grid[key]) for key in keys
    ]
    backers = [frozenset(vote.member for worth, vote in by_grid[key] if worth > 0) for key in keys]
    classes = [
        _class_of(bool(behind), breaks[key], is_consistent, rules)
        for key, behind, is_consistent in zip(keys, backers, consistent, strict=True)
    ]
    verdicts: dict[str, Floats] = {}
    if rules.judged and judges:
        proposers = [frozenset(vote.member for _, vote in by_grid[key]) for key in keys]
        verdicts = cross_examine(grids, log_odds, classes, proposers, judges, priors)
    probability = _probabilities(sum(verdicts.values(), start=log_odds))
    return [
        Merged(
            grid=grids[i],
            probability=float(probability[i]),
            votes=tuple(vote for _, vote in by_grid[keys[i]]),
            is_consistent=consistent[i],
            broken=breaks[keys[i]],
            verdicts={name: float(shifts[i]) for name, shifts in verdicts.items()},
            backers=backers[i],
        )
        for i in sorted(range(len(keys)), key=lambda i: (*classes[i], -probability[i], keys[i]))
    ]


def _probabilities(log_odds: Floats) -> Floats:
    """Normalise the odds of grids of which at most one is right, together with the chance that none is."""
    odds = np.exp(np.clip(log_odds, -60, 30))
    return np.asarray(odds / (1 + odds.sum()))


def _class_of(is_backed: bool, broken: int, is_consistent: bool, rules: MergeRules) -> tuple[bool, bool, bool]:
    """Return what comes before the odds in the order of grids, smaller first."""
    is_late = rules.invariants and broken > 0 and not is_consistent
    is_first = rules.consistent_first and not rules.calibrated and is_consistent
    return not is_backed, is_late, not is_first


def _pooled_log_odds(worths: Sequence[float], pooled: bool) -> float:
    if pooled:
        wrong = math.prod(1 - min(worth, 1 - 1e-6) for worth in worths)
        right = 1 - wrong
    else:
        right = max(worths)
    right = min(max(right, 0.0), 1 - 1e-6)
    return math.log(right / (1 - right)) if right > 0 else -math.inf
