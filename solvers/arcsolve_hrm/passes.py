"""The elementwise passes of a block with their gradients written out: on a CPU each pass over memory is what costs.

Autograd's own gradients of these make about three times as many passes. :func:`compile_passes` also fuses each of them
into one loop (C++ by torch.compile; a C++ compiler must be there); it takes about ten seconds, not minutes as
compiling whole blocks does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def _normed(z: Tensor, added: Tensor | None, eps: float) -> tuple[Tensor, Tensor]:
    wide = (z if added is None else z + added).to(torch.float32)
    scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return (wide * scale).to(z.dtype), scale


def _normed_back(gradient: Tensor, normed: Tensor, scale: Tensor) -> Tensor:
    wide, unit = gradient.to(torch.float32), normed.to(torch.float32)
    along = (wide * unit).mean(-1, keepdim=True)
    return (torch.addcmul(wide, unit, along, value=-1.0) * scale).to(gradient.dtype)


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    low, high = x.to(cos.dtype).chunk(2, dim=-1)
    cos, sin = cos.unsqueeze(-2), sin.unsqueeze(-2)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1).to(x.dtype)


def _gated(both: Tensor) -> Tensor:
    gate, up = both.chunk(2, dim=-1)
    return F.silu(gate) * up


def _gated_back(gradient: Tensor, both: Tensor) -> tuple[Tensor, Tensor]:
    gate, up = both.chunk(2, dim=-1)
    return torch.ops.aten.silu_backward(gradient * up, gate), gradient * F.silu(gate)


_PASSES: dict[str, Callable[..., Any]] = {
    "normed": _normed,
    "normed_back": _normed_back,
    "turned": _turned,
    "gated": _gated,
    "gated_back": _gated_back,
}


def compile_passes() -> None:
    """Fuse the passes for the rest of this process; results differ in the last bit of bfloat16."""
    for name, function in list(_PASSES.items()):
        _PASSES[name] = torch.compile(function, dynamic=False)


class _Norm(torch.autograd.Function):
    @staticmethod
    def forward(z: Tensor, added: Tensor | None, eps: float) -> tuple[Tensor, Tensor]:
        result: tuple[Tensor, Tensor] = _PASSES["normed"](z, added, eps)
        return result

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor | None, float], output: tuple[Tensor, Tensor]) -> None:
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*output)
        ctx.two = inputs[1] is not None

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None]:
        gradient = _PASSES["normed_back"](gradients[0], *ctx.saved_tensors)
        return gradient, gradient if ctx.two else None, None


class _Rotation(torch.autograd.Function):
    """The gradient of a rotation is the rotation back."""

    @staticmethod
    def forward(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        turned: Tensor = _PASSES["turned"](x, cos, sin)
        return turned

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _PASSES["turned"](gradients[0], cos, -sin), None, None


class _Gate(torch.autograd.Function):
    @staticmethod
    def forward(both: Tensor) -> Tensor:
        gated: Tensor = _PASSES["gated"](both)
        return gated

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return torch.cat(_PASSES["gated_back"](gradients[0], ctx.saved_tensors[0]), dim=-1)


def _written_out(x: Tensor) -> bool:
    return x.requires_grad and not x.is_cuda


def rms_norm(z: Tensor, eps: float, added: Tensor | None = None) -> Tensor:
    """Scale to unit root mean square over the last axis, in float32, without a weight.

    Args:
        z: Any floating tensor.
        eps: Added to the mean square.
        added: Added to ``z`` first, if given; same shape.

    Returns:
        The same shape and dtype as ``z``.
    """
    if _written_out(z) or (added is not None and _written_out(added)):
        normed: Tensor = _Norm.apply(z, added, eps)[0]  # type: ignore[no-untyped-call]  # torch gives it no types
        return normed
    return _normed(z, added, eps)[0]


def rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    """Apply rotary positions in float32.

    Args:
        x: [..., tokens, heads, head_dim].
        rope: Tables that broadcast to [..., tokens, head_dim]; both halves of a table are equal.

    Returns:
        The rotated tensor in the dtype of ``x``.
    """
    cos, sin = (table.chunk(2, dim=-1)[0] for table in rope)
    if _written_out(x):
        turned: Tensor = _Rotation.apply(x, cos, sin)  # type: ignore[no-untyped-call]  # torch gives it no types
        return turned
    return _turned(x, cos, sin)


def swiglu(both: Tensor) -> Tensor:
    """Multiply the second half of the last axis by the SiLU of the first.

    Args:
        both: [..., 2 * inner], gate first.

    Returns:
        [..., inner].
    """
    if _written_out(both):
        gated: Tensor = _Gate.apply(both)  # type: ignore[no-untyped-call]  # torch gives it no types
        return gated
    return _gated(both)
