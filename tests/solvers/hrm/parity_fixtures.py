"""Reads the parity fixtures: what the public HRM and TRM code computes from seeded random weights on the CPU.

The arrays of one family lie in one xz file, four-byte values split into byte planes (which compresses better), with
names, dtypes and shapes in the json beside it. Gradients of more than 700 values are kept as every 211th value and
the norm. Both families' forward passes and training segments were equal bit for bit when the fixtures were made.
"""

import json
import lzma
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arcsolve_hrm.config import HRMConfig
from arcsolve_hrm.core import HRM

FOLDER = Path(__file__).parent / "fixtures"
GRADIENT_STRIDE = 211


@cache
def arrays(family: str) -> dict[str, torch.Tensor]:
    """All arrays of ``hrm`` or ``trm`` by name; integers as int64."""
    shapes = meta(family)["arrays"]
    planes = np.frombuffer(lzma.decompress((FOLDER / f"{family}_parity.xz").read_bytes()), np.uint8).reshape(4, -1)
    result, start = {}, 0
    for name, (dtype, shape) in shapes.items():
        size = prod(shape)
        values = np.ascontiguousarray(planes[:, start : start + size].T).view(dtype).reshape(shape)
        result[name] = torch.from_numpy(values.astype(np.int64) if dtype == "int32" else values)
        start += size
    return result


@cache
def meta(family: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{family}_parity.json").read_text())  # type: ignore[no-any-return]


def group(family: str, prefix: str) -> dict[str, torch.Tensor]:
    """The arrays under ``prefix/``, without it."""
    return {k.removeprefix(f"{prefix}/"): v for k, v in arrays(family).items() if k.startswith(f"{prefix}/")}


def state_dict(family: str, *, prefix: str = "inner.") -> dict[str, torch.Tensor]:
    """The forward fixtures' weights under their published names."""
    weights = group(family, "tiny")
    return {k.replace("inner.", prefix, 1): v for k, v in weights.items() if k.startswith("inner.")}


def config_of(family: str, published: dict[str, Any]) -> HRMConfig:
    """Our configuration for one in the reference's own names."""
    is_trm = family == "trm"
    return HRMConfig(
        layout="canvas",
        vocab_size=published["vocab_size"],
        hidden_size=published["hidden_size"],
        num_heads=published["num_heads"],
        h_layers=published["H_layers"],
        l_layers=published["L_layers"],
        h_cycles=published["H_cycles"],
        l_cycles=published["L_cycles"],
        expansion=published["expansion"],
        position="rope1d",
        seq_len=published["seq_len"],
        puzzle_emb_len=published.get("puzzle_emb_len", 1),
        num_tasks=published["num_puzzle_identifiers"],
        halt_max_steps=published["halt_max_steps"],
        halt_exploration_prob=published["halt_exploration_prob"],
        gradient="last_cycle" if is_trm else "last_step",
        no_act_continue=is_trm,
        forward_dtype=published["forward_dtype"],
    )


def forward_model(family: str, dtype: str) -> HRM:
    """The reference's tiny model for inference in ``float32`` or ``bfloat16``."""
    weights = {k.removeprefix("inner."): v for k, v in state_dict(family).items()}
    if dtype == "bfloat16":
        weights |= {k.removeprefix("inner."): v for k, v in group(family, "tiny_bfloat16").items()}
    model = HRM(config_of(family, meta(family)[f"tiny_{dtype}"]))
    model.load_state_dict(weights)
    return model.eval()


def training_model(family: str) -> HRM:
    """The reference's tiny model at the start of the two training segments."""
    model = HRM(config_of(family, meta(family)["train"]["config"]))
    weights = {k.removeprefix("inner."): v for k, v in group(family, "train").items() if k.startswith("inner.")}
    model.load_state_dict(weights)
    return model.train()
