"""The ensemble as a solver: members are reached by name through the registry, timed, heard, and merged."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from arcsolve import Abstain, ArcsolveError, Budget, Candidate, Challenge, Grid, Option, Options, Resources, Solver
from arcsolve_ensemble.merging.judging import Judge
from arcsolve_ensemble.merging.merge import Merged, MergeRules, merge
from arcsolve_ensemble.merging.trust import MIN_TASKS
from arcsolve_ensemble.merging.votes import Vote, collect
from arcsolve_ensemble.router.allocation import Prospect, next_slot
from arcsolve_ensemble.router.model import load_model

NAME = "ensemble"
PARTS = tuple(MergeRules.__dataclass_fields__)
MARGIN_S = 0.05
"""Seconds kept back for the last merging."""
PROVISIONAL, OVERHEARD = 1e-22, 1e-24
"""Scales of confidences that are not final: merged after the first round, and as a member gave them."""


class EnsembleSolver(Solver):
    """Runs several solvers under one budget and merges what they find into two attempts."""

    name = NAME
    version = "1"
    resources = Resources(memory_mb=4096)  # the members share one worker

    class Options(Options):
        """Options of the ensemble."""

        members: str = Option("auto", description="Comma-separated solver names; 'auto': all that are installed.")
        model: str = Option(
            "default", description="Router model: 'default' (shipped), 'none', or a file from training."
        )
        options: dict[str, dict[str, Any]] = Option({}, description='Member options as JSON: {"dsl": {"depth": 2}}.')
        without: str = Option(
            "", description=f"Comma-separated parts of the merging to switch off: {', '.join(PARTS)}."
        )
        routed: bool = Option(True, description="Divide the time by the model; otherwise equally.")
        economy: float = Option(
            0.03,
            ge=0,
            description="Ask another member only if it promises this much success per second (if routed); 0: ask all.",
        )
        keep: int = Option(8, ge=2, le=100, description="Merged grids to hand in per test input.")

    def __init__(self, options: Any = None) -> None:
        """Read the options; members are made in `prepare`."""
        super().__init__(options)
        self._rules = merge_rules(self.options.without)
        self._model = load_model(self.options.model)
        self._members: dict[str, Solver] = {}
        self.dropped: dict[str, str] = {}

    @classmethod
    def warm_up(cls, options: Any) -> None:
        """Warm up the members."""
        from arcsolve import plugins
        from arcsolve.options import validate_options

        registry = plugins.load(report=lambda message: None)
        load_model(options.model)
        for name in member_names(options.members, list(registry.solvers)):
            try:
                member = registry.solver_class(name)
                member.warm_up(validate_options(name, member.Options, options.options.get(name, {})))
            except ArcsolveError:
                if options.members != "auto":
                    raise

    def prepare(self, challenges: Sequence[Challenge], budget: Budget) -> None:
        """Make and prepare the members.

        Raises:
            Abstain: if no member can serve this run.
            ArcsolveError: if a member that was named does not exist.
        """
        from arcsolve import plugins

        registry = plugins.load(report=lambda message: None)
        names = member_names(self.options.members, list(registry.solvers))
        self._members, self.dropped = {}, {}
        for position, name in enumerate(names):
            part = budget.part(budget.remaining_s() / (len(names) - position))
            try:
                member = registry.make_solver(name, self.options.options.get(name, {}))
                member.prepare(challenges, part)
            except ArcsolveError as error:
                if self.options.members != "auto":
                    raise
                self.dropped[name] = str(error)
            except Abstain as reason:
                self.dropped[name] = str(reason)
            except Exception as error:
                self.dropped[name] = f"{type(error).__name__}: {error}"
            else:
                self._members[name] = member
        if not self._members:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in sorted(self.dropped.items()))
            raise Abstain(f"no member can serve this run ({reasons})")

    def solve(self, challenge: Challenge, budget: Budget) -> Iterator[Candidate]:
        """Run the members in turn and yield merged candidates: provisionally after each, finally at the end.

        Provisional candidates carry tiny confidences that grow from round to round, so that whatever is handed in last
        decides; the final ones carry calibrated probabilities.

        Raises:
            Abstain: if every member declines.
        """
        if not self._members:
            self.prepare([challenge], budget)
        budget = budget if budget.deadline != float("inf") else budget.started()
        priors = self._priors_of(challenge)
        votes: dict[int, dict[str, list[Vote]]] = {index: {} for index in range(len(challenge.test_inputs))}
        declined: dict[str, str] = {}
        waiting = sorted(self._members)
        rounds, solved = 0, 0.0
        while waiting and (budget.remaining_s() > MARGIN_S or rounds == 0):
            slot = self._next(waiting, priors, budget.remaining_s() - MARGIN_S, solved, is_first=rounds == 0)
            if slot is None:
                break
            name, slot_s = slot
            waiting.remove(name)
            candidates: list[Candidate] = []
            try:
                yield from self._listen(name, challenge, budget.part(max(slot_s, 0.0)), candidates)
            except Abstain as reason:
                declined[name] = str(reason)
            except Exception as error:
                declined[name] = f"{type(error).__name__}: {error}"
            for index, own in collect(name, candidates).items():
                if index in votes:
                    votes[index][name] = own
            if name == self._model.probe:
                answer = {index: by_member.get(name, []) for index, by_member in votes.items()}
                priors = priors | self._model.probed(challenge, answer)
                solved = priors.get(name, 0.0)
            rounds += 1
            if candidates and (waiting or self._has_judges()):
                yield from self._provisional(challenge, votes, priors, rounds)
        if not any(votes.values()):
            if len(declined) == len(self._members):
                raise Abstain("; ".join(f"{name}: {reason}" for name, reason in sorted(declined.items())))
            return
        for index, members in votes.items():
            ceiling = 1.0
            judges = self._judges(challenge, index, set(self._members) - set(waiting), budget.remaining_s())
            for place, merged in enumerate(self._merge(challenge, index, members, priors, judges)):
                if place == self.options.keep:
                    break
                # the order of merging decides, so confidences must fall along it, and stay above provisional ones
                ceiling = max(min(merged.probability, ceiling * (1 - 1e-6)), 1e-6 / (1 + place))
                yield self._candidate(challenge, index, merged, ceiling)

    def score(self, challenge: Challenge, index: int, grids: Sequence[Grid]) -> list[float] | None:
        """Return the mean of the members' log-probabilities; None if no member can judge."""
        judges = self._judges(challenge, index, self._members, float("inf")).values()
        verdicts = [scores for judge in judges if (scores := judge(grids)) is not None]
        return [sum(values) / len(verdicts) for values in zip(*verdicts, strict=True)] if verdicts else None

    def close(self) -> None:
        """Close the members."""
        for member in self._members.values():
            member.close()
        self._members = {}

    def _priors_of(self, challenge: Challenge) -> dict[str, float]:
        return {name: float(p[0]) for name, p in self._model.probabilities([challenge]).items()}

    def _next(
        self, waiting: Sequence[str], priors: Mapping[str, float], left_s: float, solved: float, is_first: bool
    ) -> tuple[str, float] | None:
        """Choose the next member and its slot; time that earlier members left over is shared out anew.

        Somebody runs first, however little is expected; after that None means that nobody else is worth asking.
        """
        if not self.options.routed:
            return waiting[0], left_s / len(waiting)
        prospects = [self._prospect(name, priors) for name in waiting]
        slot = next_slot(prospects, max(left_s, 1e-3), solved, self.options.economy)
        if slot is None and is_first:
            slot = max(prospects, key=lambda prospect: prospect.gain_per_second(left_s)).member, left_s
        return slot

    def _prospect(self, name: str, priors: Mapping[str, float]) -> Prospect:
        known = self._model.members.get(name)
        if known is None or known.tasks < MIN_TASKS:
            return Prospect(name, None)
        return self._model.prospect(name, priors.get(name))

    def _listen(self, name: str, challenge: Challenge, slot: Budget, heard: list[Candidate]) -> Iterator[Candidate]:
        """Collect a member's candidates until it ends or its slot does; what was heard before an error stays.

        Each is passed on at once, below everything merged, in case the member overruns the whole budget.
        """
        for candidate in self._members[name].solve(challenge, slot):
            if isinstance(candidate, Candidate) and 0 <= candidate.test_index < len(challenge.test_inputs):
                heard.append(candidate)
                yield replace(candidate, confidence=OVERHEARD * min(max(candidate.confidence, 0.0), 1.0))
            if time.monotonic() > slot.deadline:
                return

    def _provisional(
        self,
        challenge: Challenge,
        votes: Mapping[int, Mapping[str, list[Vote]]],
        priors: Mapping[str, float],
        rounds: int,
    ) -> Iterator[Candidate]:
        scale = PROVISIONAL * 10.0 ** min(rounds - 1, 12)
        for index, members in votes.items():
            for place, merged in enumerate(self._merge(challenge, index, members, priors, {})[:2]):
                yield self._candidate(challenge, index, merged, scale * (1.0 if place == 0 else 0.5))

    def _merge(
        self,
        challenge: Challenge,
        index: int,
        members: Mapping[str, list[Vote]],
        priors: Mapping[str, float],
        judges: Mapping[str, Judge],
    ) -> list[Merged]:
        pooled = [vote for own in members.values() for vote in own]
        return merge(
            challenge,
            index,
            pooled,
            trust=self._model.trust,
            priors=priors,
            judges=judges,
            rules=self._rules,
        )

    def _has_judges(self) -> bool:
        return self._rules.judged and any(type(member).score is not Solver.score for member in self._members.values())

    def _judges(self, challenge: Challenge, index: int, asked: Collection[str], left_s: float) -> dict[str, Judge]:
        """Return those of the members that were asked whose judgement is worth something and ready in time."""
        found: dict[str, Judge] = {}
        for name in sorted(asked):
            trust, known = self._model.trust.members.get(name), self._model.members.get(name)
            is_trusted = trust is None or trust.tasks < MIN_TASKS or trust.right > 0
            typical_s = float(np.median(known.times_s)) if known is not None and known.times_s else MARGIN_S / 2
            if is_trusted and typical_s < left_s:
                found[name] = partial(self._judge, name, challenge, index)
        return found

    def _judge(self, name: str, challenge: Challenge, index: int, grids: Sequence[Grid]) -> Sequence[float] | None:
        """Ask a member to score grids; judging is optional, so one that fails at it is one that can't."""
        try:
            return self._members[name].score(challenge, index, grids)
        except Exception:
            return None

    def _candidate(self, challenge: Challenge, index: int, merged: Merged, confidence: float) -> Candidate:
        solved = [vote.demos_solved for vote in merged.votes if vote.demos_solved is not None]
        return Candidate(
            index,
            merged.grid,
            confidence=min(max(confidence, 0.0), 1.0),
            explanation=merged.explanation,
            demos_solved=max(solved) if solved else None,
        )


def merge_rules(without: str) -> MergeRules:
    """Return the merging rules less the named parts.

    Raises:
        ArcsolveError: for an unknown part.
    """
    off = [part.strip() for part in without.split(",") if part.strip()]
    for part in off:
        if part not in PARTS:
            raise ArcsolveError(f"Unknown part {part!r} in ensemble.without. Parts: {', '.join(PARTS)}.")
    return MergeRules(**dict.fromkeys(off, False))


def member_names(wanted: str, installed: Sequence[str]) -> list[str]:
    """Return the members that an option names.

    Raises:
        ArcsolveError: if the ensemble is named as its own member, or nothing is named.
    """
    if wanted.strip() == "auto":
        return sorted(name for name in installed if name != NAME)
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip()))
    if NAME in names:
        raise ArcsolveError("The ensemble can't be a member of itself. Take 'ensemble' out of ensemble.members.")
    if not names:
        raise ArcsolveError("ensemble.members names no solver. Give some, e.g. -o ensemble.members=hrm,dsl.")
    return names
