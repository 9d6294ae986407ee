"""The shape of a Hierarchical Reasoning Model: sizes, cycles, layout; with the presets that have names.

One set of parameter names serves two layouts: ``canvas`` (the published HRM and TRM: a flattened padded canvas, puzzle
id as a prefix, bidirectional, parallel output) and ``seq`` (input rows, separator, output rows; causal; task and
dihedral vectors added to every token; output decoded cell by cell).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

Layout = Literal["canvas", "seq"]
Position = Literal["rope1d", "rope2d", "rope3d"]
Gradient = Literal["last_step", "last_cycle", "all"]


@dataclass(frozen=True)
class HRMConfig:
    """Everything needed to build the network; stored beside the weights."""

    layout: Layout = "seq"
    """``canvas`` or ``seq``; decides causality and how task and position are told."""
    vocab_size: int = 14
    """Tokens: 12 on the canvas (PAD, EOS, ten colours), 14 in a sequence (ten colours, start, newline, sep, end)."""
    hidden_size: int = 512
    num_heads: int = 8
    h_layers: int = 4
    """Layers of the slow module H; 0 shares the L module for both roles (TRM)."""
    l_layers: int = 4
    h_cycles: int = 1
    l_cycles: int = 1
    expansion: float = 4.0
    """SwiGLU inner size is the multiple of 256 above ``round(expansion * hidden_size * 2 / 3)``."""
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    position: Position = "rope3d"
    seq_len: int = 900
    """Canvas cells (canvas layout only)."""
    puzzle_emb_len: int = 0
    """Prefix tokens that carry the puzzle vector (canvas); 0 adds the vector to every token (seq)."""
    num_tasks: int = 1
    """Rows of the puzzle embedding."""
    dihedral_rows: int = 0
    """Rows of the dihedral embedding: 8 in the seq layout, 0 on the canvas."""
    halt_max_steps: int = 1
    """ACT segments at most."""
    halt_exploration_prob: float = 0.1
    gradient: Gradient = "last_step"
    """Which passes of a segment get gradient: the last L and H pass (HRM), the last H cycle (TRM) or all."""
    no_act_continue: bool = True
    state_std: float = 1.0
    """Standard deviation of the initial states H_init and L_init."""
    dropout: float = 0.0
    forward_dtype: str = "bfloat16"

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_heads

    @property
    def causal(self) -> bool:
        """Whether a token sees only what stands before it."""
        return self.layout == "seq"

    @property
    def share_hl(self) -> bool:
        """Whether one module plays both roles (TRM)."""
        return self.h_layers == 0

    @property
    def inner_size(self) -> int:
        """SwiGLU width: the published rule."""
        return -(-round(self.expansion * self.hidden_size * 2 / 3) // 256) * 256

    @property
    def passes(self) -> tuple[str, ...]:
        """Module passes of one segment in order, e.g. ``("L", "L", "H", "L", "L", "H")``."""
        return (("L",) * self.l_cycles + ("H",)) * self.h_cycles

    @property
    def layer_passes(self) -> int:
        """Layer evaluations per segment: one key/value cache each."""
        sizes = {"L": self.l_layers, "H": self.h_layers or self.l_layers}
        return sum(sizes[role] for role in self.passes)

    def to_json(self) -> str:
        """Serialise for the file beside the weights."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> HRMConfig:
        """Rebuild from :meth:`to_json` output, ignoring keys of newer versions.

        Args:
            values: The parsed JSON object.

        Returns:
            The configuration.
        """
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


_CANVAS = HRMConfig(
    layout="canvas",
    vocab_size=12,
    h_cycles=2,
    l_cycles=2,
    position="rope1d",
    puzzle_emb_len=1,
    halt_max_steps=16,
    no_act_continue=False,
)
_SEQ = HRMConfig(dihedral_rows=8, state_std=0.1, dropout=0.1, gradient="all")

PRESETS: dict[str, HRMConfig] = {
    "hrm-27m": _CANVAS,
    "trm-7m": replace(
        _CANVAS,
        h_layers=0,
        l_layers=2,
        h_cycles=3,
        l_cycles=6,
        puzzle_emb_len=16,
        no_act_continue=True,
        gradient="last_cycle",
    ),
    "hrm-7m": replace(_CANVAS, hidden_size=256, h_layers=4, l_layers=3, h_cycles=8, l_cycles=1),
    "seq-28m": _SEQ,
    "tiny": replace(_SEQ, hidden_size=64, num_heads=2, h_layers=1, l_layers=1, expansion=2.0, dropout=0.0),
}
"""Named shapes. ``hrm-27m`` and ``trm-7m`` take the published weights; ``seq-28m`` is what we train."""
