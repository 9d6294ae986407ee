"""The building blocks: weightless RMS norm, rotary positions in 1 to 3 dimensions, attention, SwiGLU, post-norm block.

Names and shapes of all parameters follow sapientinc/HRM, so that published weights load. Master weights stay float32
and are cast where they are used; norms and rotations are computed in float32.
"""

from __future__ import annotations

import inspect
import math
from typing import Any, Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention.varlen import varlen_attn

from arcsolve_hrm.passes import rms_norm, rotate, swiglu

# torch 2.10 spelled causality differently.
_CAUSAL: dict[str, Any] = (
    {"window_size": (-1, 0)} if "window_size" in inspect.signature(varlen_attn).parameters else {"is_causal": True}
)

Rope = tuple[Tensor, Tensor]
"""Cosines and sines, float32, [..., tokens, head_dim]."""


class KeyValueStore(Protocol):
    """Where one layer pass keeps its keys and values while a sequence is decoded step by step."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Append ``key``/``value`` [B, T, heads, head_dim] and attend with ``query`` over all that is stored.

        Args:
            query: Queries of the new tokens.
            key: Their keys.
            value: Their values.

        Returns:
            Attention output in the shape of ``query``.
        """


class Packing:
    """Boundaries of the documents packed one after another into a single row.

    Attributes:
        starts: int32 [documents + 1]; cumulative lengths. Repeated final values are empty documents.
        longest: Upper bound of a document's length (static, so that compiled code is reused).
    """

    def __init__(self, starts: Tensor, longest: int) -> None:
        self.starts = starts
        self.longest = longest


def truncated_normal(shape: tuple[int, ...], std: float) -> Tensor:
    """Draw from a normal distribution cut at two deviations and rescaled to exactly ``std`` (as JAX does, as HRM does).

    Args:
        shape: Size of the tensor.
        std: Standard deviation after truncation.

    Returns:
        A float32 tensor.
    """
    tensor = torch.empty(shape)
    if std == 0:
        return tensor.zero_()
    # 0.87962566 is the deviation of a unit normal cut at +-2.
    nn.init.trunc_normal_(tensor, std=1.0, a=-2.0, b=2.0)
    return tensor.mul_(std / 0.87962566103423978)


def rope_tables(positions: Tensor, head_dim: int, theta: float, pairs: tuple[int, ...] | None = None) -> Rope:
    """Make rotary tables for positions with one or more axes.

    Each axis owns a share of the ``head_dim / 2`` rotation pairs with its own ladder of frequencies. With one axis this
    is the table of the published models (rotate-half form).

    Args:
        positions: Integer or float [..., tokens, axes].
        head_dim: Width of a head.
        theta: Base of the frequency ladder.
        pairs: Rotation pairs per axis; by default an even split, with three axes (x, y, z) about 5 : 5 : 6.

    Returns:
        Cosines and sines, float32 [..., tokens, head_dim].
    """
    axes = positions.shape[-1]
    half = head_dim // 2
    if pairs is None:
        first = half if axes == 1 else (half // 2 if axes == 2 else half * 5 // 16)
        pairs = (first,) * (axes - 1) + (half - first * (axes - 1),)
    angles = []
    for axis, count in enumerate(pairs):
        ladder = 1.0 / (
            theta ** (torch.arange(0, 2 * count, 2, dtype=torch.float32, device=positions.device) / (2 * count))
        )
        angles.append(positions[..., axis, None].to(torch.float32) * ladder)
    table = torch.cat(angles, dim=-1)  # [..., tokens, head_dim / 2]
    table = torch.cat((table, table), dim=-1)
    return table.cos(), table.sin()


def packed_attention(query: Tensor, key: Tensor, value: Tensor, packing: Packing) -> Tensor:
    """Causal attention inside each packed document.

    Args:
        query: [tokens, heads, head_dim]; on a GPU in bfloat16 or float16.
        key: Same shape.
        value: Same shape.
        packing: Document boundaries.

    Returns:
        [tokens, heads, head_dim].
    """
    if query.is_cuda:
        ends, longest = packing.starts, packing.longest
        return cast(Tensor, varlen_attn(query, key, value, ends, ends, longest, longest, **_CAUSAL))
    out: Tensor = _attention_by_document(query, key, value, packing.starts)
    return out


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _attention_by_document(query: Tensor, key: Tensor, value: Tensor, starts: Tensor) -> Tensor:
    """Attend in one document after the other: on a CPU the kernel calls cost less than a mask over the whole row."""
    lengths = [length for length in starts.diff().tolist() if length]
    # Splitting, not slicing: its gradient is one concatenation.
    # In float32: the kernel's backward pass in bfloat16 takes three times as long.
    wide = [part.to(torch.float32).transpose(0, 1)[None] for part in (query, key, value)]
    parts = zip(*(torch.split(part, lengths, dim=2) for part in wide), strict=True)
    out = [F.scaled_dot_product_attention(q, k, v, is_causal=True) for q, k, v in parts]
    return torch.cat(out, dim=2)[0].transpose(0, 1).to(query.dtype)


class CastedLinear(nn.Module):
    """A linear map whose float32 weight is cast to the dtype of its input at each use."""

    bias: nn.Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(truncated_normal((out_features, in_features), 1.0 / math.sqrt(in_features)))
        self.bias = nn.Parameter(torch.zeros(out_features)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Map the last axis."""
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.linear(x, self.weight.to(x.dtype), bias)


class CastedEmbedding(nn.Module):
    """Token embedding under the published name ``embedding_weight``."""

    def __init__(self, rows: int, width: int, std: float) -> None:
        super().__init__()
        self.embedding_weight = nn.Parameter(truncated_normal((rows, width), std))

    def forward(self, index: Tensor, dtype: torch.dtype) -> Tensor:
        """Look up rows in ``dtype``."""
        return F.embedding(index, self.embedding_weight.to(dtype))


class VectorTable(nn.Module):
    """A table of vectors under the published name ``weights`` (puzzle embedding, dihedral embedding)."""

    def __init__(self, rows: int, width: int, std: float) -> None:
        super().__init__()
        self.weights = nn.Parameter(truncated_normal((rows, width), std))

    def forward(self, index: Tensor, dtype: torch.dtype) -> Tensor:
        """Look up rows in ``dtype``."""
        return F.embedding(index, self.weights.to(dtype))


class Attention(nn.Module):
    """Multi-head attention with one fused projection (queries, keys, values in this order)."""

    def __init__(self, hidden_size: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = hidden_size // num_heads
        self.qkv_proj = CastedLinear(hidden_size, 3 * hidden_size)
        self.o_proj = CastedLinear(hidden_size, hidden_size)

    def forward(
        self, x: Tensor, rope: Rope, causal: bool, packing: Packing | None = None, store: KeyValueStore | None = None
    ) -> Tensor:
        """Attend within each row of the batch, within packed documents, or over a key/value store.

        Args:
            x: [B, T, hidden]; B is 1 when packed.
            rope: Rotary tables for the T tokens.
            causal: Whether tokens see only earlier ones (packed rows and stores are always causal).
            packing: Document boundaries when several sequences share the row.
            store: Earlier keys and values when decoding step by step.

        Returns:
            [B, T, hidden].
        """
        qkv = self.qkv_proj(x).unflatten(-1, (3 * self.num_heads, self.head_dim))
        both, value = qkv.split((2 * self.num_heads, self.num_heads), dim=-2)
        query, key = rotate(both, rope).chunk(2, dim=-2)  # like value [B, T, heads, head_dim]
        if store is not None:
            out = store.attend(query, key, value)
        elif packing is not None:
            out = packed_attention(query[0], key[0], value[0], packing)[None]
        else:
            out = F.scaled_dot_product_attention(
                query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), is_causal=causal
            ).transpose(1, 2)
        projected: Tensor = self.o_proj(out.flatten(-2))
        return projected


class SwiGLU(nn.Module):
    """Gated feed-forward layer with gate and up projection fused (gate first)."""

    def __init__(self, hidden_size: int, inner_size: int) -> None:
        super().__init__()
        self.gate_up_proj = CastedLinear(hidden_size, 2 * inner_size)
        self.down_proj = CastedLinear(inner_size, hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """Map [..., hidden] to [..., hidden]."""
        out: Tensor = self.down_proj(swiglu(self.gate_up_proj(x)))
        return out


class Block(nn.Module):
    """Post-norm transformer block: ``z = rms(z + attention(z))``, then ``z = rms(z + swiglu(z))``."""

    def __init__(self, hidden_size: int, num_heads: int, inner_size: int, eps: float, dropout: float = 0.0) -> None:
        super().__init__()
        self.self_attn = Attention(hidden_size, num_heads)
        self.mlp = SwiGLU(hidden_size, inner_size)
        self.eps = eps
        self.dropout = dropout

    def forward(
        self, z: Tensor, rope: Rope, causal: bool, packing: Packing | None = None, store: KeyValueStore | None = None
    ) -> Tensor:
        """Refine the states [B, T, hidden]; the arguments are those of :meth:`Attention.forward`."""
        attended = self.self_attn(z, rope, causal, packing, store)
        if self.training and self.dropout:
            attended = F.dropout(attended, self.dropout)
        z = rms_norm(z, self.eps, attended)
        fed = self.mlp(z)
        if self.training and self.dropout:
            fed = F.dropout(fed, self.dropout)
        return rms_norm(z, self.eps, fed)
