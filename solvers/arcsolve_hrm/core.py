"""The Hierarchical Reasoning Model: two recurrent modules, cycles, segments with adaptive halting, two heads.

Follows Wang et al., "Hierarchical Reasoning Model" (2025), and Jolicoeur-Martineau, "Less is More: Recursive Reasoning
with Tiny Networks" (2025), in parameter names, shapes and order of operations, so that published weights give the
published numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from arcsolve_hrm.config import HRMConfig
from arcsolve_hrm.layers import (
    Block,
    CastedEmbedding,
    CastedLinear,
    KeyValueStore,
    Packing,
    Rope,
    VectorTable,
    rope_tables,
    truncated_normal,
)


class State(NamedTuple):
    """The two recurrent states, each [B, T, hidden] in the forward dtype."""

    z_h: Tensor
    z_l: Tensor


class StepOutput(NamedTuple):
    """What one segment gives."""

    state: State
    """Detached: the next segment starts from it without gradient."""
    logits: Tensor
    """[B, T, vocab] in the forward dtype; on the canvas the prefix is cut off."""
    q: Tensor
    """float32 [B, 2] on the canvas (first prefix token), [B, T, 2] in a sequence: halt, continue."""


class ReasoningModule(nn.Module):
    """A stack of blocks that first adds an injection to its state."""

    def __init__(self, config: HRMConfig, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Block(config.hidden_size, config.num_heads, config.inner_size, config.rms_norm_eps, config.dropout)
            for _ in range(layers)
        )

    def forward(
        self,
        z: Tensor,
        injection: Tensor,
        rope: Rope,
        causal: bool,
        packing: Packing | None = None,
        stores: Iterator[KeyValueStore] | None = None,
    ) -> Tensor:
        """Add ``injection`` and run the blocks.

        Args:
            z: State [B, T, hidden].
            injection: Same shape.
            rope: Rotary tables.
            causal: Whether tokens see only earlier ones.
            packing: Document boundaries of a packed row.
            stores: Gives one key/value store per layer pass when decoding step by step.

        Returns:
            The new state.
        """
        z = z + injection
        for layer in self.layers:
            z = layer(z, rope, causal, packing, None if stores is None else next(stores))
        return z


class HRM(nn.Module):
    """The network without any task logic: embeddings in, states and head outputs out."""

    H_init: Tensor
    L_init: Tensor

    def __init__(self, config: HRMConfig) -> None:
        super().__init__()
        self.config = config
        width = config.hidden_size
        self.embed_scale = math.sqrt(width)
        self.embed_tokens = CastedEmbedding(config.vocab_size, width, 1.0 / self.embed_scale)
        self.lm_head = CastedLinear(width, config.vocab_size)
        self.q_head = CastedLinear(width, 2, bias=True)
        with torch.no_grad():
            self.q_head.weight.zero_()
            if self.q_head.bias is not None:
                self.q_head.bias.fill_(-5.0)
        added = config.layout == "seq"
        self.puzzle_emb = VectorTable(config.num_tasks, width, 0.5 / self.embed_scale if added else 0.0)
        if config.dihedral_rows:
            self.dihedral_emb = VectorTable(config.dihedral_rows, width, 0.5 / self.embed_scale)
        if not config.share_hl:
            self.H_level = ReasoningModule(config, config.h_layers)
        self.L_level = ReasoningModule(config, config.l_layers)
        self.register_buffer("H_init", truncated_normal((width,), config.state_std).to(self.dtype))
        self.register_buffer("L_init", truncated_normal((width,), config.state_std).to(self.dtype))

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of all activations."""
        dtype = getattr(torch, self.config.forward_dtype)
        if not isinstance(dtype, torch.dtype):
            raise TypeError(f"forward_dtype {self.config.forward_dtype!r} is no torch dtype")
        return dtype

    @property
    def high_level(self) -> ReasoningModule:
        """The module in the H role (the L module itself where both are shared)."""
        return self.L_level if self.config.share_hl else self.H_level

    def initial_state(self, batch: int, tokens: int) -> State:
        """Give fresh states.

        Args:
            batch: Rows.
            tokens: Tokens per row, prefix included.

        Returns:
            H_init and L_init broadcast to [batch, tokens, hidden].
        """
        shape = (batch, tokens, self.config.hidden_size)
        return State(self.H_init.to(self.dtype).expand(shape), self.L_init.to(self.dtype).expand(shape))

    def embed_canvas(self, tokens: Tensor, tasks: Tensor) -> Tensor:
        """Embed flattened canvases behind the puzzle prefix.

        Args:
            tokens: [B, cells], values 0..11.
            tasks: [B] rows of the puzzle embedding.

        Returns:
            [B, puzzle_emb_len + cells, hidden], scaled by sqrt(hidden).
        """
        return self.embed_canvas_vectors(tokens, self.puzzle_emb(tasks, self.dtype))

    def embed_canvas_vectors(self, tokens: Tensor, vectors: Tensor) -> Tensor:
        """Embed flattened canvases behind puzzle vectors that the caller looked up.

        Args:
            tokens: [B, cells], values 0..11.
            vectors: [B, hidden] puzzle vectors.

        Returns:
            [B, puzzle_emb_len + cells, hidden], scaled by sqrt(hidden).
        """
        cells = self.embed_tokens(tokens, self.dtype)
        # The vector fills the first prefix token; TRM's further prefix tokens are zeros.
        prefix = F.pad(vectors.to(self.dtype), (0, (self.config.puzzle_emb_len - 1) * self.config.hidden_size))
        prefix = prefix.view(len(tokens), self.config.puzzle_emb_len, self.config.hidden_size)
        return self.embed_scale * torch.cat((prefix, cells), dim=-2)

    def embed_sequence(self, tokens: Tensor, tasks: Tensor, dihedrals: Tensor) -> Tensor:
        """Embed sequences with the task and dihedral vectors added to every token.

        Args:
            tokens: [B, T], values 0..13.
            tasks: [B, T] or [B, 1], rows of the puzzle embedding.
            dihedrals: Same shape, 0..7.

        Returns:
            [B, T, hidden], scaled by sqrt(hidden).
        """
        x = self.embed_tokens(tokens, self.dtype)
        x = x + self.puzzle_emb(tasks, self.dtype) + self.dihedral_emb(dihedrals, self.dtype)
        scaled: Tensor = self.embed_scale * x
        return scaled

    def rope(self, positions: Tensor) -> Rope:
        """Make the rotary tables.

        Args:
            positions: [..., T, axes] with the axes of ``config.position`` (1, 2 or 3).

        Returns:
            Cosines and sines.
        """
        return rope_tables(positions, self.config.head_dim, self.config.rope_theta)

    def canvas_rope(self, cells: Tensor | None = None) -> Rope:
        """Rotary tables of the flattened canvas including the prefix (1D).

        Args:
            cells: int64 [T] indices on the full canvas of the cells that are present; None means all of them.

        Returns:
            Cosines and sines for prefix and cells.
        """
        device = self.lm_head.weight.device
        prefix = torch.arange(self.config.puzzle_emb_len, device=device)
        cells = torch.arange(self.config.seq_len, device=device) if cells is None else cells.to(device)
        return self.rope(torch.cat((prefix, cells + self.config.puzzle_emb_len))[:, None])

    def segment(
        self,
        state: State,
        x: Tensor,
        rope: Rope,
        packing: Packing | None = None,
        stores: Sequence[KeyValueStore] | None = None,
        watch: Callable[[Tensor], None] | None = None,
    ) -> StepOutput:
        """Run all cycles of one ACT segment.

        Args:
            state: From :meth:`initial_state` or the previous segment.
            x: Input embeddings [B, T, hidden].
            rope: Rotary tables for the T tokens.
            packing: Document boundaries when the row is packed (B = 1).
            stores: ``config.layer_passes`` key/value stores when decoding step by step.
            watch: Called with z_h [B, T, hidden] after each H pass, i.e. after each cycle.

        Returns:
            The detached state, logits and Q values.
        """
        config = self.config
        z_h, z_l = state
        taken = None if stores is None else iter(stores)
        passes = config.passes
        with_gradient = {
            "all": 0,
            "last_cycle": len(passes) - config.l_cycles - 1,
            "last_step": len(passes) - 2,
        }[config.gradient]
        for index, role in enumerate(passes):
            with torch.no_grad() if index < with_gradient else nullcontext():
                if role == "L":
                    z_l = self.L_level(z_l, z_h + x, rope, config.causal, packing, taken)
                else:
                    z_h = self.high_level(z_h, z_l, rope, config.causal, packing, taken)
                    if watch is not None:
                        watch(z_h)
        logits, q = self.heads(z_h)
        return StepOutput(State(z_h.detach(), z_l.detach()), logits, q)

    def heads(self, z_h: Tensor) -> tuple[Tensor, Tensor]:
        """Read logits and Q values off the H state.

        Args:
            z_h: [B, T, hidden].

        Returns:
            As in :class:`StepOutput`.
        """
        prefix = self.config.puzzle_emb_len
        logits = self.lm_head(z_h)[:, prefix:] if prefix else self.lm_head(z_h)
        return logits, self.q_head(z_h[:, 0] if prefix else z_h).to(torch.float32)
