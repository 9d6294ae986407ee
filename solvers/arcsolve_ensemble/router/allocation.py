"""Time allocation: how long each member may try, in what order, under a total budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arcsolve_ensemble.arrays import Floats

UNITS = 40
NEWCOMER_PROBABILITY = 0.3
SURE = 0.999
"""No probability counts for more: nothing is that certain."""
SPREAD = 0.25
"""How far a run may be off its recorded time: a logistic law of the logarithm, twice the time once in seventeen."""


@dataclass(frozen=True)
class Prospect:
    """What may be expected of a member on a task.

    Attributes:
        member: its name.
        probability: that it solves the task given time enough; None for a newcomer without history.
        times_s: seconds of one core that it took on tasks that it solved, sorted; empty if unknown.
    """

    member: str
    probability: float | None
    times_s: tuple[float, ...] = ()

    def success_by(self, seconds: Floats) -> Floats:
        """Return the probability of having solved the task after each of *seconds*.

        Recorded times hold for another machine, or another hour of this one, only more or less, and the slowest task
        of a record is not the slowest there is; so each stands for a spread of times around it.
        """
        chance = NEWCOMER_PROBABILITY if self.probability is None else self.probability
        if not self.times_s:
            scale = max(float(seconds[-1]), 1e-9) if len(seconds) else 1.0
            return np.asarray(chance * np.minimum(seconds / scale, 1.0) ** 0.5)
        relative = np.maximum(np.asarray(self.times_s), 1e-3) / np.maximum(seconds, 1e-6)[:, None]
        return np.asarray(chance * (1 / (1 + relative ** (1 / SPREAD))).mean(axis=1))

    def gain_per_second(self, slot_s: float) -> float:
        """Return the probability of success within a slot by the seconds that it will typically take."""
        typical = float(np.median(self.times_s)) if self.times_s else slot_s
        return float(self.success_by(np.array([slot_s]))[0]) / max(min(slot_s, typical), 1e-3)


def allocate(prospects: Sequence[Prospect], budget_s: float) -> list[tuple[str, float]]:
    """Divide *budget_s* among members so that the probability that at least one of them solves the task is highest.

    Members are taken as independent, so that the logarithm of the probability that none does is a sum over members;
    exact by dynamic programming over `UNITS` slices. A member without history is sure of a fair share, the budget
    divided by the number of members; time that no member's record asks for is spread over all of them.

    Args:
        prospects: the members, in any order; the result does not depend on it.
        budget_s: seconds.

    Returns:
        (member, seconds) in the order to run them: most success per second first. Seconds sum to the budget.
    """
    if not prospects:
        return []
    members = sorted(prospects, key=lambda prospect: prospect.member)
    unit = budget_s / UNITS
    seconds: Floats = unit * np.arange(UNITS + 1, dtype=np.float64)
    floors = [UNITS // len(members) if prospect.probability is None else 0 for prospect in members]
    best = np.full(UNITS + 1, -np.inf)
    best[0] = 0.0
    taken = np.zeros((len(members), UNITS + 1), dtype=np.int64)
    for row, prospect in enumerate(members):
        gain = -np.log1p(-np.minimum(prospect.success_by(seconds), SURE))
        updated = np.full(UNITS + 1, -np.inf)
        for total in range(UNITS + 1):
            options = [
                (best[total - units] + gain[units], -units)
                for units in range(min(floors[row], total), total + 1)
                if units >= floors[row]
            ]
            if options:
                value, minus = max(options)
                updated[total], taken[row, total] = value, -minus
        best = updated
    total = int(np.argmax(best))
    units_of: dict[str, int] = {}
    for row in range(len(members) - 1, -1, -1):
        units_of[members[row].member] = int(taken[row, total])
        total -= int(taken[row, total])
    spare = UNITS - sum(units_of.values())
    share = spare * unit / len(members)
    slots = {prospect.member: units_of[prospect.member] * unit + share for prospect in members}

    def pace(prospect: Prospect) -> float:
        return prospect.gain_per_second(slots[prospect.member])

    order = sorted(members, key=lambda prospect: (-pace(prospect), prospect.member))
    return [(prospect.member, slots[prospect.member]) for prospect in order]


def next_slot(
    prospects: Sequence[Prospect], left_s: float, solved: float = 0.0, economy: float = 0.0
) -> tuple[str, float] | None:
    """Choose who runs next, and how long.

    Args:
        prospects: the members that have not run yet.
        left_s: seconds that are left.
        solved: probability that the task is solved already.
        economy: how much success per second a member must promise, over what is solved already, to be asked at all.

    Returns:
        A member and its slot, all that is left if it is the last; None if no member is worth asking, because its
        record promises too little or it never solved anything so soon. A newcomer is always worth asking.
    """
    worth = [
        prospect
        for prospect in prospects
        if prospect.probability is None
        or (
            (not prospect.times_s or prospect.times_s[0] <= left_s)
            and (1 - solved) * prospect.gain_per_second(left_s) >= economy
        )
    ]
    slots = [slot for slot in allocate(worth, left_s) if slot[1] > 0]
    if not slots:
        return None
    return slots[0][0], left_s if len(worth) == 1 else slots[0][1]
