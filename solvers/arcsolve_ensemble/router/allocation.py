"""Time allocation: how long each member may try, in what order, under a total budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arcsolve_ensemble.arrays import Floats

UNITS = 40
NEWCOMER_PROBABILITY = 0.3


@dataclass(frozen=True)
class Prospect:
    """What may be expected of a member on a task.

    Attributes:
        member: its name.
        probability: that it solves the task given time enough; None for a newcomer without history.
        times_s: seconds it took on tasks that it solved, sorted; empty if unknown.
    """

    member: str
    probability: float | None
    times_s: tuple[float, ...] = ()

    def success_by(self, seconds: Floats) -> Floats:
        """Return the probability of having solved the task after each of *seconds*."""
        chance = NEWCOMER_PROBABILITY if self.probability is None else self.probability
        if not self.times_s:
            scale = max(float(seconds[-1]), 1e-9) if len(seconds) else 1.0
            return np.asarray(chance * np.minimum(seconds / scale, 1.0) ** 0.5)
        known = np.searchsorted(np.asarray(self.times_s), seconds * 1.0001 + 1e-3, side="right") / len(self.times_s)
        return np.asarray(chance * known)


def allocate(prospects: Sequence[Prospect], budget_s: float) -> list[tuple[str, float]]:
    """Divide *budget_s* among members so that the expected number of them that solve the task is highest.

    Exact by dynamic programming over `UNITS` slices. A member without history is sure of a fair share, the budget
    divided by the number of members; time that no member's record asks for is spread over all of them.

    Args:
        prospects: the members, in any order; the result does not depend on it.
        budget_s: seconds.

    Returns:
        (member, seconds) in the order to run them: most expected success per second first. Seconds sum to the budget.
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
        gain = prospect.success_by(seconds)
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
        slot = slots[prospect.member]
        typical = float(np.median(prospect.times_s)) if prospect.times_s else slot
        gained = float(prospect.success_by(np.array([slot]))[0])
        return gained / max(min(slot, typical), 1e-3)

    order = sorted(members, key=lambda prospect: (-pace(prospect), prospect.member))
    return [(prospect.member, slots[prospect.member]) for prospect in order]
