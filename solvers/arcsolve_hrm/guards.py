"""Guards that end a run with the reason: mode collapse, and a dead channel between the two modules.

A model of this family once scored 71 % "pixel accuracy" by answering nothing but one token (notes on it are in the
project's history); a loss curve alone does not show that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

COLLAPSED_SHARE = 0.98
"""Of the predicted cells that have one colour: what counts as constant."""
COLLAPSED_MARGIN = 0.1
"""How much more of it than the true outputs have."""
DEAD_RATIO = 1e-4
"""Gradient per weight of one module over the other's below which the channel between them is dead."""
PATIENCE = 3
"""Findings in a row before a run is stopped."""


class TrainingStoppedError(RuntimeError):
    """A guard ended the run; the message says why."""


def gradient_size(parameters: Iterable[nn.Parameter]) -> float:
    """Give the root mean square of the gradients; parameters without one count as zeros."""
    total, count = 0.0, 0
    for parameter in parameters:
        count += parameter.numel()
        gradient: Tensor | None = parameter.grad
        if gradient is not None:
            total += float(gradient.square().sum())
    return math.sqrt(total / max(1, count))


def channel_ratio(low: nn.Module, high: nn.Module) -> float:
    """Compare how much gradient reaches the two modules.

    The input enters the network through L alone and the answer leaves through H, so L learns only through what H takes
    from it, and H sees only what L gives.

    Args:
        low: The L module.
        high: The H module.

    Returns:
        The smaller root mean square over the larger, 0..1; 1 where one module plays both roles.
    """
    if low is high:
        return 1.0
    sizes = gradient_size(low.parameters()), gradient_size(high.parameters())
    return min(sizes) / max(sizes) if max(sizes) > 0 else 0.0


@dataclass
class Guards:
    """Counts findings in a row.

    Attributes:
        findings: Per kind of finding, how often it was seen in a row.
    """

    findings: dict[str, int] = field(default_factory=dict)

    def channel(self, ratio: float) -> None:
        """Take a :func:`channel_ratio`.

        Raises:
            TrainingStoppedError: After `PATIENCE` ratios in a row below `DEAD_RATIO`.
        """
        self._count(
            "channel",
            # Written so that a NaN is a finding.
            not ratio >= DEAD_RATIO,
            f"the H-L channel is dead: one module gets {ratio:.1e} of the other's gradient. Look at the initial "
            "states and the injections, or lower the learning rate.",
        )

    def collapse(self, measured: Mapping[str, float]) -> None:
        """Take a held-out measurement with ``one_colour``, ``one_colour_true``, ``black`` and ``black_true``.

        Raises:
            TrainingStoppedError: After `PATIENCE` measurements in a row in which nearly all predicted cells have one
                colour (or are black, which is what Agent Zero answers) and the true outputs don't.
        """
        for what, name in (("one_colour", "nearly constant"), ("black", "Agent Zero's (all black)")):
            share, true = measured[what], measured[f"{what}_true"]
            self._count(
                what,
                share >= COLLAPSED_SHARE and share > true + COLLAPSED_MARGIN,
                f"mode collapse: the outputs are {name}: {share:.1%} of the predicted cells, {true:.1%} of the true "
                "ones. Check the encoding, the loss mask and the task rows, or lower the learning rate.",
            )

    def _count(self, kind: str, found: bool, reason: str) -> None:
        self.findings[kind] = self.findings.get(kind, 0) + 1 if found else 0
        if self.findings[kind] >= PATIENCE:
            raise TrainingStoppedError(f"Stopped: {reason}")
