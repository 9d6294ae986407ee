"""NorMuon for the matrices: momentum, orthogonalised in batches of equal shape, rescaled per neuron.

After Jordan et al., "Muon" (2024), Li et al., "NorMuon" (2025), and the polynomial schedule of Amsel et al., "The
Polar Express" (2025). Fused projections are split before orthogonalising: each of q, k, v, gate and up is a matrix of
its own.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from arcsolve_hrm.devices import native_bfloat16

_POLAR_EXPRESS = (
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Move all singular values towards one.

    Args:
        matrices: [n, rows, columns], any floating dtype.

    Returns:
        The same shape; bfloat16 where the device computes in it, else float32.
    """
    x: Tensor = matrices.to(torch.bfloat16 if native_bfloat16(matrices.device.type) else torch.float32)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) * 1.02 + 1e-6)
    for a, b, c in _POLAR_EXPRESS:
        square = x @ x.mT
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.mT if tall else x


def normuon_update(
    gradient: Tensor, momentum: Tensor, second: Tensor, beta: float = 0.95, beta2: float = 0.95
) -> Tensor:
    """Compute one step's direction and update the running averages in place.

    Args:
        gradient: float32 [n, rows, columns].
        momentum: Same shape.
        second: float32 [n, rows, 1]; mean square of each neuron's update.
        beta: Of the momentum (Nesterov).
        beta2: Of the mean square.

    Returns:
        float32 direction, to be scaled by the learning rate.
    """
    momentum.lerp_(gradient, 1 - beta)
    update = orthogonalise(gradient.lerp(momentum, beta)).to(torch.float32)
    size = update.norm(dim=(-2, -1), keepdim=True)
    second.lerp_(update.square().mean(-1, keepdim=True), 1 - beta2)
    update = update * second.sqrt().add(1e-10).reciprocal()
    update = update * (size / (update.norm(dim=(-2, -1), keepdim=True) + 1e-10))
    direction: Tensor = update * max(1.0, update.shape[-2] / update.shape[-1]) ** 0.5
    return direction


class _Slice(NamedTuple):
    parameter: nn.Parameter
    first: int
    rows: int


class NorMuon:
    """The optimiser of all matrices inside the blocks.

    Args:
        model: Its ``*_proj`` weights inside the reasoning modules are taken.
        weight_decay: Decoupled, times the learning rate.
        compiled: Whether to compile the update.
    """

    def __init__(self, model: nn.Module, weight_decay: float = 0.1, compiled: bool = False) -> None:
        self.weight_decay = weight_decay
        self.parameters: list[nn.Parameter] = []
        groups: dict[tuple[int, int], list[_Slice]] = {}
        for name, parameter in model.named_parameters():
            if "_level." not in name:
                continue
            self.parameters.append(parameter)
            parts = 3 if "qkv_proj" in name else 2 if "gate_up_proj" in name else 1
            rows = parameter.shape[0] // parts
            for part in range(parts):
                groups.setdefault((rows, parameter.shape[1]), []).append(_Slice(parameter, part * rows, rows))
        self.groups = list(groups.values())
        device = self.parameters[0].device
        shapes = [(len(group), group[0].rows, group[0].parameter.shape[1]) for group in self.groups]
        self.momentum = [torch.zeros(shape, device=device) for shape in shapes]
        self.second = [torch.zeros((*shape[:2], 1), device=device) for shape in shapes]
        update: Callable[..., Tensor] = normuon_update
        self._update = torch.compile(update, dynamic=False) if compiled else update

    def step(self, learning_rate: float, pool: Executor | None = None, shares: int = 1) -> None:
        """Apply one step from the parameters' gradients.

        Args:
            learning_rate: Size of the step; a matrix moves by about this in spectral norm.
            pool: Threads to spread the matrices over.
            shares: Into how many parts to cut each group of equal shapes for them.
        """
        parts = [
            (slice(first, first + size), index)
            for index, group in enumerate(self.groups)
            for size in (-(-len(group) // shares),)
            for first in range(0, len(group), size)
        ]
        run = partial(self._step_part, learning_rate)
        list(map(run, parts) if pool is None else pool.map(run, parts))

    @torch.no_grad()
    def _step_part(self, learning_rate: float, part: tuple[slice, int]) -> None:
        taken, index = part
        group = self.groups[index][taken]
        gradients = [
            slot.parameter.grad[slot.first : slot.first + slot.rows]
            for slot in group
            if slot.parameter.grad is not None
        ]
        if len(gradients) != len(group):
            raise RuntimeError("a matrix of the reasoning modules got no gradient: the H-L channel is dead")
        stacked = torch.stack(gradients).to(torch.float32)
        update = self._update(stacked, self.momentum[index][taken], self.second[index][taken])
        targets = [slot.parameter[slot.first : slot.first + slot.rows] for slot in group]
        torch._foreach_mul_(targets, 1 - learning_rate * self.weight_decay)
        torch._foreach_add_(targets, list(update.unbind(0)), alpha=-learning_rate)

    def state_dict(self) -> dict[str, Any]:
        """Give the running averages."""
        return {"momentum": self.momentum, "second": self.second}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take them back.

        Args:
            state: From :meth:`state_dict`.
        """
        for mine, saved in zip(self.momentum + self.second, state["momentum"] + state["second"], strict=True):
            mine.copy_(saved)


def other_parameters(model: nn.Module) -> list[dict[str, Any]]:
    """Group what NorMuon leaves: tables with little decay, heads with the usual one.

    Args:
        model: The network.

    Returns:
        Parameter groups for AdamW.
    """
    tables: list[nn.Parameter] = []
    heads: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if "_level." in name:
            continue
        (tables if "emb" in name else heads).append(parameter)
    return [{"params": tables, "weight_decay": 0.01}, {"params": heads, "weight_decay": 0.01}]
