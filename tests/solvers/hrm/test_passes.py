"""The written-out passes give autograd's own values and gradients; compiled, they still do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from arcsolve_hrm import passes
from arcsolve_hrm.passes import rms_norm, rotate, swiglu

Call = Callable[[Tensor], Tensor]


def _cases() -> dict[str, tuple[Call, Call]]:
    generator = torch.Generator().manual_seed(1)
    added = torch.randn((2, 5, 3, 16), generator=generator)
    angles = torch.randn((2, 5, 8), generator=generator)
    rope = tuple(torch.cat((table, table), -1) for table in (angles.cos(), angles.sin()))

    def norm(x: Tensor) -> Tensor:
        y = x + added
        return y * torch.rsqrt(y.square().mean(-1, keepdim=True) + 1e-5)

    def turn(x: Tensor) -> Tensor:
        cos, sin = (table.unsqueeze(-2) for table in rope)
        return x * cos + torch.cat((-x[..., 8:], x[..., :8]), -1) * sin

    return {
        "norm": (lambda x: rms_norm(x, 1e-5, added), norm),
        "rotation": (lambda x: rotate(x, (rope[0], rope[1])), turn),
        "gate": (swiglu, lambda x: F.silu(x[..., :8]) * x[..., 8:]),
    }


def _compare(name: str) -> None:
    mine, plain = _cases()[name]
    x = torch.randn((2, 5, 3, 16), generator=torch.Generator().manual_seed(2), requires_grad=True)
    out, expected = mine(x), plain(x)
    weight = torch.arange(out.numel(), dtype=torch.float32).view(out.shape).sin()
    torch.testing.assert_close(out, expected, atol=1e-6, rtol=1e-5)
    gradients = [torch.autograd.grad((value * weight).sum(), x)[0] for value in (out, expected)]
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["norm", "rotation", "gate"])
def test_passes_equal_autograd(name: str) -> None:
    _compare(name)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # torch.compile warns about what is not ours
def test_compiled_passes_equal_autograd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "_PASSES", dict(passes._PASSES))
    passes.compile_passes()
    for name in _cases():
        _compare(name)
