"""What one can set of the solver `hrm`."""

from __future__ import annotations

from typing import Literal

import arcsolve


class HrmOptions(arcsolve.Options):
    """Options of the HRM solver."""

    checkpoint: str = arcsolve.Option(
        "", description="Checkpoint folder, or the name of a shipped one; empty takes the largest."
    )
    views: int = arcsolve.Option(
        0,
        ge=0,
        le=1000,
        description="Augmented views per test input that vote; 0: 64 on a GPU, 8 on a CPU (fewer if large).",
    )
    weigh: bool = arcsolve.Option(
        True, description="Rank answers by how likely the network finds them, too, not by votes alone (seq models)."
    )
    max_cycles: int = arcsolve.Option(
        0, ge=0, le=64, description="ACT segments at most, also beyond the trained number; 0 as trained."
    )
    halt: bool = arcsolve.Option(True, description="Stop thinking early where the Q head says so (canvas models).")
    canvas: Literal["bounding", "full"] = arcsolve.Option(
        "bounding", description="Cut the canvas down to the foretold size, or keep 30x30 (canvas models)."
    )
    unseen: Literal["abstain", "train"] = arcsolve.Option(
        "abstain", description="What to do with a task whose demonstrations the checkpoint never saw."
    )
    forget: bool = arcsolve.Option(
        False, description="Treat every task as unseen: with unseen=train the stricter protocol."
    )
    trace: bool = arcsolve.Option(True, description="Explain the best answer by how the network came to it.")
    dtype: Literal["auto", "float32", "bfloat16"] = arcsolve.Option(
        "auto", description="Floating-point type; auto takes bfloat16 where the machine has it."
    )
